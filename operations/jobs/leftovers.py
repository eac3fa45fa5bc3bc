"""Finds and removes rows of generations that must not have any.

Nothing keeps such rows up to date. Those of a retired or abandoned generation wait for `rebuild remove`, or were
written after it by a process that was suspended. Those of a generation that never existed were written by a mistake.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from operations.stack import Stack
from projections.generations import FIRST_GENERATION, Generations
from projections.maintenance.differences import LeftoverKind
from projections.row import Row

_ROWS_AT_ONCE: Final = 25


@dataclass(slots=True)
class Leftovers:
    """The rows found by all threads, counted by generation.

    Attributes:
        found: Rows by generation and kind.
        removed: Those of them that were removed.
    """

    found: Counter[tuple[int, LeftoverKind]] = field(default_factory=Counter)
    removed: Counter[tuple[int, LeftoverKind]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def remaining(self) -> int:
        """The number of rows that were not removed."""
        return self.found.total() - self.removed.total()

    def merge(self, others: "Leftovers") -> None:
        """Add what was found elsewhere."""
        with self._lock:
            self.found.update(others.found)
            self.removed.update(others.removed)

    def add(self, rows: Sequence[Row], kind: LeftoverKind, *, removed: bool) -> None:
        """Count rows of one kind."""
        counts = Counter((row.generation, kind) for row in rows)
        with self._lock:
            self.found.update(counts)
            if removed:
                self.removed.update(counts)


def search_segment(stack: Stack, segment: int, total_segments: int, leftovers: Leftovers, *, repair: bool) -> None:
    """Search one segment of the read table.

    Args:
        segment: From 0.
        total_segments: The number of segments of the whole search.
        leftovers: Receives what is found.
        repair: Whether to remove the rows.
    """
    for page in _pages(stack, segment, total_segments):
        # Loaded after the page: a generation is recorded before its first row is written, so every row of a rebuild
        # that began meanwhile is recognised.
        generations = stack.generations.load()
        for kind in LeftoverKind:
            rows = iter([row for row in page if _kind(row.generation, generations) is kind])
            while chunk := list(islice(rows, _ROWS_AT_ONCE)):
                leftovers.add(chunk, kind, removed=repair and _remove(stack, chunk, kind, generations))


def _pages(stack: Stack, segment: int, total_segments: int) -> Iterator[Sequence[Row]]:
    start: Mapping[str, str] | None = None
    while True:
        page = stack.read_model.other_rows(stack.generations.load().fed, segment, total_segments, start)
        yield page.rows
        start = page.next
        if start is None:
            return


def _kind(generation: int, generations: Generations) -> LeftoverKind | None:
    if generation in generations.fed:
        return None
    is_known = FIRST_GENERATION <= generation <= generations.newest
    return LeftoverKind.GIVEN_UP if is_known else LeftoverKind.NEVER_EXISTED


def _remove(stack: Stack, rows: Sequence[Row], kind: LeftoverKind, generations: Generations) -> bool:
    if kind is LeftoverKind.NEVER_EXISTED:
        return stack.read_model.remove_unassigned(rows, generations)
    # The projector may write a generation for some seconds after it was given up.
    if not generations.has_settled(stack.now()):
        return False
    stack.read_model.remove(rows)
    return True
