"""`status` and `parked`: what is wrong with the stack, and whose events cannot be projected."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Final

from operations.actions.choice import chosen_generation
from operations.jobs.health.assessment import Health, problems
from operations.jobs.health.views import GenerationReading, generation_readings
from operations.output import Cell, Output
from operations.stack import Stack

MAPPINGS: Final = {"mapping": 25, "state": 9, "events_behind": 13, "or_more": 7, "seconds_behind": 14}
GENERATIONS: Final = {
    "view": 10,
    "generation": 10,
    "role": 9,
    "filled": 6,
    "verified": 8,
    "verified_at": 27,
    "customers": 9,
    "shards": 6,
    "parked": 6,
    "leftovers": 9,
}
ROUTES: Final = {"bus_or_rule": 25, "state": 9}
QUEUES: Final = {"queue": 25, "messages": 8}
ERASURES: Final = {"unfinished_erasure": 36, "since": 27}
ALARMS: Final = {"alarm": 40, "since": 27, "reason": 40}
PROBLEMS: Final = {"wrong": 80, "see": 40}
PARKED: Final = {"customer_id": 36, "version": 7, "attempts": 8, "since": 27, "reason": 40}


def status(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Print the state of the mappings, rules, generations, queues, erasures and alarms, and then what is wrong.

    Returns:
        1 when anything is wrong.
    """
    health = Health(
        stack.now(),
        stack.health.mappings(),
        stack.health.routes(),
        stack.health.queues(),
        stack.health.alarms(),
        list(generation_readings(stack, arguments.shown_view)),
        stack.erasures.unfinished(),
    )
    _print_readings(health, output)
    found = problems(health)
    _separate(found, output)
    for problem in found:
        output.print_row(PROBLEMS, {"wrong": problem.text, "see": problem.page})
    summary = f"\n{len(found)} problem(s)." if found else "\nNothing is wrong."
    output.print_sentence(summary, ok=not found, problems=len(found))
    return 1 if found else 0


def _print_readings(health: Health, output: Output) -> None:
    for mapping in health.mappings:
        cells: dict[str, Cell] = {
            "mapping": mapping.name,
            "state": mapping.state,
            "events_behind": mapping.events,
            "or_more": mapping.more,
            "seconds_behind": mapping.seconds,
        }
        output.print_row(MAPPINGS, cells)
    _separate(health.routes, output)
    for route in health.routes:
        output.print_row(ROUTES, {"bus_or_rule": route.name, "state": route.state})
    _separate(health.generations, output)
    for generation in health.generations:
        output.print_row(GENERATIONS, _cells_of(generation))
    _separate(health.queues, output)
    for queue in health.queues:
        output.print_row(QUEUES, {"queue": queue.name, "messages": queue.messages})
    _separate(health.erasures, output)
    for erasure in health.erasures:
        output.print_row(ERASURES, {"unfinished_erasure": erasure.customer_id, "since": erasure.since})
    _separate(health.alarms, output)
    for alarm in health.alarms:
        output.print_row(ALARMS, {"alarm": alarm.name, "since": alarm.since, "reason": alarm.reason})


def _separate(following: Sequence[object], output: Output) -> None:
    """Print an empty line before a table."""
    if following:
        output.print_sentence("")


def _cells_of(generation: GenerationReading) -> Mapping[str, Cell]:
    return {
        "view": generation.view,
        "generation": generation.number,
        "role": generation.role,
        "filled": generation.filled,
        "verified": generation.verified,
        "verified_at": generation.verified_at,
        "customers": generation.customers,
        "shards": generation.shards,
        "parked": None if generation.shards is None else generation.parked,
        "leftovers": generation.has_leftovers,
    }


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
