"""`verify`: lists every customer whose row differs from their events, and repairs the rows if asked to."""

import argparse
from typing import Final

from operations.actions.choice import chosen_generation
from operations.display import display
from operations.jobs.comparison import CompareOptions, Comparison, Finding, compare
from operations.output import Output
from operations.stack import Stack

DIFFERENCES: Final = {"customer_id": 36, "kind": 10, "expected": 8, "found": 8, "expired": 7, "repaired": 8}


def verify(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Compare a generation with the event table.

    Returns:
        1 when differences remain.
    """
    generation = chosen_generation(stack, arguments)
    options = CompareOptions(arguments.workers, arguments.segments, arguments.repair)
    return 1 if compare_and_print(stack, generation, options, output).differences else 0


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
    return comparison


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
