"""Redrives parked customers, several at once: each thread has its share of them."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from operations.jobs.meter import Meter
from operations.jobs.redrive_options import RedriveOptions
from operations.jobs.workers import ProgressTracker, run_all
from operations.stack import Stack
from projections.maintenance.progress import SegmentProgress
from projections.maintenance.redrive import RedriveResult
from projections.row import Row


def redrive_parked(
    stack: Stack, generation: int, options: RedriveOptions, limit: int | None, report: Callable[[RedriveResult], None]
) -> None:
    """Redrive the parked customers of a generation, the longest parked first.

    After an interruption, each thread completes its current customer and stops.

    Args:
        options: Without `go`, nothing is changed.
        limit: The maximum number of customers.
        report: Called with each result, by one thread at a time.
    """
    # Only the ids, so that a hundred thousand of them take a few megabytes.
    parked = [row.customer_id for row in islice(stack.read_model.parked(generation), limit)]
    shares = [parked[first :: options.workers] for first in range(min(options.workers, len(parked)))]
    runs = [_run(stack, share, generation, options) for share in shares]
    lock = threading.Lock()

    def step(at: SegmentProgress) -> SegmentProgress:
        result = next(runs[at.segment], None)
        if result is None:
            return replace(at, done=True)
        with lock:
            report(result)
        return at.advanced(customers=1, events=0, problems=0)

    if shares:
        tracker = ProgressTracker([SegmentProgress(share) for share in range(len(shares))], 0)
        # Each result is shown by itself.
        run_all(tracker, step, len(shares), Meter(stack.clock, tracker.progress()), lambda _: None)


def _run(stack: Stack, share: Sequence[str], generation: int, options: RedriveOptions) -> Iterator[RedriveResult]:
    rows: Any = _Share(stack.read_model, share)
    return replace(stack, read_model=rows).redrive.run(generation, dry=not options.go)


class _Share:
    """A read model that lists a share of the parked customers. Whatever else is asked of it, the real one does."""

    def __init__(self, read_model: Any, customer_ids: Sequence[str]) -> None:
        self._read_model = read_model
        self._customer_ids = customer_ids

    def parked(self, generation: int) -> Iterator[Row]:
        """See `ReadModel.parked`. A redrive reads each customer's row when it gets to it."""
        return (Row(customer_id, generation, 0, None) for customer_id in self._customer_ids)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._read_model, name)
