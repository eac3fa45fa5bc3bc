"""EventBridge as the event bus.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from publisher.bus import BusMissing, BusUnavailable, RequestRefused
from publisher.entries import Entry
from shared.runtime.failures import is_transient

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

# EventBridge accepts events for a bus that does not exist and drops them silently (user guide, "Sending events with
# PutEvents"). So the adapter checks that the bus exists, often enough to lose few events and rarely enough to be free.
CHECK_INTERVAL_SECONDS: Final = 60.0
_BUS_NOT_FOUND: Final = "ResourceNotFoundException"
_NO_ANSWER: Final = "NoAnswer"


class EventBridgeBus:
    """An EventBridge event bus."""

    def __init__(self, client: "EventBridgeClient", name: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Connect to a bus.

        Args:
            client: The boto3 client.
            name: The bus's name.
            clock: A monotonic clock in seconds.
        """
        self._client = client
        self._name = name
        self._clock = clock
        self._next_check = float("-inf")

    def put(self, entries: Sequence[Entry]) -> list[str]:
        """See `Bus.put`."""
        self._check_existence()
        request_entries: Any = [entry.to_request_entry(self._name) for entry in entries]
        try:
            results = self._client.put_events(Entries=request_entries).get("Entries", [])
        except (BotoCoreError, ClientError) as error:
            if is_transient(error):
                raise _unavailable(error) from None
            raise RequestRefused(_kind(error)) from None
        codes = [_error_code(result) for _, result in zip_longest(entries, results[: len(entries)])]
        if _BUS_NOT_FOUND in codes:
            raise BusMissing
        return codes

    def _check_existence(self) -> None:
        now = self._clock()
        if now >= self._next_check:
            try:
                self._client.describe_event_bus(Name=self._name)
            except (BotoCoreError, ClientError) as error:
                # Never the fault of an entry, whatever the error.
                raise _unavailable(error) from None
            self._next_check = now + CHECK_INTERVAL_SECONDS


def _unavailable(error: BotoCoreError | ClientError) -> Exception:
    kind = _kind(error)
    return BusMissing(kind) if kind == _BUS_NOT_FOUND else BusUnavailable(kind)


def _kind(error: BotoCoreError | ClientError) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def _error_code(result: Any) -> str:
    # Without a confirmation the entry counts as not accepted.
    if not result:
        return _NO_ANSWER
    if result.get("EventId") and not result.get("ErrorCode"):
        return ""
    return str(result.get("ErrorCode") or _NO_ANSWER)
