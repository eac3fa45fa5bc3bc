"""Compares the log of erasures with the events, and adds whom it lacks: who was erased before there was a log."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from events.history import is_erasure
from operations.jobs.comparison import CompareOptions
from operations.jobs.meter import Meter
from operations.jobs.workers import ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.maintenance.progress import SegmentProgress, plan_for

_PAGE_SIZE: Final = 500


@dataclass(slots=True)
class LogComparison:
    """The result of a comparison.

    Attributes:
        erased: Erased customers found in the event table.
        missing: Those of them whom the log lacks.
        added: Those of them whom the comparison added.
    """

    erased: int = 0
    missing: int = 0
    added: int = 0


def compare_log(stack: Stack, options: CompareOptions, report: Callable[[str], None], show: Show) -> LogComparison:
    """Compare every erasure in the event table with the log. Unfinished erasures are noted, and not in the log yet.

    Args:
        options: How to compare. A repair adds whom the log lacks.
        report: Called with each customer whom the log lacks, by one thread at a time.
        show: Called with a reading of the progress once a second.
    """
    plan = plan_for(stack.count_events())
    segments = options.segments or plan.segments
    result, lock = LogComparison(), threading.Lock()

    def step(at: SegmentProgress) -> SegmentProgress:
        page = stack.store.read_page(at.segment, segments, at.position, _PAGE_SIZE)
        erased = {record.customer_id for record in page.records if is_erasure(record)}
        missing = stack.erasure_log.missing(erased)
        # The notes are read last: a note is removed only after the log has the customer.
        missing = missing and missing - {each.customer_id for each in stack.erasures.unfinished()}
        missing = stack.erasure_log.missing(missing)
        with lock:
            result.erased += len(erased)
            result.missing += len(missing)
            for customer_id in sorted(missing):
                if options.repair:
                    stack.erasure_log.add(customer_id)
                    result.added += 1
                report(customer_id)
        progress = at.advanced(customers=len(erased), events=len(page.records), problems=len(missing))
        return replace(progress, position=page.next, done=page.next is None)

    tracker = ProgressTracker([SegmentProgress(segment) for segment in range(segments)], plan.expected_events)
    run_all(tracker, step, options.workers, Meter(stack.clock, tracker.progress()), show)
    return result
