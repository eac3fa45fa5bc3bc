"""Publishes the events that the publisher could not, from the event table.

The publisher's failure queue has two kinds of messages. A dead letter names one event. The message of a lost batch
names only a time, so every event of that time is published, including those on the bus already: delivery is at least
once. The times of many lost batches are merged, and the event table is read once for all of them, page by page.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from events.codec import UnreadableEvent
from events.envelope import Recorded
from operations.errors import CommandError
from operations.jobs.failure_queue import QueueReading
from operations.jobs.lost_batch import LostBatch, parse_lost_batch
from operations.jobs.meter import Meter
from operations.jobs.redrive_options import RedriveOptions
from operations.jobs.windows import EVERY_WINDOW, Windows
from operations.jobs.workers import ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.maintenance.progress import SegmentProgress, plan_for
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
    GAP = "not in the event table, which has later events"
    DROPPED = "dropped: never in the event table"
    LEFT = "not all accepted by the bus"
    UNKNOWN = "unknown message"


_DELETED: Final = frozenset({MessageOutcome.PUBLISHED, MessageOutcome.REFUSED, MessageOutcome.DROPPED})


@dataclass(slots=True)
class FailureMessage:
    """A message of the publisher's failure queue.

    Attributes:
        handle: The receipt handle of the message.
        subject: One event, or a lost batch; None for a message of any other kind.
        events: The number of events in the event table that the message is about.
    """

    handle: str
    subject: PublishFailure | LostBatch | None
    events: int = 0


@dataclass(frozen=True, slots=True)
class MessageResult:
    """A message and what became of it."""

    message: FailureMessage
    outcome: MessageOutcome


def redrive_unpublished(
    stack: Stack, messages: "Sequence[MessageTypeDef]", reading: QueueReading, options: RedriveOptions, show: Show
) -> Iterator[MessageResult]:
    """Publish the events of messages, and delete the messages that are done.

    Args:
        messages: Some messages of the publisher's failure queue.
        reading: Where they are from. They are kept hidden.
        show: Called with a reading of the progress once a second, while the event table is read for lost batches.

    Yields:
        The result of each message.

    Raises:
        CommandError: The event bus does not exist.
    """
    parsed = [_parsed(message) for message in messages]
    try:
        for message, outcome in _outcomes(stack, parsed, reading, options, show):
            if outcome in _DELETED:
                reading.delete(message.handle)
            yield MessageResult(message, outcome)
    except BusMissing:
        raise CommandError(
            "The stack's event bus does not exist: deploy the stack, then run this command again."
        ) from None


def _outcomes(
    stack: Stack, messages: Sequence[FailureMessage], reading: QueueReading, options: RedriveOptions, show: Show
) -> Iterator[tuple[FailureMessage, MessageOutcome]]:
    lost = [(message, message.subject) for message in messages if isinstance(message.subject, LostBatch)]
    # Events with a dead letter of their own are left to it.
    letters = [message.subject for message in messages if isinstance(message.subject, PublishFailure)]
    own = {(letter.customer_id, letter.version) for letter in letters}
    for message in messages:
        if isinstance(message.subject, PublishFailure):
            reading.keep_hidden()
            yield message, _publish_one(stack, message, message.subject, options)
        elif message.subject is None:
            yield message, MessageOutcome.UNKNOWN
    if lost:
        windows = Windows([batch for _, batch in lost])
        sending = _Sending(stack, windows, own, reading, go=options.go)
        _read_event_table(stack, sending, options.workers, show)
        for message, batch in lost:
            message.events = sending.events[windows.of(batch)] + sending.events[EVERY_WINDOW]
            yield message, sending.outcome(windows.of(batch))


def _parsed(message: "MessageTypeDef") -> FailureMessage:
    subject: PublishFailure | LostBatch | None
    try:
        subject = parse_publish_failure(message["Body"]) or parse_lost_batch(message)
    except (ValueError, KeyError, TypeError, AttributeError):
        subject = None
    return FailureMessage(message["ReceiptHandle"], subject)


def _publish_one(
    stack: Stack, message: FailureMessage, failure: PublishFailure, options: RedriveOptions
) -> MessageOutcome:
    found = stack.store.read(failure.customer_id, failure.version - 1)
    if not found:
        return MessageOutcome.DROPPED if options.go and options.drop_missing else MessageOutcome.GONE
    record = found[0]
    if record.version != failure.version:
        return MessageOutcome.GAP
    message.events = 1
    if not _is_readable(stack, record):
        return MessageOutcome.UNREADABLE
    if not options.go:
        return MessageOutcome.WAITS
    report = stack.publisher.publish([record])
    if report.failed:
        return MessageOutcome.LEFT
    return MessageOutcome.REFUSED if report.unpublishable else MessageOutcome.PUBLISHED


def _read_event_table(stack: Stack, sending: "_Sending", workers: int, show: Show) -> None:
    plan = plan_for(stack.count_events())
    tracker = ProgressTracker([SegmentProgress(segment) for segment in range(plan.segments)], plan.expected_events)
    run_all(tracker, lambda at: sending.step(at, plan.segments), workers, Meter(stack.clock, tracker.progress()), show)


class _Sending:
    """Publishes the events of some windows.

    Attributes:
        events: The number of events by window.
    """

    def __init__(
        self, stack: Stack, windows: Windows, others: set[EventKey], reading: QueueReading, *, go: bool
    ) -> None:
        """
        Args:
            others: Events that have a message of their own.
        """
        self.events: Counter[int] = Counter()
        self._stack = stack
        self._windows = windows
        self._others = others
        self._reading = reading
        self._go = go
        self._unsent: set[int] = set()
        self._lock = threading.Lock()

    def outcome(self, window: int) -> MessageOutcome:
        """Return what became of the batches in a window, once the event table was read."""
        if not self._go:
            return MessageOutcome.WAITS
        return MessageOutcome.LEFT if self._unsent & {window, EVERY_WINDOW} else MessageOutcome.PUBLISHED

    def step(self, at: SegmentProgress, segments: int) -> SegmentProgress:
        """Publish the events in one page of one segment of the event table."""
        self._reading.keep_hidden()
        page = self._stack.store.read_page(at.segment, segments, at.position)
        found = [
            (record, window)
            for record in page.records
            if (window := self._windows.may_contain(record)) is not None and _key_of(record) not in self._others
        ]
        with self._lock:
            self.events.update(window for _, window in found)
            # Their messages stay, so the next run sends all of these.
            given_up = {*self.events} if EVERY_WINDOW in self._unsent else set(self._unsent)
        unsent = self._publish([each for each in found if each[1] not in given_up]) if self._go else []
        with self._lock:
            self._unsent.update(window for _, window in unsent)
        started = sum(record.version == 1 for record in page.records)
        progress = at.advanced(customers=started, events=len(page.records), problems=len(unsent))
        return replace(progress, position=page.next, done=page.next is None)

    def _publish(self, found: Sequence[tuple[Recorded, int]]) -> Sequence[tuple[Recorded, int]]:
        """Publish events in their order. Returns those that the bus did not accept: the first one and all after it."""
        for start in range(0, len(found), _EVENTS_AT_ONCE):
            chunk = found[start : start + _EVENTS_AT_ONCE]
            if self._stack.publisher.publish([record for record, _ in chunk]).failed:
                return found[start:]
        return []


def _is_readable(stack: Stack, record: Recorded) -> bool:
    try:
        return bool(cloud_event(record, stack.event_source))
    except UnreadableEvent:
        return False


def _key_of(record: Recorded) -> EventKey:
    return record.customer_id, record.version
