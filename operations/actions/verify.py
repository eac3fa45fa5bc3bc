"""`verify`: names every customer whose row is not what their events make, and mends them if told to."""

import argparse

from operations.jobs.comparison import CompareOptions, Comparison, compare
from operations.output import Output
from operations.stack import Stack


def verify(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Compare a generation with the event table.

    Returns:
        1 when differences are left.
    """
    generation = arguments.generation or tools.generations.load().active
    manner = CompareOptions(arguments.workers, arguments.segments, arguments.repair)
    comparison = compare(tools, generation, manner, output)
    tell(comparison, generation, output)
    return 1 if comparison.differences else 0


def tell(comparison: Comparison, generation: int, output: Output) -> None:
    """Print what a comparison found, in a sentence.

    Args:
        comparison: As found.
        generation: Which was compared.
        output: Where it goes.
    """
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(comparison.left.items())) or "no difference"
    mended = f" {comparison.repaired} repaired." if comparison.repaired else ""
    output.say(
        f"Generation {generation}: {comparison.customers:,} customers compared, {kinds}.{mended}",
        generation=generation,
        customers=comparison.customers,
        left={str(kind): count for kind, count in comparison.left.items()},
        repaired=comparison.repaired,
    )
