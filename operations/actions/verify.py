"""`verify`: lists every customer whose row differs from their events, and repairs the rows if asked to."""

import argparse
from typing import Final

from operations.actions.choice import chosen_generation
from operations.display import display
from operations.jobs.comparison import CompareOptions, Comparison, Finding, compare
from operations.jobs.leftovers import Leftovers
from operations.output import Output
from operations.stack import Stack
from projections.generations import Generations
from projections.maintenance.differences import LeftoverKind

DIFFERENCES: Final = {"customer_id": 36, "kind": 10, "expected": 8, "found": 8, "expired": 7, "repaired": 8}

_PROBLEMS: Final = {LeftoverKind.GIVEN_UP: "was given up", LeftoverKind.NEVER_EXISTED: "never existed"}
_HINTS: Final = {
    LeftoverKind.GIVEN_UP: "'verify --repair' or 'rebuild remove' deletes them, a minute after the last change.",
    LeftoverKind.NEVER_EXISTED: "'verify --repair' deletes them.",
}


def verify(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Compare a generation with the event table.

    Returns:
        1 when differences remain.
    """
    generation = chosen_generation(stack, arguments)
    options = CompareOptions(
        arguments.workers, arguments.segments, arguments.repair, leftovers=True, resume=arguments.resume
    )
    comparison = compare_and_print(stack, generation, options, output)
    _print_leftovers(comparison.leftovers, output)
    if comparison.leftovers_before:
        output.print_sentence(f"{comparison.leftovers_before:,} rows of such generations were listed before --resume.")
    return 1 if comparison.remaining else 0


def compare_and_print(stack: Stack, generation: int, options: CompareOptions, output: Output) -> Comparison:
    """Compare a generation with the event table; print each difference and a summary."""

    def report(finding: Finding) -> None:
        _print_finding(finding, output)

    with display(f"Verifying generation {generation}", as_json=output.as_json) as shown:
        comparison = compare(stack, generation, options, report, shown.show)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(comparison.unrepaired.items())) or "no difference"
    repaired = f" {comparison.repaired} repaired." if comparison.repaired else ""
    output.print_sentence(
        f"Generation {generation}: {comparison.customers:,} customers compared, {kinds}.{repaired}",
        generation=generation,
        customers=comparison.customers,
        left={str(kind): count for kind, count in comparison.unrepaired.items()},
        repaired=comparison.repaired,
    )
    _print_role(stack.generations.load(), generation, output)
    return comparison


def _print_role(generations: Generations, generation: int, output: Output) -> None:
    """Say what the generation is now, unless queries read it: a switch may have happened during the comparison."""
    if generation != generations.active:
        role, active = generations.role_of(generation), generations.active
        output.print_sentence(
            f"Generation {generation} is {role} now: "
            f"queries read generation {active}, which this command did not compare.",
            generation=generation,
            role=role,
            active=active,
        )


def _print_leftovers(leftovers: Leftovers, output: Output) -> None:
    for (generation, kind), rows in sorted(leftovers.found.items()):
        removed = leftovers.removed[generation, kind]
        hint = "" if removed == rows else f" {_HINTS[kind]}"
        output.print_sentence(
            f"Generation {generation} {_PROBLEMS[kind]} and has {rows:,} rows; {removed:,} removed.{hint}",
            generation=generation,
            kind=str(kind),
            rows=rows,
            removed=removed,
        )


def _print_finding(finding: Finding, output: Output) -> None:
    difference = finding.difference
    output.print_row(
        DIFFERENCES,
        {
            "customer_id": difference.customer_id,
            "kind": str(difference.kind),
            "expected": difference.expected,
            "found": difference.found,
            "expired": difference.expired,
            "repaired": finding.repaired,
        },
    )
