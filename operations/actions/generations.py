"""`rebuild switch`, `rollback`, `retire`, `abandon` and `remove`: choose the generation that queries read."""

import argparse
from typing import Final

from operations.jobs.removal import remove_given_up
from operations.output import Output
from operations.stack import Stack
from projections.generations import Generations
from projections.maintenance.regressions import WouldRegress, check_regressions

REGRESSIONS: Final = {"customer_id": 36, "shown": 7, "then": 7}


def switch(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Let queries read the new generation."""
    before = stack.generations.load()
    after = _save_unless_older(stack, before, before.switch(stack.now()), output)
    output.print_sentence(
        f"Queries now read generation {after.active}. Generation {after.previous} is kept up to date: "
        f"{stack.command('rebuild rollback')} returns to it, {stack.command('rebuild retire')} gives it up.",
        active=after.active,
        previous=after.previous,
    )
    return 0


def rollback(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Let queries read the previous generation again."""
    before = stack.generations.load()
    after = _save_unless_older(stack, before, before.rollback(stack.now()), output)
    output.print_sentence(
        f"Queries read generation {after.active} again. Generation {after.previous} is kept up to date.",
        active=after.active,
        previous=after.previous,
    )
    return 0


def retire(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Give up the previous generation."""
    after = stack.generations.save(stack.generations.load().retire(stack.now()))
    _print_retired(stack, after, output)
    return 0


def abandon(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Give up the generation that is being built."""
    after = stack.generations.save(stack.generations.load().abandon(stack.now()))
    _print_retired(stack, after, output)
    return 0


def remove(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Delete the rows of retired generations."""
    removed = remove_given_up(stack, arguments.rate)
    for generation, count in sorted(removed.items()):
        output.print_sentence(f"Generation {generation}: {count:,} rows removed.", generation=generation, removed=count)
    if not removed:
        output.print_sentence("No generation is retired: there is nothing to remove.", removed=0)
    return 0


def _save_unless_older(stack: Stack, before: Generations, after: Generations, output: Output) -> Generations:
    """Save a switch, unless readers would see older data of any customer; those customers are printed."""
    try:
        check_regressions(stack.read_model, before.active, after.active)
    except WouldRegress as refused:
        for regression in refused.regressions:
            output.print_row(
                REGRESSIONS,
                {
                    "customer_id": regression.customer_id,
                    "shown": regression.current_version,
                    "then": regression.target_version,
                },
            )
        raise
    return stack.generations.save(after)


def _print_retired(stack: Stack, generations: Generations, output: Output) -> None:
    generation = generations.retired[-1]
    output.print_sentence(
        f"Generation {generation} is retired: in a minute, {stack.command('rebuild remove')} can delete its rows.",
        retired=generation,
    )
