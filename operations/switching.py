"""`rebuild switch | rollback | retire | abandon | remove`: which generation is read, and what becomes of the others."""

import argparse
from itertools import islice
from typing import Final

from operations.output import Output
from operations.token_bucket import TokenBucket
from operations.wiring import Tools
from projections.generations import WrongStep
from projections.plan import plan_for
from projections.read_model import ReadModel
from projections.rebuild import Limiter, Unlimited

_AT_ONCE: Final = 25


def switch(tools: Tools, _: argparse.Namespace, output: Output) -> int:
    """Let queries read the new generation."""
    saved = tools.generations.save(tools.generations.load().switch(tools.now()))
    output.say(
        f"Queries read generation {saved.active} now. Generation {saved.previous} is kept up to date: "
        "make customers ARGS='rebuild rollback' goes back to it, 'rebuild retire' gives it up.",
        active=saved.active,
        previous=saved.previous,
    )
    return 0


def rollback(tools: Tools, _: argparse.Namespace, output: Output) -> int:
    """Let queries read the generation that was read before."""
    saved = tools.generations.save(tools.generations.load().rollback(tools.now()))
    output.say(
        f"Queries read generation {saved.active} again; generation {saved.previous} is kept.",
        active=saved.active,
        previous=saved.previous,
    )
    return 0


def retire(tools: Tools, _: argparse.Namespace, output: Output) -> int:
    """Give up the generation that was read before."""
    saved = tools.generations.save(tools.generations.load().retire(tools.now()))
    return _given_up(saved.retired[-1], output)


def abandon(tools: Tools, _: argparse.Namespace, output: Output) -> int:
    """Give up the generation that is being built."""
    saved = tools.generations.save(tools.generations.load().abandon(tools.now()))
    return _given_up(saved.retired[-1], output)


def remove(tools: Tools, arguments: argparse.Namespace, output: Output) -> int:
    """Delete the rows of retired generations; what an interrupted run has deleted is not there for the next."""
    generations = tools.generations.load()
    if not generations.retired:
        output.say("No generation is retired: there is nothing to remove.", removed=0)
        return 0
    if not generations.has_settled(tools.now()):
        raise WrongStep("The last change of generations is less than a minute old: wait, so that nobody feeds them.")
    limiter = TokenBucket(arguments.rate, tools.clock, tools.pause) if arguments.rate else Unlimited()
    segments = plan_for(tools.count_events()).segments
    for generation in generations.retired:
        count = sum(_clear(tools.read_model, generation, segment, segments, limiter) for segment in range(segments))
        tools.generations.save(tools.generations.load().removed(generation))
        output.say(f"Generation {generation}: {count:,} rows removed.", generation=generation, removed=count)
    return 0


def _clear(read_model: ReadModel, generation: int, segment: int, segments: int, limiter: Limiter) -> int:
    count, start, ended = 0, None, False
    while not ended:
        page = read_model.rows(generation, segment, segments, start)
        rows = iter(page.rows)
        while chunk := list(islice(rows, _AT_ONCE)):
            limiter.spend(len(chunk))
            read_model.remove(chunk)
            count += len(chunk)
        start, ended = page.next, page.next is None
    return count


def _given_up(generation: int, output: Output) -> int:
    output.say(
        f"Generation {generation} is retired: make customers ARGS='rebuild remove' deletes its rows in a minute.",
        retired=generation,
    )
    return 0
