"""`redrive`: brings parked customers back once the cause is mended."""

import argparse
from collections import Counter
from typing import Final

from operations.output import Cell, Output
from operations.stack import Stack
from projections.maintenance.redrive import RedriveOutcome, RedriveResult

OUTCOMES: Final = {"customer_id": 36, "generation": 10, "outcome": 12, "version": 7, "attempts": 8, "reason": 40}
LEFT: Final = frozenset({RedriveOutcome.STILL_PARKED, RedriveOutcome.TRY_AGAIN})


def redrive(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Try every parked customer; each is done for good before the next, so that it can be stopped at any moment.

    Returns:
        1 when somebody is left parked.
    """
    # All that are fed, in the order in which the projector writes them: the one that is read is never ahead.
    generations = [arguments.generation] if arguments.generation else tools.generations.load().fed
    counts: Counter[RedriveOutcome] = Counter()
    for generation in generations:
        for one in tools.redrive.run(generation, dry=not arguments.go, limit=arguments.limit):
            counts[one.outcome] += 1
            _print(one, generation, output)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "Nobody is parked"
    more = "" if arguments.go or not counts else " Nothing was changed: --go does it."
    output.say(
        f"{told}.{more}", dry=not arguments.go, **{outcome.name.lower(): counts[outcome] for outcome in RedriveOutcome}
    )
    return 1 if LEFT & set(counts) else 0


def _print(one: RedriveResult, generation: int, output: Output) -> None:
    cells: dict[str, Cell] = {"customer_id": one.customer_id, "generation": generation, "outcome": str(one.outcome)}
    cells |= {"version": one.version, "attempts": one.parked.attempts, "reason": one.parked.reason}
    output.row(OUTCOMES, cells)
