"""Redrives parked customers, several at once: each thread has its share of them."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from operations.jobs.meter import Meter
from operations.jobs.redrive_options import RedriveOptions
from operations.jobs.workers import ProgressTracker, run_all
from operations.stack import Stack
from projections.maintenance.progress import SegmentProgress
from projections.maintenance.redrive import RedriveResult


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
    runs = [stack.redrive.run(generation, dry=not options.go, among=share) for share in shares]
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
