"""Brings the customers of lost batches up to date: batches that the projection's event source mapping gave up.

A message in the failure queue says when its records arrived, not what they held, and the stream may no longer have
them. The event table still does: every customer with an event of that time is compared and repaired. The times of many
messages are merged, the event table is read once for all of them, page by page on several threads, and each customer
is looked at once.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from events.pages import customers_begun
from operations.jobs.failure_queue import QueueReading
from operations.jobs.lost_batch import LostBatch
from operations.jobs.lost_customers import (
    CustomerStatus,
    Histories,
    Statuses,
    bring_up_to_date,
    look_at,
    together,
)
from operations.jobs.meter import Meter
from operations.jobs.redrive_options import RedriveOptions
from operations.jobs.windows import EVERY_WINDOW, Windows
from operations.jobs.workers import ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.maintenance.progress import SegmentProgress, plan_for


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
        statuses = self._statuses({id_: histories[id_] for id_ in touched})
        with self._lock:
            for id_, status in statuses.items():
                for window in touched[id_]:
                    self.counts[window][status] += 1
        problems = sum(status is CustomerStatus.LEFT for status in statuses.values())
        progress = at.advanced(customers=len(histories), events=len(page.records), problems=problems)
        return replace(progress, position=page.next, done=page.next is None)

    def _statuses(self, histories: Histories) -> Statuses:
        if not self._go:
            return look_at(self._stack, histories) if histories else {}
        statuses: Statuses = {}
        for customers in together(histories):
            self._reading.keep_hidden()
            statuses |= bring_up_to_date(self._stack, customers)
        return statuses
