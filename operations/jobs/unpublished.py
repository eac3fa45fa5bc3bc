"""Publishes the events that the publisher could not, from the event table.

The publisher's failure queue has two kinds of messages. A dead letter names one event. The message of a lost batch
names only a time, so every event of that time is published, including those on the bus already: delivery is at least
once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from events.codec import UnreadableEvent
from events.envelope import Recorded
from operations.errors import CommandError
from operations.jobs.failure_queue import ReceivedMessages
from operations.jobs.lost_batches import LostBatch, parse_lost_batch, read_event_table
from operations.stack import Stack
from publisher.bus import BusMissing
from publisher.cloud_event import cloud_event
from publisher.publish_failures import PublishFailure, parse_publish_failure

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_EVENTS_AT_ONCE: Final = 100
EventKey = tuple[str, int]


class MessageOutcome(StrEnum):
    """What became of a message."""

    WAITS = "would be published"
    PUBLISHED = "published"
    UNREADABLE = "still unreadable"
    REFUSED = "refused by the bus, new message written"
    GONE = "not in the event table"
    LEFT = "not all accepted by the bus"
    UNKNOWN = "unknown message"


_DONE: Final = frozenset({MessageOutcome.PUBLISHED, MessageOutcome.REFUSED})


@dataclass(slots=True)
class FailureMessage:
    """A message of the publisher's failure queue.

    Attributes:
        handle: The receipt handle of the message.
        subject: One event, or a lost batch; None for a message of any other kind.
        records: The events in the event table that the message is about.
    """

    handle: str
    subject: PublishFailure | LostBatch | None
    records: dict[EventKey, Recorded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageResult:
    """A message and what became of it."""

    message: FailureMessage
    outcome: MessageOutcome


def redrive_unpublished(stack: Stack, received: ReceivedMessages, *, go: bool) -> Iterator[MessageResult]:
    """Publish the events of every message, and delete those that are done.

    Args:
        received: Messages of the publisher's failure queue.
        go: Whether to publish anything.

    Yields:
        The result of each message.

    Raises:
        CommandError: The event bus does not exist.
    """
    messages = [_parsed(message) for message in received.messages]
    _find_events(stack, messages)
    # Events with a dead letter of their own are left to it, and no event is sent twice.
    done = {_key_of(message.subject) for message in messages if isinstance(message.subject, PublishFailure)}
    for message in messages:
        try:
            outcome = _publish(stack, message, done) if go else _readiness(stack, message)
        except BusMissing:
            raise CommandError(
                "The stack's event bus does not exist: deploy the stack, then run this command again."
            ) from None
        if outcome in _DONE:
            received.delete(message.handle)
        yield MessageResult(message, outcome)


def _parsed(message: "MessageTypeDef") -> FailureMessage:
    subject: PublishFailure | LostBatch | None
    try:
        subject = parse_publish_failure(message["Body"]) or parse_lost_batch(message)
    except (ValueError, KeyError, TypeError, AttributeError):
        subject = None
    return FailureMessage(message["ReceiptHandle"], subject)


def _find_events(stack: Stack, messages: Sequence[FailureMessage]) -> None:
    """Fill in the events of all messages. Lost batches take one reading of the whole event table."""
    for message in messages:
        if isinstance(message.subject, PublishFailure):
            version = message.subject.version
            found = stack.store.read(message.subject.customer_id, version - 1)
            message.records = {_key_of(record): record for record in found[:1] if record.version == version}
    batches = [(message, message.subject) for message in messages if isinstance(message.subject, LostBatch)]
    for record in read_event_table(stack) if batches else ():
        for message, batch in batches:
            if batch.may_contain(record):
                message.records[_key_of(record)] = record


def _readiness(stack: Stack, message: FailureMessage) -> MessageOutcome:
    """Whether a message's events can be published: `WAITS`, or the reason why not."""
    if message.subject is None:
        return MessageOutcome.UNKNOWN
    if isinstance(message.subject, PublishFailure):
        if not message.records:
            return MessageOutcome.GONE
        if not all(_is_readable(stack, record) for record in message.records.values()):
            return MessageOutcome.UNREADABLE
    return MessageOutcome.WAITS


def _publish(stack: Stack, message: FailureMessage, done: set[EventKey]) -> MessageOutcome:
    """Publish a message's events. Of a lost batch, those in `done` are skipped."""
    is_single = isinstance(message.subject, PublishFailure)
    if (readiness := _readiness(stack, message)) is not MessageOutcome.WAITS:
        return readiness
    keys = sorted(key for key in message.records if is_single or key not in done)
    for start in range(0, len(keys), _EVENTS_AT_ONCE):
        chunk = keys[start : start + _EVENTS_AT_ONCE]
        report = stack.publisher.publish([message.records[key] for key in chunk])
        if report.failed:
            return MessageOutcome.LEFT
        if report.unpublishable and is_single:
            return MessageOutcome.REFUSED
        done.update(chunk)
    return MessageOutcome.PUBLISHED


def _is_readable(stack: Stack, record: Recorded) -> bool:
    try:
        return bool(cloud_event(record, stack.event_source))
    except UnreadableEvent:
        return False


def _key_of(item: Recorded | PublishFailure) -> EventKey:
    return item.customer_id, item.version
