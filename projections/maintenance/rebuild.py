"""Fills a new generation from the event table, beside the live projection.

The event table is read in segments, page by page, and every page goes through the same projector that the stream
feeds: rows are written only onto the version they were made from, so that the rebuild and the live projector may write
the same rows in any order, and a page may be done again after a kill. A segment's checkpoint is saved after the
page's rows are written, never before.

Nothing is missed: an event that was appended before the rebuild began is found by the reading, and every later one is
fed by the stream, as each batch asks for the living generations when it begins.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Final

from events.envelope import Recorded
from events.store import EventStore
from projections.failures import is_curable
from projections.generations import GenerationStore
from projections.maintenance.plan import comparison_of, plan_of
from projections.maintenance.progress import ProgressStore, SegmentProgress
from projections.maintenance.rate_limit import UNITS_A_ROW, Limiter, Unlimited
from projections.projector import ProjectionReport, Projector
from shared.runtime.clock import timestamp, utc_now

_TRIES: Final = 6
_FIRST_PAUSE_SECONDS: Final = 0.2
PAGE: Final = 500
# So few that little time passes between the look at the record of generations and the writes that rely on it.
_CUSTOMERS_AT_ONCE: Final = 100
# A slow rate makes pages smaller: each is to be done, and its checkpoint saved, within about so long.
_PAGE_SECONDS: Final = 10


class RebuildFailed(Exception):
    """Some rows could not be written in several tries; the checkpoint stands before them."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a rebuild works.

    Attributes:
        pause: Waits so many seconds.
        limiter: Keeps the write units used below a rate.
        page: At most so many events from one checkpoint to the next.
    """

    pause: Callable[[float], None]
    limiter: Limiter = field(default_factory=Unlimited)
    page: int = PAGE


class Rebuild:
    """One rebuild of one generation."""

    def __init__(
        self,
        store: EventStore,
        projector: Projector,
        progress: ProgressStore,
        generations: GenerationStore,
        pace: Pace,
    ) -> None:
        """Join it to what it reads and writes.

        Args:
            store: The event table.
            projector: Writes rows.
            progress: Keeps checkpoints.
            generations: Says whether the generation is still being built.
            pace: How fast.
        """
        self._store = store
        self._projector = projector
        self._progress = progress
        self._generations = generations
        self._pace = pace

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
            WrongStep: The generation is not being built any more.
        """
        if at.done:
            return at
        page = self._store.read_page(at.segment, total_segments, at.position, min(self._pace.page, PAGE))
        parked = self._write(page.records, generation)
        reached = at.advanced(customers=_begun(page.records), events=len(page.records), problems=parked)
        reached = replace(reached, position=page.next, done=page.next is None, at=timestamp(utc_now()))
        self._progress.save(work_of(generation), reached)
        return reached

    def _write(self, records: Iterable[Recorded], generation: int) -> int:
        """Project records, again where that failed; returns how many customers were parked."""
        left = list(records)
        parked = 0
        for attempt in range(_TRIES):
            reports = [self._project(batch, generation) for batch in _batches(left)]
            parked += sum(len(report.parked) for report in reports)
            failed = set(chain.from_iterable(report.failed for report in reports))
            left = [record for record in left if record.customer_id in failed]
            if not left:
                return parked
            self._pace.pause(_FIRST_PAUSE_SECONDS * 2**attempt)
        raise RebuildFailed(f"the rows of {len({record.customer_id for record in left})} customers were not written")

    def _project(self, records: Sequence[Recorded], generation: int) -> ProjectionReport:
        self._pace.limiter.spend(UNITS_A_ROW * len({record.customer_id for record in records}))
        # After the waiting, and not before: somebody may have given the generation up and removed its rows meanwhile.
        self._generations.load().must_be_building(generation)
        try:
            return self._projector.project(records, generation)
        except Exception as error:
            if not is_curable(error):
                raise
            return ProjectionReport(
                failed=dict.fromkeys((record.customer_id for record in records), type(error).__name__)
            )


def work_of(generation: int) -> str:
    """The name under which a rebuild keeps its checkpoints.

    Args:
        generation: Which is filled.
    """
    return f"rebuild-{generation}"


def works_of(generation: int) -> tuple[str, ...]:
    """The names of all work that checkpoints are kept of.

    Args:
        generation: Which is filled.
    """
    return work_of(generation), plan_of(generation), comparison_of(generation)


def page_for(rate: float) -> int:
    """How many events a page may have, so that checkpoints do not grow rare when writing is slow.

    Args:
        rate: Write units a second of whoever writes it.

    >>> page_for(1000), page_for(20), page_for(0.1)
    (500, 100, 1)
    """
    return max(1, min(PAGE, int(rate * _PAGE_SECONDS / UNITS_A_ROW)))


def _batches(records: Iterable[Recorded]) -> Iterator[Sequence[Recorded]]:
    """All records of some customers, then of some more."""
    grouped: dict[str, list[Recorded]] = defaultdict(list)
    for record in records:
        grouped[record.customer_id].append(record)
    customers = iter(grouped.values())
    while some := list(islice(customers, _CUSTOMERS_AT_ONCE)):
        yield list(chain.from_iterable(some))


def _begun(records: Iterable[Recorded]) -> int:
    return sum(record.version == 1 for record in records)
