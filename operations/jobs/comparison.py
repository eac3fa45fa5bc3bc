"""Compares a whole generation with the event table, on several threads and in bounded memory."""

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from operations.display import display
from operations.jobs.meter import Meter
from operations.jobs.workers import Board, run_all
from operations.output import Output
from operations.stack import Stack
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import SegmentProgress, plan_for

DIFFERENCES: Final = {"customer_id": 36, "kind": 10, "expected": 8, "found": 8, "expired": 7, "repaired": 8}


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How to compare.

    Attributes:
        workers: How many threads.
        segments: Into how many parts the reading is cut; by the size of the event table when None.
        repair: Whether to write the rows that the events make.
    """

    workers: int
    segments: int | None = None
    repair: bool = False


@dataclass(slots=True)
class Comparison:
    """What a comparison found.

    Attributes:
        customers: Compared.
        left: Differences that stand, by kind.
        repaired: Differences that were mended.
    """

    customers: int = 0
    left: Counter[DifferenceKind] = field(default_factory=Counter)
    repaired: int = 0

    @property
    def differences(self) -> int:
        """How many stand."""
        return self.left.total()


class _Findings:
    """Takes differences from all threads, mends them if it may, and prints each at once."""

    def __init__(self, tools: Stack, generation: int, output: Output, *, repair: bool) -> None:
        self.comparison = Comparison()
        self._tools = tools
        self._generation = generation
        self._repair = repair
        self._output = output
        self._lock = threading.Lock()

    def take(self, found: Difference) -> None:
        mended = self._repair and self._mend(found)
        with self._lock:
            if mended:
                self.comparison.repaired += 1
            else:
                self.comparison.left[found.kind] += 1
            cells = {"expected": found.expected, "found": found.found, "expired": found.expired, "repaired": mended}
            self._output.row(DIFFERENCES, {"customer_id": found.customer_id, "kind": str(found.kind), **cells})

    def _mend(self, found: Difference) -> bool:
        before = self._tools.generations.load().before(self._generation)
        return self._tools.verifier.repair(found, self._generation, before)


def compare(tools: Stack, generation: int, manner: CompareOptions, output: Output) -> Comparison:
    """Compare every customer and every row, and print each difference.

    Args:
        tools: The stack.
        generation: Which rows.
        manner: How.
        output: Where the differences go.
    """
    plan = plan_for(tools.count_events())
    parts = manner.segments or plan.segments
    findings = _Findings(tools, generation, output, repair=manner.repair)
    verifier = tools.verifier

    def step(at: SegmentProgress) -> SegmentProgress:
        reached, found = verifier.step(generation, at, parts)
        for difference in found:
            findings.take(difference)
        if reached.done:
            # The other way round: what the reading of the events cannot meet, as it has none.
            for orphan in verifier.orphans(generation, at.segment, parts):
                # Whoever still has some events was compared with them already.
                if orphan.expected == 0:
                    findings.take(orphan)
                    reached = replace(reached, problems=reached.problems + 1)
        return reached

    board = Board([SegmentProgress(segment) for segment in range(parts)], plan.expected_events)
    meter = Meter(tools.clock, board.progress())
    with display(f"Verifying generation {generation}", as_json=output.as_json) as shown:
        findings.comparison.customers = run_all(board, step, manner.workers, meter, shown).customers
    return findings.comparison
