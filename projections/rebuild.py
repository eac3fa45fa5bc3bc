"""Fills a new generation from the event table, beside the live projection.

The event table is read in segments, page by page, and every page goes through the same projector that the stream
feeds: rows are written only onto the version they were made from, so that the rebuild and the live projector may write
the same rows in any order, and a page may be done again after a kill. A segment's checkpoint is saved after the
page's rows are written, never before.

Nothing is missed: an event that was appended before the rebuild began is found by the reading, and every later one is
fed by the stream, as each batch asks for the living generations when it begins.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from events.envelope import Recorded
from events.store import EventStore
from projections.failures import is_curable
from projections.progress import ProgressStore, SegmentProgress
from projections.projector import Projector, Report
from shared.runtime.clock import timestamp, utc_now

_TRIES: Final = 6
_FIRST_PAUSE_SECONDS: Final = 0.2
PAGE: Final = 500


class RebuildFailed(Exception):
    """Some rows could not be written in several tries; the checkpoint stands before them."""


class Limiter(Protocol):
    """Keeps work below a rate."""

    def spend(self, units: int) -> None:
        """Wait until so many units may be used.

        Args:
            units: From 0.
        """
        ...


class Unlimited:
    """No limit."""

    def spend(self, units: int) -> None:
        """See `Limiter.spend`."""


class Rebuild:
    """One rebuild of one generation."""

    def __init__(
        self,
        store: EventStore,
        projector: Projector,
        progress: ProgressStore,
        limiter: Limiter,
        pause: Callable[[float], None],
    ) -> None:
        """Join it to what it reads and writes.

        Args:
            store: The event table.
            projector: Writes rows.
            progress: Keeps checkpoints.
            limiter: Keeps the rows written below a rate.
            pause: Waits so many seconds.
        """
        self._store = store
        self._projector = projector
        self._progress = progress
        self._limiter = limiter
        self._pause = pause

    def step(self, generation: int, at: SegmentProgress, total_segments: int) -> SegmentProgress:
        """Do one page of one segment, and save how far it is.

        Args:
            generation: Which is filled.
            at: The segment's last checkpoint.
            total_segments: Into how many segments the reading is cut; the same for all of one rebuild.

        Returns:
            The new checkpoint.

        Raises:
            RebuildFailed: Rows could not be written; calling again goes on before them.
        """
        if at.done:
            return at
        page = self._store.read_page(at.segment, total_segments, at.position, PAGE)
        parked = self._write(page.records, generation)
        reached = at.advanced(customers=_begun(page.records), events=len(page.records), problems=parked)
        reached = replace(reached, position=page.next, done=page.next is None, at=timestamp(utc_now()))
        self._progress.save(work_of(generation), reached)
        return reached

    def _write(self, records: Iterable[Recorded], generation: int) -> int:
        """Project records, again where that failed; returns how many customers were parked."""
        left = list(records)
        self._limiter.spend(len({record.customer_id for record in left}))
        parked = 0
        for attempt in range(_TRIES):
            report = self._project(left, generation)
            parked += len(report.parked)
            left = [record for record in left if record.customer_id in report.failed]
            if not left:
                return parked
            self._pause(_FIRST_PAUSE_SECONDS * 2**attempt)
        raise RebuildFailed(f"the rows of {len({record.customer_id for record in left})} customers were not written")

    def _project(self, records: Sequence[Recorded], generation: int) -> Report:
        try:
            return self._projector.project(records, generation)
        except Exception as error:
            if not is_curable(error):
                raise
            return Report(failed=dict.fromkeys((record.customer_id for record in records), type(error).__name__))


def work_of(generation: int) -> str:
    """The name under which a rebuild keeps its checkpoints.

    Args:
        generation: Which is filled.
    """
    return f"rebuild-{generation}"


def _begun(records: Iterable[Recorded]) -> int:
    return sum(record.version == 1 for record in records)
