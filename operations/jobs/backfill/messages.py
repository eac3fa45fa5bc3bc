"""Events as the messages that EventBridge would have delivered, so that a consumer needs one parser and not two.

https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from events.codec import UnreadableEvent
from events.customer import CustomerErased
from events.envelope import Event, Recorded
from operations.jobs.backfill.histories import History
from publisher.cloud_event import cloud_event
from publisher.entries import SOURCE, TooLarge, to_entry

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"  # EventBridge's, which has no fractions


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a stack's events come from.

    Attributes:
        source: Of the CloudEvents; see `publisher.cloud_event.source_of`.
        account: The AWS account, 12 digits.
        region: The AWS region.
    """

    source: str
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        customer_id: Whose.
        version: The event's place among theirs.
        event_id: The event's.
        body: JSON in ASCII, so that its length is its size in bytes. SQS refuses some characters that a name may have.
    """

    customer_id: str
    version: int
    event_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """A customer who is not sent, or not to the end.

    Attributes:
        customer_id: Who.
        version: The first event that is not sent.
        reason: Why, without anything personal.
    """

    customer_id: str
    version: int
    reason: str


class _CannotBeSent(Exception):
    """An event has no place in the queue. The text says why."""


def _is_erasure(record: Recorded) -> bool:
    return isinstance(record, Event) and record.type == CustomerErased.type()


class Writer:
    """Writes messages."""

    def __init__(self, origin: Origin, largest: int, now: Callable[[], datetime]) -> None:
        """Choose the form.

        Args:
            origin: Of the events.
            largest: The largest message that the queue takes, in bytes.
            now: The current instant, aware.
        """
        self._origin = origin
        self._largest = largest
        self._now = now

    def write(self, history: History) -> tuple[list[Message], Unsent | None]:
        """Write a customer's events up to the first that cannot be sent: what follows it makes no sense without it.

        An erasure does, and waits for nothing: it is sent in any case.

        Args:
            history: All of them, in version order.
        """
        messages: list[Message] = []
        for version, record in enumerate(history, 1):
            try:
                messages.append(self._next(record, version))
            except (UnreadableEvent, TooLarge, _CannotBeSent) as error:
                reason = error.reason if isinstance(error, UnreadableEvent) else str(error)
                erasures = [self._message(later) for later in history[version - 1 :] if _is_erasure(later)]
                return messages + erasures, Unsent(record.customer_id, version, reason)
        return messages, None

    def _next(self, record: Recorded, version: int) -> Message:
        if record.version != version:
            raise _CannotBeSent(f"the event table lacks version {version}")
        return self._message(record)

    def _message(self, record: Recorded) -> Message:
        said = cloud_event(record, self._origin.source, replayed=True)
        body = json.dumps(self._delivered(said), separators=(",", ":"))
        if len(body) > self._largest:
            raise _CannotBeSent(f"{len(body)} bytes, and the queue takes {self._largest}")
        return Message(record.customer_id, record.version, said["id"], body)

    def _delivered(self, said: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "version": "0",
            # EventBridge gives each delivery another one. This one is the same in every try.
            "id": said["id"],
            "detail-type": to_entry(said).detail_type,
            "source": SOURCE,
            "account": self._origin.account,
            "time": self._now().astimezone(UTC).strftime(_TIME),
            "region": self._origin.region,
            "resources": [],
            "detail": said,
        }
