"""Writes events as the messages that EventBridge would deliver, so that a consumer needs only one parser.

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
from publisher.cloud_event import FIRST_EPOCH, cloud_event
from publisher.entries import SOURCE, TooLarge, to_entry

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"  # EventBridge's format, without fractions of a second


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a stack's events come from.

    Attributes:
        source: The `source` of the CloudEvents; see `publisher.cloud_event.source_of`.
        account: The AWS account, 12 digits.
        region: The AWS region.
        epoch: The epoch of the event table; see `publisher.cloud_event.cloud_event`.
    """

    source: str
    account: str
    region: str
    epoch: int = FIRST_EPOCH


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        customer_id: The customer.
        version: The version of the event.
        event_id: The id of the event.
        body: JSON in ASCII, so that its length is its size in bytes. SQS refuses some characters that a name may have.
    """

    customer_id: str
    version: int
    event_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """A customer whose events are not sent, or not all of them.

    Attributes:
        customer_id: The customer.
        version: The first version that is not sent.
        reason: Why not. It contains no personal data.
    """

    customer_id: str
    version: int
    reason: str


class _CannotBeSent(Exception):
    """The queue cannot take an event. The text is the reason."""


class MessageWriter:
    """Writes messages for one queue."""

    def __init__(self, origin: Origin, max_bytes: int, now: Callable[[], datetime]) -> None:
        """
        Args:
            origin: Where the events come from.
            max_bytes: The largest message that the queue takes.
            now: The current instant, with a time zone.
        """
        self._origin = origin
        self._max_bytes = max_bytes
        self._now = now

    def write(self, history: History) -> tuple[list[Message], Unsent | None]:
        """Write a customer's events up to the first that cannot be sent, as later ones make no sense without it.

        An erasure is always sent: it makes sense without the events before it.

        Args:
            history: All events of one customer, in version order.
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
        event = cloud_event(record, self._origin.source, epoch=self._origin.epoch, replayed=True)
        body = json.dumps(self._delivery_of(event), separators=(",", ":"))
        if len(body) > self._max_bytes:
            raise _CannotBeSent(f"{len(body)} bytes, and the queue takes {self._max_bytes}")
        return Message(record.customer_id, record.version, event["id"], body)

    def _delivery_of(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "version": "0",
            # EventBridge uses a new id for each delivery. This one is the same for every attempt.
            "id": event["id"],
            "detail-type": to_entry(event).detail_type,
            "source": SOURCE,
            "account": self._origin.account,
            "time": self._now().astimezone(UTC).strftime(_TIME),
            "region": self._origin.region,
            "resources": [],
            "detail": event,
        }


def _is_erasure(record: Recorded) -> bool:
    return isinstance(record, Event) and record.type == CustomerErased.type()
