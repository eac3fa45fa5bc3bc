"""Brings the customers of lost batches up to date: batches that the projection's event source mapping gave up.

A message in the failure queue says when its records arrived, not what they held, and the stream may no longer have
them. The event table still does: every customer with an event of that time is compared and repaired. The times of many
messages are merged, the event table is read once for all of them, page by page, and each customer is looked at once.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from events.codec import UnreadableEvent
from events.customer import OutOfOrder
from events.envelope import Recorded
from events.pages import customers_begun
from events.store import StoreBusy
from operations.jobs.failure_queue import QueueReading
from operations.jobs.lost_batch import LostBatch
from operations.jobs.meter import Meter
from operations.jobs.redrive_options import RedriveOptions
from operations.jobs.windows import EVERY_WINDOW, Windows
from operations.jobs.workers import ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import SegmentProgress, plan_for
from projections.read_model import ReadModelBusy

Histories = Mapping[str, Sequence[Recorded]]
_UNAVAILABLE = (BotoCoreError, ClientError, ReadModelBusy, StoreBusy)


class CustomerStatus(StrEnum):
    """The state of a customer of a lost batch, from best to worst."""

    RIGHT = "right"
    PARKED = "parked"
    BEHIND = "behind"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class LostBatchResult:
    """What became of a batch's customers.

    Attributes:
        batch: The batch.
        customers: The number of customers by status, of its time and of the times that overlap.
    """

    batch: LostBatch
    customers: Counter[CustomerStatus]

    @property
    def is_done(self) -> bool:
        """Whether every customer is up to date or visibly parked."""
        return not self.customers[CustomerStatus.LEFT] and not self.customers[CustomerStatus.BEHIND]


def redrive_lost_batches(
    stack: Stack, batches: Sequence[LostBatch], reading: QueueReading, options: RedriveOptions, show: Show
) -> Iterator[LostBatchResult]:
    """Bring the customers of lost batches up to date, and delete the messages of the batches that are done.

    Args:
        batches: Some lost batches of the projection.
        reading: Where their messages are from. They are kept hidden.
        show: Called with a reading of the progress once a second.

    Yields:
        The result of each batch, after the event table was read.
    """
    windows = Windows(batches)
    search = _Search(stack, windows, reading, go=options.go)
    plan = plan_for(stack.count_events())
    tracker = ProgressTracker([SegmentProgress(segment) for segment in range(plan.segments)], plan.expected_events)
    run_all(
        tracker,
        lambda at: search.step(at, plan.segments),
        options.workers,
        Meter(stack.clock, tracker.progress()),
        show,
    )
    for batch in batches:
        result = LostBatchResult(batch, search.counts[windows.of(batch)] + search.counts[EVERY_WINDOW])
        if options.go and result.is_done:
            reading.delete(batch.message)
        yield result


class _Search:
    """Looks for the customers of some windows, and brings them up to date.

    Attributes:
        counts: The customers by window and status.
    """

    def __init__(self, stack: Stack, windows: Windows, reading: QueueReading, *, go: bool) -> None:
        self.counts: dict[int, Counter[CustomerStatus]] = {
            window: Counter() for window in (EVERY_WINDOW, *range(len(windows)))
        }
        self._stack = stack
        self._windows = windows
        self._reading = reading
        self._go = go
        self._lock = threading.Lock()

    def step(self, at: SegmentProgress, segments: int) -> SegmentProgress:
        """Search one page of one segment of the event table."""
        self._reading.keep_hidden()
        page = self._stack.store.read_page(at.segment, segments, at.position)
        histories, continued = customers_begun(page, at.position)
        if continued in histories:
            histories[continued] = list(self._stack.store.read(continued))
        touched = {id_: found for id_, records in histories.items() if (found := self._windows.touched_by(records))}
        statuses = _in_every_view(self._stack, {id_: histories[id_] for id_ in touched}, go=self._go)
        with self._lock:
            for id_, status in statuses.items():
                for window in touched[id_]:
                    self.counts[window][status] += 1
        problems = sum(status is CustomerStatus.LEFT for status in statuses.values())
        progress = at.advanced(customers=len(histories), events=len(page.records), problems=problems)
        return replace(progress, position=page.next, done=page.next is None)


def _in_every_view(stack: Stack, histories: Histories, *, go: bool) -> dict[str, CustomerStatus]:
    """Bring customers up to date in all views: a lost batch was lost for each of them."""
    of_views = [_bring_up_to_date(each, histories, go=go) for each in stack.every_view]
    return {customer_id: _worst(statuses[customer_id] for statuses in of_views) for customer_id in histories}


def _bring_up_to_date(stack: Stack, histories: Histories, *, go: bool) -> dict[str, CustomerStatus]:
    if not histories:
        return {}
    try:
        differences = {
            generation: stack.verifier.differing(histories, generation, at_once=go)
            for generation in stack.generations.load().fed
        }
    except _UNAVAILABLE:
        return dict.fromkeys(histories, CustomerStatus.LEFT)
    return {
        customer_id: _worst(
            _repair(stack, records, found.get(customer_id), generation, go=go)
            for generation, found in differences.items()
        )
        for customer_id, records in histories.items()
    }


def _repair(
    stack: Stack, records: Sequence[Recorded], difference: Difference | None, generation: int, *, go: bool
) -> CustomerStatus:
    try:
        if go and difference and difference.kind is DifferenceKind.UNREADABLE:
            # The projector parks the customer, so that the reason becomes visible.
            stack.projector.project(records[-1:], generation)
            difference = stack.verifier.compare_one(difference.customer_id, generation)
        if difference is None:
            return CustomerStatus.RIGHT
        if difference.kind is DifferenceKind.PARKED:
            return CustomerStatus.PARKED
        if not go:
            return CustomerStatus.BEHIND
        fed_before = stack.generations.load().before(generation)
        if not stack.verifier.repair(difference, generation, fed_before):
            # The projector may have been faster.
            difference = stack.verifier.compare_one(difference.customer_id, generation)
            return CustomerStatus.LEFT if difference else CustomerStatus.RIGHT
    except (*_UNAVAILABLE, UnreadableEvent, OutOfOrder):
        return CustomerStatus.LEFT
    return CustomerStatus.RIGHT


def _worst(statuses: Iterable[CustomerStatus]) -> CustomerStatus:
    return max(statuses, key=list(CustomerStatus).index)
