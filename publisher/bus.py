"""The event bus: the port, and EventBridge behind it.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from publisher.entries import Entry

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

# EventBridge takes events for a bus that does not exist and drops them without a word (user guide, "Sending events
# with PutEvents"), so somebody has to look: often enough to lose little, seldom enough to cost nothing.
LOOKS_EVERY: Final = 60.0
NO_BUS: Final = "ResourceNotFoundException"
# A request that is wrong in itself; one bad entry makes it so for all.
WRONG: Final = frozenset({"ValidationException", "InvalidArgument", "RequestEntityTooLarge", "413"})


class BusMissing(Exception):
    """There is no such bus: nothing may count as published until there is."""


class BusUnavailable(Exception):
    """The request was refused for now, or its answer is lost, so that the events may be on the bus or not.

    The text is the kind of failure.
    """


class RequestRefused(Exception):
    """The request will be refused every time, because of one of its entries. The text is the error's code."""


class Bus(Protocol):
    """Takes events for whoever listens."""

    def put(self, entries: Sequence[Entry]) -> Sequence[str]:
        """Hand entries over, in one request.

        Args:
            entries: As many and as large as one request may hold.

        Returns:
            For each entry an empty text when it is on the bus, or the code of its failure.

        Raises:
            BusMissing: None may be on the bus.
            BusUnavailable: Some may be on the bus.
            RequestRefused: None is on the bus.
        """
        ...


class EventBridgeBus:
    """A bus of EventBridge."""

    def __init__(self, client: "EventBridgeClient", name: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Join it to a bus.

        Args:
            client: EventBridge.
            name: The bus's name.
            clock: Seconds that only go forward.
        """
        self._client = client
        self._name = name
        self._clock = clock
        self._look_at = float("-inf")

    def put(self, entries: Sequence[Entry]) -> list[str]:
        """See `Bus.put`."""
        try:
            self._look()
            requests: Any = [entry.as_request(self._name) for entry in entries]
            results = self._client.put_events(Entries=requests).get("Entries", [])
        except ClientError as refused:
            raise _failure(refused.response["Error"]["Code"]) from None
        except BotoCoreError as unheard:
            raise BusUnavailable(type(unheard).__name__) from None
        codes = [_code(result) for _, result in zip_longest(entries, results[: len(entries)])]
        if NO_BUS in codes:
            raise BusMissing
        return codes

    def _look(self) -> None:
        now = self._clock()
        if now >= self._look_at:
            self._client.describe_event_bus(Name=self._name)
            self._look_at = now + LOOKS_EVERY


def _failure(code: str) -> Exception:
    if code == NO_BUS:
        return BusMissing(code)
    return RequestRefused(code) if code in WRONG else BusUnavailable(code)


def _code(result: Any) -> str:
    # An answer that does not say that it has the event has not.
    if not result:
        return "NoAnswer"
    return "" if result.get("EventId") and not result.get("ErrorCode") else str(result.get("ErrorCode") or "NoAnswer")
