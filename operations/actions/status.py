"""`status` and `parked`: the state of the projection."""

import argparse
from collections.abc import Iterator
from typing import Final

from local.status import mapping_details
from operations.actions.choice import chosen_generation
from operations.output import Cell, Output
from operations.stack import Stack
from projections.generations import Generations

GENERATIONS: Final = {
    "generation": 10,
    "role": 9,
    "verified": 8,
    "verified_at": 27,
    "customers": 9,
    "shards": 6,
    "parked": 6,
}
ERASURES: Final = {"unfinished erasure": 36, "since": 27}
PARKED: Final = {"customer_id": 36, "version": 7, "attempts": 8, "since": 27, "reason": 40}


def status(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Print the generations, the unfinished erasures and the number of pending failures."""
    for cells in _generation_rows(stack, stack.generations.load()):
        output.print_row(GENERATIONS, cells)
    erasures = stack.erasures.unfinished()
    for erasure in erasures:
        output.print_row(ERASURES, {"unfinished erasure": erasure.customer_id, "since": erasure.since})
    lost_batches, unpublished = len(stack.failures), len(stack.unpublished)
    mappings = list(mapping_details(stack.home)) if stack.home else []
    output.print_sentence(
        f"\n{lost_batches} lost batch(es) in the failure queue. {unpublished} message(s) about unpublished events. "
        f"{len(erasures)} unfinished erasure(s).",
        lost_batches=lost_batches,
        unpublished=unpublished,
        unfinished_erasures=len(erasures),
        mapping=mappings,
    )
    for line in mappings:
        output.print_sentence(line)
    return 0


def parked(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Print the parked customers, the longest parked first."""
    generation = chosen_generation(stack, arguments)
    count = 0
    for row in stack.read_model.parked(generation):
        if row.parked:
            count += 1
            cells: dict[str, Cell] = {
                "customer_id": row.customer_id,
                "version": row.parked.version,
                "attempts": row.attempts,
                "since": row.parked.since,
                "reason": row.parked.reason,
            }
            output.print_row(PARKED, cells)
    output.print_sentence(f"{count} customer(s) parked in generation {generation}.")
    return 0


def _generation_rows(stack: Stack, generations: Generations) -> Iterator[dict[str, Cell]]:
    """Yield a row for every generation that has rows, the active one first."""
    roles = [(generations.active, "active"), (generations.building, "building"), (generations.previous, "previous")]
    for number, role in roles:
        if number is not None:
            details = generations.details_of(number)
            yield {
                "generation": number,
                "role": role,
                # A generation that queries have read was verified before, unless it is the first one.
                "verified": generations.verified if role == "building" else bool(details.verified_at),
                "verified_at": details.verified_at or None,
                "customers": details.customers if details.verified_at else None,
                "shards": details.shards,
                "parked": sum(1 for _ in stack.read_model.parked(number)),
            }
    for number in generations.retired:
        yield {**dict.fromkeys(GENERATIONS), "generation": number, "role": "retired"}
