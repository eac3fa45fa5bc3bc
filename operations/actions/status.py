"""`status` and `parked`: how the projection is."""

import argparse
from collections.abc import Iterator
from typing import Final

from local.status import mapping_details
from operations.output import Cell, Output
from operations.stack import Stack
from projections.generations import Generations

GENERATIONS: Final = {"generation": 10, "role": 9, "verified": 8, "parked": 6}
PARKED: Final = {"customer_id": 36, "version": 7, "attempts": 8, "since": 27, "reason": 40}


def status(tools: Stack, _: argparse.Namespace, output: Output) -> int:
    """Print the generations, and what waits."""
    for cells in generation_rows(tools, tools.generations.load()):
        output.row(GENERATIONS, cells)
    lost, unpublished = len(tools.failures), len(tools.unpublished)
    behind = list(mapping_details(tools.home)) if tools.home else []
    told = f"\n{lost} batch(es) in the failure queue. {unpublished} note(s) of unpublished events."
    output.say(told, lost_batches=lost, unpublished=unpublished, mapping=behind)
    for line in behind:
        if not output.as_json:
            output.say(line)
    return 0


def generation_rows(tools: Stack, generations: Generations) -> Iterator[dict[str, Cell]]:
    """Every generation that has rows, the one that is read first.

    Args:
        tools: For the parked ones.
        generations: The record.
    """
    roles = [(generations.active, "active"), (generations.building, "building"), (generations.previous, "previous")]
    for number, role in roles:
        if number is not None:
            verified = generations.verified if role == "building" else None
            parked = sum(1 for _ in tools.read_model.parked(number))
            yield {"generation": number, "role": role, "verified": verified, "parked": parked}
    for number in generations.retired:
        yield {"generation": number, "role": "retired", "verified": None, "parked": None}


def parked(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Print who is parked, the longest parked first."""
    generation = arguments.generation or tools.generations.load().active
    count = 0
    for row in tools.read_model.parked(generation):
        if row.parked:
            count += 1
            reason = {"since": row.parked.since, "reason": row.parked.reason}
            cells = {"version": row.parked.version, "attempts": row.attempts}
            output.row(PARKED, {"customer_id": row.customer_id, **cells, **reason})
    output.say(f"{count} customer(s) parked in generation {generation}.")
    return 0
