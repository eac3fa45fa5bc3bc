"""Deletes what is left of generations that were given up: their rows, then their checkpoints."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from operations.stack import Stack
from projections.generations import Generations, WrongStep
from projections.maintenance.progress import job_names, plan_for
from projections.maintenance.rate_limit import TokenBucket, Unlimited
from projections.row import Row

_ROWS_AT_ONCE: Final = 25


def remove_given_up(stack: Stack, rate: float | None) -> Counter[int]:
    """Delete the rows and the checkpoints of every generation that was given up.

    Generations that were removed before are searched again: a process that was suspended in the middle of a rebuild
    may have written rows after the removal. An interrupted removal can be repeated.

    Args:
        rate: The largest number of write units a second; None for no limit.

    Returns:
        The number of rows deleted, by generation. Every retired generation is listed, even without rows.

    Raises:
        WrongStep: The last change of generations is too recent.
    """
    generations = stack.generations.load()
    if not generations.has_settled(stack.now()):
        raise WrongStep(
            "The last change of generations is less than a minute old: "
            "wait a minute, until the projector no longer writes the retired generation."
        )
    limiter = TokenBucket(rate, stack.clock, stack.pause) if rate else Unlimited()
    removed: Counter[int] = Counter(dict.fromkeys(generations.retired, 0))
    for rows in _rows_of(stack, generations) if generations.retired_or_removed else ():
        limiter.spend(sum(map(stack.read_model.units_of, rows)))
        stack.read_model.remove(rows)
        removed.update(row.generation for row in rows)
    for generation in generations.retired_or_removed:
        _forget(stack, generation)
    return removed


def _rows_of(stack: Stack, generations: Generations) -> Iterator[list[Row]]:
    segments = plan_for(stack.count_events()).segments
    for segment in range(segments):
        start, ended = None, False
        while not ended:
            page = stack.read_model.retired_rows(generations, segment, segments, start)
            rows = iter(page.rows)
            while chunk := list(islice(rows, _ROWS_AT_ONCE)):
                yield chunk
            start, ended = page.next, page.next is None


def _forget(stack: Stack, generation: int) -> None:
    for work in job_names(generation):
        stack.progress.remove(work)
    stack.read_model.forget(generation)
    generations = stack.generations.load()
    if generation in generations.retired:
        stack.generations.save(generations.removed(generation))
