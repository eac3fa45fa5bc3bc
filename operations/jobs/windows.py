"""The times of lost batches, merged, so that one look tells whether a record may have been in any of them."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from events.envelope import Recorded, Unreadable
from operations.jobs.lost_batch import LostBatch
from shared.runtime.clock import timestamp

# Arrival times have a resolution of one second, and the times of events come from the clocks of their writers.
MARGIN: Final = timedelta(minutes=5)
EVERY_WINDOW: Final = -1
"""Stands for all windows: an unreadable record has no time, so it may have been in any batch."""


class Windows:
    """The merged times of some lost batches. Each batch is in exactly one window."""

    def __init__(self, batches: Sequence[LostBatch]) -> None:
        times = sorted((timestamp(batch.first - MARGIN), timestamp(batch.last + MARGIN)) for batch in batches)
        self._starts: list[str] = []
        self._ends: list[str] = []
        for first, last in times:
            if self._ends and first <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], last)
            else:
                self._starts.append(first)
                self._ends.append(last)

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._starts)

    def of(self, batch: LostBatch) -> int:
        """Return the window of a batch, from 0."""
        return bisect_right(self._starts, timestamp(batch.first - MARGIN)) - 1

    def may_contain(self, record: Recorded) -> int | None:
        """Return the window of a record; None if it was in no batch."""
        if isinstance(record, Unreadable):
            return EVERY_WINDOW
        window = bisect_right(self._starts, record.occurred_at) - 1
        return window if window >= 0 and record.occurred_at <= self._ends[window] else None

    def touched_by(self, records: Iterable[Recorded]) -> set[int]:
        """Return the windows of a customer's records: `EVERY_WINDOW` alone if one of them may be in any."""
        found = {window for record in records if (window := self.may_contain(record)) is not None}
        return {EVERY_WINDOW} if EVERY_WINDOW in found else found
