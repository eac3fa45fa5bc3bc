"""Runs a backfill: finds the queue, plans the segments and sends them on several threads."""

# ruff: noqa: D102 - `BackfillStack` repeats attributes that `Stack` describes.

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import uuid4

from events.store import EventStore
from operations.jobs.backfill.checkpoints import BackfillCheckpoints, position_of
from operations.jobs.backfill.histories import AllCustomers, HistorySource, NamedCustomers
from operations.jobs.backfill.messages import MessageWriter, Origin, Unsent
from operations.jobs.backfill.queues import SqsQueue, find_queue
from operations.jobs.backfill.selection import Selection
from operations.jobs.backfill.sending import Sender
from operations.jobs.backfill.step import BackfillStep, Checkpoints, NoCheckpoints, Send
from operations.jobs.failure_queue import FailureQueue
from operations.jobs.meter import STALLED_AFTER_SECONDS, Meter
from operations.jobs.workers import ProgressTracker, Show, run_all
from projections.maintenance.progress import Plan, Progress, ProgressStore, SegmentProgress, plan_for
from projections.maintenance.rate_limit import TokenBucket

# One part takes a thread about this long. An interruption waits for the part, and a killed run sends it again.
_SECONDS_A_PART: Final = 2
_SMALLEST_PAGE: Final = 10
_LARGEST_PAGE: Final = 500


class BackfillStack(Protocol):
    """The parts of `operations.stack.Stack` that a backfill may use. The event bus is not one of them."""

    @property
    def store(self) -> EventStore: ...
    @property
    def progress(self) -> ProgressStore: ...
    @property
    def count_events(self) -> Callable[[], int]: ...
    @property
    def failures(self) -> FailureQueue: ...
    @property
    def unpublished(self) -> FailureQueue: ...
    @property
    def origin(self) -> Origin: ...
    @property
    def now(self) -> Callable[[], datetime]: ...
    @property
    def clock(self) -> Callable[[], float]: ...
    @property
    def pause(self) -> Callable[[float], None]: ...


@dataclass(frozen=True, slots=True)
class BackfillOptions:
    """What to send, and how.

    Attributes:
        queue: The queue's name, URL or ARN.
        selection: The customers to send.
        rate: The largest number of messages a second, over all threads.
        workers: The number of threads.
        dry_run: Whether to count only.
        resume: Whether to continue the newest run with the same queue and selection.
    """

    queue: str
    selection: Selection
    rate: float
    workers: int
    dry_run: bool = False
    resume: bool = False


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """The result of a backfill.

    Attributes:
        progress: The progress at the end.
    """

    progress: Progress

    @property
    def sent(self) -> int:
        """The number of events that were sent, or would be."""
        return sum(position_of(segment).sent for segment in self.progress.segments)

    @property
    def unsent(self) -> Iterable[Unsent]:
        """The customers whose events could not be sent."""
        return (unsent for segment in self.progress.segments for unsent in position_of(segment).unsent)


def run_backfill(stack: BackfillStack, options: BackfillOptions, show: Show) -> BackfillResult:
    """Send the events of every selected customer, in version order, to one queue.

    Args:
        options: What to send, and how.
        show: Called with a reading of the progress once a second.

    Raises:
        CommandError: The queue cannot be used, or there is no run to resume.
    """
    failure_queues = [stack.failures.address, stack.unpublished.address]
    queue = find_queue(stack.failures.client, options.queue, failure_queues)
    plan, checkpoints, segments = _begin(stack, options, queue)
    page = page_for(options.rate, options.workers)
    step = BackfillStep(
        source=_source(stack, options.selection, plan, page),
        selection=options.selection,
        writer=MessageWriter(stack.origin, queue.max_bytes, stack.now),
        send=_send(stack, options, queue),
        checkpoints=checkpoints,
    )
    tracker = ProgressTracker(segments, plan.expected_events)
    stalled_after = max(STALLED_AFTER_SECONDS, 2 * page * options.workers / options.rate)
    meter = Meter(stack.clock, tracker.progress(), stalled_after)
    return BackfillResult(run_all(tracker, step, options.workers, meter, show))


def page_for(rate: float, workers: int) -> int:
    """Return the number of events that a thread reads at once.

    Args:
        rate: Messages a second over all threads.
        workers: The number of threads.

    >>> page_for(200, 4)
    100
    """
    return max(_SMALLEST_PAGE, min(_LARGEST_PAGE, round(_SECONDS_A_PART * rate / workers)))


def _begin(
    stack: BackfillStack, options: BackfillOptions, queue: SqsQueue
) -> tuple[Plan, Checkpoints, Sequence[SegmentProgress]]:
    if options.dry_run:
        plan = _plan(stack, options.selection)
        return plan, NoCheckpoints(), [SegmentProgress(segment) for segment in range(plan.segments)]
    checkpoints = BackfillCheckpoints(stack.progress, options.selection.name_for(queue.arn, stack.origin.epoch))
    if options.resume:
        plan = checkpoints.resume()
    else:
        plan = checkpoints.begin(_plan(stack, options.selection), run=uuid4().hex)
    return plan, checkpoints, checkpoints.load(plan.segments)


def _plan(stack: BackfillStack, selection: Selection) -> Plan:
    return Plan(len(selection.customers), 0) if selection.customers else plan_for(stack.count_events())


def _source(stack: BackfillStack, selection: Selection, plan: Plan, page: int) -> HistorySource:
    if selection.customers:
        return NamedCustomers(stack.store, selection.customers)
    return AllCustomers(stack.store, plan.segments, page)


def _send(stack: BackfillStack, options: BackfillOptions, queue: SqsQueue) -> Send:
    if options.dry_run:
        return lambda _: None
    return Sender(queue, TokenBucket(options.rate, stack.clock, stack.pause), stack.pause).send
