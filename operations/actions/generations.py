"""`rebuild switch | rollback | retire | abandon | remove`: which generation is read, and what becomes of the others."""

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from operations.output import Output
from operations.stack import Stack
from projections.generations import Generations, WrongStep
from projections.maintenance.progress import job_names, plan_for
from projections.maintenance.rate_limit import UNITS_PER_ROW, TokenBucket, Unlimited
from projections.maintenance.regressions import WouldRegress, check_regressions
from projections.row import Row

REGRESSIONS: Final = {"customer_id": 36, "shown": 7, "then": 7}
_AT_ONCE: Final = 25


def switch(tools: Stack, _: argparse.Namespace, output: Output) -> int:
    """Let queries read the new generation."""
    found = tools.generations.load()
    saved = _move(tools, found, found.switch(tools.now()), output)
    output.say(
        f"Queries read generation {saved.active} now. Generation {saved.previous} is kept up to date: "
        "make customers ARGS='rebuild rollback' goes back to it, 'rebuild retire' gives it up.",
        active=saved.active,
        previous=saved.previous,
    )
    return 0


def rollback(tools: Stack, _: argparse.Namespace, output: Output) -> int:
    """Let queries read the generation that was read before."""
    found = tools.generations.load()
    saved = _move(tools, found, found.rollback(tools.now()), output)
    output.say(
        f"Queries read generation {saved.active} again; generation {saved.previous} is kept.",
        active=saved.active,
        previous=saved.previous,
    )
    return 0


def retire(tools: Stack, _: argparse.Namespace, output: Output) -> int:
    """Give up the generation that was read before."""
    saved = tools.generations.save(tools.generations.load().retire(tools.now()))
    return _given_up(saved.retired[-1], output)


def abandon(tools: Stack, _: argparse.Namespace, output: Output) -> int:
    """Give up the generation that is being built."""
    saved = tools.generations.save(tools.generations.load().abandon(tools.now()))
    return _given_up(saved.retired[-1], output)


def remove(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Delete all that is left of generations that were given up: their rows, then their checkpoints.

    Generations that were removed before are looked at again, as a writer that stood still meanwhile may have left rows
    there. What an interrupted run has deleted is not there for the next.
    """
    generations = tools.generations.load()
    if not generations.has_settled(tools.now()):
        raise WrongStep("The last change of generations is less than a minute old: wait, so that nobody feeds them.")
    limiter = TokenBucket(arguments.rate, tools.clock, tools.pause) if arguments.rate else Unlimited()
    removed: Counter[int] = Counter(dict.fromkeys(generations.retired, 0))
    for rows in _given_up_rows(tools, generations) if generations.retired_or_removed else ():
        limiter.spend(UNITS_PER_ROW * len(rows))
        tools.read_model.remove(rows)
        removed.update(row.generation for row in rows)
    for generation in generations.retired_or_removed:
        _forget(tools, generation)
    for generation, count in sorted(removed.items()):
        output.say(f"Generation {generation}: {count:,} rows removed.", generation=generation, removed=count)
    if not removed:
        output.say("No generation is retired: there is nothing to remove.", removed=0)
    return 0


def _given_up_rows(tools: Stack, generations: Generations) -> Iterator[list[Row]]:
    segments = plan_for(tools.count_events()).segments
    for segment in range(segments):
        start, ended = None, False
        while not ended:
            page = tools.read_model.retired_rows(generations, segment, segments, start)
            rows = iter(page.rows)
            while chunk := list(islice(rows, _AT_ONCE)):
                yield chunk
            start, ended = page.next, page.next is None


def _forget(tools: Stack, generation: int) -> None:
    for work in job_names(generation):
        tools.progress.remove(work)
    now = tools.generations.load()
    if generation in now.retired:
        tools.generations.save(now.removed(generation))


def _move(tools: Stack, found: Generations, moved: Generations, output: Output) -> Generations:
    """Let queries read another generation, unless it would show anybody something older."""
    try:
        check_regressions(tools.read_model, found.active, moved.active)
    except WouldRegress as refused:
        for each in refused.regressions:
            output.row(
                REGRESSIONS,
                {"customer_id": each.customer_id, "shown": each.current_version, "then": each.target_version},
            )
        raise
    return tools.generations.save(moved)


def _given_up(generation: int, output: Output) -> int:
    output.say(
        f"Generation {generation} is retired: make customers ARGS='rebuild remove' deletes its rows in a minute.",
        retired=generation,
    )
    return 0
