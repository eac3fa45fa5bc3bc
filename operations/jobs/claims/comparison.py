"""Compares the whole claims table with the event table, on several threads and in bounded memory."""

import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Final

from operations.jobs.claims.differences import REPAIRABLE, ClaimDifference, ClaimDifferenceKind
from operations.jobs.claims.verifier import ClaimVerifier
from operations.jobs.comparison import CompareOptions
from operations.jobs.comparison_checkpoints import ComparisonCheckpoints
from operations.jobs.meter import Meter
from operations.jobs.workers import ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.maintenance.progress import Progress, SegmentProgress, plan_for

# The names of the checkpoints of the two passes.
CUSTOMERS_JOB: Final = "compare-customers-with-claims"
CLAIMS_JOB: Final = "compare-claims-with-customers"

Step = Callable[[SegmentProgress, int], tuple[SegmentProgress, list[ClaimDifference]]]


@dataclass(frozen=True, slots=True)
class ClaimFinding:
    """A difference, and whether it was repaired."""

    difference: ClaimDifference
    repaired: bool


@dataclass(slots=True)
class ClaimComparison:
    """The result of a comparison.

    Attributes:
        customers: Customers compared.
        claims: Claims compared.
        unrepaired: Differences that remain, by kind.
        repaired: Differences that were repaired.
    """

    customers: int = 0
    claims: int = 0
    unrepaired: Counter[ClaimDifferenceKind] = field(default_factory=Counter)
    repaired: int = 0


class _ClaimFindings:
    """Collects the differences that all threads find, and repairs them if asked to."""

    def __init__(
        self,
        verifier: ClaimVerifier,
        report: Callable[[ClaimFinding], None],
        repair: Collection[ClaimDifferenceKind],
    ) -> None:
        self.comparison = ClaimComparison()
        self._verifier = verifier
        self._report = report
        self._repair = repair
        self._lock = threading.Lock()

    def add(self, difference: ClaimDifference) -> ClaimDifferenceKind | None:
        """Report a difference. Returns its kind if it remains."""
        remaining = self._verifier.repair(difference) if difference.kind in self._repair else difference
        with self._lock:
            if remaining is None:
                self.comparison.repaired += 1
            else:
                self.comparison.unrepaired[remaining.kind] += 1
            self._report(ClaimFinding(remaining or difference, repaired=remaining is None))
        return remaining.kind if remaining else None


def compare_claims(
    stack: Stack,
    options: CompareOptions,
    report: Callable[[ClaimFinding], None],
    show: Show,
    *,
    only_missing: bool = False,
) -> ClaimComparison:
    """Compare every customer with their claim, then every claim with its holder.

    In this order, a repair of an empty table or of one with claims in another form takes the right claims before it
    releases the wrong ones, so that no address is free in between.

    Args:
        options: How to compare.
        report: Called with each difference as soon as it is found, by one thread at a time.
        show: Called with a reading of the progress once a second.
        only_missing: Whether to repair nothing but missing claims, and to compare customers only. A release that is
            still running may need the claims of the earlier form.

    Raises:
        CommandError: There is no run to resume.
    """
    verifier = stack.claim_verifier
    kinds = {ClaimDifferenceKind.MISSING} if only_missing else REPAIRABLE
    findings = _ClaimFindings(verifier, report, kinds if options.repair else ())
    by_customer = ComparisonCheckpoints(stack.progress, CUSTOMERS_JOB)
    by_claim = ComparisonCheckpoints(stack.progress, CLAIMS_JOB)
    plan = plan_for(stack.count_events())
    plan = replace(plan, segments=options.segments or plan.segments)
    if options.resume:
        plan = by_customer.resume()
        by_claim.resume()
    else:
        by_claim.begin(by_customer.begin(plan))

    def run(step: Step, checkpoints: ComparisonCheckpoints, expected: int) -> Progress:
        def step_and_report(segment: SegmentProgress) -> SegmentProgress:
            reached, differences = step(segment, plan.segments)
            remaining = [kind for difference in differences if (kind := findings.add(difference))]
            checkpoints.save(reached, Counter(map(str, remaining)))
            return reached

        tracker = ProgressTracker(checkpoints.load(plan.segments), expected)
        left = {kind: checkpoints.left[kind] for kind in ClaimDifferenceKind if checkpoints.left[kind]}
        findings.comparison.unrepaired.update(left)
        return run_all(tracker, step_and_report, options.workers, Meter(stack.clock, tracker.progress()), show)

    findings.comparison.customers = run(verifier.customers_step, by_customer, plan.expected_events).customers
    if not only_missing:
        findings.comparison.claims = run(verifier.claims_step, by_claim, 0).customers
    by_customer.end()
    by_claim.end()
    return findings.comparison
