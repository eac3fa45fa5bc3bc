"""`redrive`: brings parked customers back once the cause is fixed."""

import argparse
from collections import Counter
from functools import partial
from typing import Final

from operations.actions.choice import chosen_generation
from operations.jobs.parked import redrive_parked
from operations.jobs.redrive_options import RedriveOptions
from operations.output import Output
from operations.stack import Stack
from projections.maintenance.redrive import RedriveOutcome, RedriveResult

OUTCOMES: Final = {"customer_id": 36, "generation": 10, "outcome": 12, "version": 7, "attempts": 8, "reason": 40}
_NOT_RETURNED: Final = frozenset({RedriveOutcome.STILL_PARKED, RedriveOutcome.TRY_AGAIN})

_CUSTOMERS_A_SENTENCE: Final = 1000


def redrive(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Redrive every parked customer. The command can be interrupted at any moment.

    Returns:
        1 when a customer remains parked.
    """
    # In the order in which the projector writes the generations, so that the active one is never ahead of the others.
    generations = [chosen_generation(stack, arguments)] if arguments.generation else stack.generations.load().fed
    counts: Counter[RedriveOutcome] = Counter()

    def report(redriven: RedriveResult, generation: int) -> None:
        counts[redriven.outcome] += 1
        _print_redriven(redriven, generation, output)
        if counts.total() % _CUSTOMERS_A_SENTENCE == 0:
            output.print_sentence(f"{counts.total():,} customers so far, now in generation {generation}.")

    options = RedriveOptions(arguments.go, arguments.workers)
    for generation in generations:
        redrive_parked(stack, generation, options, arguments.limit, partial(report, generation=generation))
    result = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "No customer is parked"
    hint = "" if arguments.go or not counts else " Nothing was changed: --go redrives the customers."
    output.print_sentence(
        f"{result}.{hint}",
        dry=not arguments.go,
        **{outcome.name.lower(): counts[outcome] for outcome in RedriveOutcome},
    )
    return 1 if _NOT_RETURNED & set(counts) else 0


def _print_redriven(redriven: RedriveResult, generation: int, output: Output) -> None:
    output.print_row(
        OUTCOMES,
        {
            "customer_id": redriven.customer_id,
            "generation": generation,
            "outcome": str(redriven.outcome),
            "version": redriven.version,
            "attempts": redriven.parked.attempts,
            "reason": redriven.parked.reason,
        },
    )
