"""Compares a whole generation with the event table, on several threads and in bounded memory."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from operations.jobs.comparison_checkpoints import ComparisonCheckpoints
from operations.jobs.erasures import finish
from operations.jobs.leftovers import Leftovers, search_segment
from operations.jobs.meter import Meter
from operations.jobs.workers import ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import Plan, SegmentProgress, compare_job, plan_for

# Among the kinds of differences in a checkpoint: rows of generations that must not have any.
_LEFTOVERS: Final = "leftover"


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How to compare.

    Attributes:
        workers: The number of threads.
        segments: Into how many segments the event table is split; None derives it from the size of the table.
        repair: Whether to write the rows that differ, to finish erasures and to remove leftovers.
        leftovers: Whether to search for rows of generations that must not have any.
        resume: Whether to continue the newest run of this comparison, with its segments.
    """

    workers: int
    segments: int | None = None
    repair: bool = False
    leftovers: bool = False
    resume: bool = False


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
        leftovers_before: Such rows that remained when an earlier run was interrupted.
    """

    customers: int = 0
    unrepaired: Counter[DifferenceKind] = field(default_factory=Counter)
    repaired: int = 0
    leftovers: Leftovers = field(default_factory=Leftovers)
    leftovers_before: int = 0

    @property
    def wrong_rows(self) -> int:
        """How many rows of the generation are wrong."""
        return self.unrepaired.total() - self.unrepaired[DifferenceKind.UNREDACTED]

    @property
    def remaining(self) -> int:
        """How much remains to be repaired: differences and leftovers."""
        return self.unrepaired.total() + self.leftovers.remaining + self.leftovers_before


class _Findings:
    """Collects the differences that all threads find, and repairs them if asked to."""

    def __init__(self, stack: Stack, generation: int, report: Callable[[Finding], None], *, repair: bool) -> None:
        self.comparison = Comparison()
        self._stack = stack
        self._generation = generation
        self._report = report
        self._repair = repair
        self._lock = threading.Lock()

    def add(self, difference: Difference) -> bool:
        """Report a difference. Returns whether it remains."""
        repaired = self._repair and self._repaired(difference)
        with self._lock:
            if repaired:
                self.comparison.repaired += 1
            else:
                self.comparison.unrepaired[difference.kind] += 1
            self._report(Finding(difference, repaired))
        return not repaired

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

    Raises:
        CommandError: There is no run to resume.
    """
    checkpoints = ComparisonCheckpoints(stack.progress, compare_job(generation))
    plan = checkpoints.resume() if options.resume else checkpoints.begin(_plan(stack, options))
    findings = _Findings(stack, generation, report, repair=options.repair)
    tracker = ProgressTracker(checkpoints.load(plan.segments), plan.expected_events)
    _add_earlier(checkpoints.left, findings.comparison)
    verifier = stack.verifier

    def step(segment: SegmentProgress) -> SegmentProgress:
        reached, differences = verifier.step(generation, segment, plan.segments)
        if reached.done:
            # Reading the events cannot find a row whose customer has no events, so the rows are read as well.
            # Customers with any events were compared already.
            orphans = verifier.orphans(generation, segment.segment, plan.segments)
            lost = [orphan for orphan in orphans if orphan.expected == 0]
            reached = replace(reached, problems=reached.problems + len(lost))
            differences += lost
        left = Counter(str(difference.kind) for difference in differences if findings.add(difference))
        if reached.done and options.leftovers:
            found = Leftovers()
            search_segment(stack, segment.segment, plan.segments, found, repair=options.repair)
            findings.comparison.leftovers.merge(found)
            left[_LEFTOVERS] = found.remaining
        checkpoints.save(reached, left)
        return reached

    meter = Meter(stack.clock, tracker.progress())
    findings.comparison.customers = run_all(tracker, step, options.workers, meter, show).customers
    for difference in verifier.miscounted(generation):
        findings.add(difference)
    checkpoints.end()
    return findings.comparison


def _plan(stack: Stack, options: CompareOptions) -> Plan:
    plan = plan_for(stack.count_events())
    return replace(plan, segments=options.segments or plan.segments)


def _add_earlier(left: Counter[str], comparison: Comparison) -> None:
    comparison.leftovers_before = left[_LEFTOVERS]
    comparison.unrepaired.update({kind: left[kind] for kind in DifferenceKind if left[kind]})
