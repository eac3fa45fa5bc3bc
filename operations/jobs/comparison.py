"""Compares a whole generation with the event table, on several threads and in bounded memory."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from operations.jobs.erasures import finish
from operations.jobs.leftovers import Leftovers, search_segment
from operations.jobs.meter import Meter
from operations.jobs.workers import ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import SegmentProgress, plan_for


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How to compare.

    Attributes:
        workers: The number of threads.
        segments: Into how many segments the event table is split; None derives it from the size of the table.
        repair: Whether to write the rows that differ, to finish erasures and to remove leftovers.
        leftovers: Whether to search for rows of generations that must not have any.
    """

    workers: int
    segments: int | None = None
    repair: bool = False
    leftovers: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference, and whether it was repaired."""

    difference: Difference
    repaired: bool


@dataclass(slots=True)
class Comparison:
    """The result of a comparison.

    Attributes:
        customers: Customers compared.
        unrepaired: Differences that remain, by kind.
        repaired: Differences that were repaired.
        leftovers: Rows of generations that must not have any.
    """

    customers: int = 0
    unrepaired: Counter[DifferenceKind] = field(default_factory=Counter)
    repaired: int = 0
    leftovers: Leftovers = field(default_factory=Leftovers)

    @property
    def wrong_rows(self) -> int:
        """How many rows of the generation are wrong."""
        return self.unrepaired.total() - self.unrepaired[DifferenceKind.UNREDACTED]

    @property
    def remaining(self) -> int:
        """How much remains to be repaired: differences and leftovers."""
        return self.unrepaired.total() + self.leftovers.remaining


class _Findings:
    """Collects the differences that all threads find, and repairs them if asked to."""

    def __init__(self, stack: Stack, generation: int, report: Callable[[Finding], None], *, repair: bool) -> None:
        self.comparison = Comparison()
        self._stack = stack
        self._generation = generation
        self._report = report
        self._repair = repair
        self._lock = threading.Lock()

    def add(self, difference: Difference) -> None:
        repaired = self._repair and self._repaired(difference)
        with self._lock:
            if repaired:
                self.comparison.repaired += 1
            else:
                self.comparison.unrepaired[difference.kind] += 1
            self._report(Finding(difference, repaired))

    def _repaired(self, difference: Difference) -> bool:
        if difference.kind is DifferenceKind.UNREDACTED:
            return finish(self._stack, difference.customer_id)
        generations = self._stack.generations.load()
        # The generation may be given up while it is compared.
        generations.must_be_fed(self._generation)
        return self._stack.verifier.repair(difference, self._generation, generations.before(self._generation))


def compare(
    stack: Stack, generation: int, options: CompareOptions, report: Callable[[Finding], None], show: Show
) -> Comparison:
    """Compare every customer and every row of a generation with the event table.

    Args:
        generation: The generation to compare.
        options: How to compare.
        report: Called with each difference as soon as it is found, by one thread at a time.
        show: Called with a reading of the progress once a second.
    """
    plan = plan_for(stack.count_events())
    segments = options.segments or plan.segments
    findings = _Findings(stack, generation, report, repair=options.repair)
    verifier = stack.verifier

    def step(segment: SegmentProgress) -> SegmentProgress:
        reached, differences = verifier.step(generation, segment, segments)
        for difference in differences:
            findings.add(difference)
        if reached.done:
            # Reading the events cannot find a row whose customer has no events, so the rows are read as well.
            for orphan in verifier.orphans(generation, segment.segment, segments):
                # Customers with any events were compared already.
                if orphan.expected == 0:
                    findings.add(orphan)
                    reached = replace(reached, problems=reached.problems + 1)
            if options.leftovers:
                search_segment(stack, segment.segment, segments, findings.comparison.leftovers, repair=options.repair)
        return reached

    tracker = ProgressTracker([SegmentProgress(segment) for segment in range(segments)], plan.expected_events)
    meter = Meter(stack.clock, tracker.progress())
    findings.comparison.customers = run_all(tracker, step, options.workers, meter, show).customers
    return findings.comparison
