"""Fills a new generation from the event table, beside the live projection.

The event table is read in segments, page by page, and every page goes through the same projector that the stream feeds.
A row is written only over the version it was computed from, so the rebuild and the live projector may write the same
rows in any order, and a page may be repeated after a crash. A segment's checkpoint is saved after the page's rows are
written, never before.

No event is missed: the scan finds every event that was appended before the rebuild began, and the stream feeds every
later one, because each batch loads the fed generations when it begins.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Final

from events.envelope import Recorded
from events.store import EventStore
from projections.generations import GenerationStore
from projections.maintenance.progress import ProgressStore, SegmentProgress, rebuild_job
from projections.maintenance.rate_limit import UNITS_PER_ROW, Limiter, Unlimited
from projections.projector import ProjectionReport, Projector
from shared.runtime.clock import timestamp, utc_now
from shared.runtime.errors import TransientFailure
from shared.runtime.failures import is_transient

_TRIES: Final = 6
_FIRST_PAUSE_SECONDS: Final = 0.2
PAGE_SIZE: Final = 500
# Small, so that little time passes between the check of the generations and the writes that rely on it.
_CUSTOMERS_PER_BATCH: Final = 100
# A low rate makes pages smaller, so that a page is written and its checkpoint saved within about this time.
_PAGE_SECONDS: Final = 10


class RebuildFailed(TransientFailure):
    """Some rows could not be written in several tries. The checkpoint is before them."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a rebuild works.

    Attributes:
        pause: Sleeps for a number of seconds.
        limiter: Keeps the write units below a rate.
        page_size: The maximum number of events between two checkpoints.
    """

    pause: Callable[[float], None]
    limiter: Limiter = field(default_factory=Unlimited)
    page_size: int = PAGE_SIZE


class Rebuild:
    """Fills generations, one page at a time."""

    def __init__(
        self,
        store: EventStore,
        projector: Projector,
        progress: ProgressStore,
        generations: GenerationStore,
        pace: Pace,
    ) -> None:
        self._store = store
        self._projector = projector
        self._progress = progress
        self._generations = generations
        self._pace = pace

    def step(self, generation: int, at: SegmentProgress, total_segments: int) -> SegmentProgress:
        """Process one page of one segment and save the checkpoint.

        Args:
            at: The segment's last checkpoint.
            total_segments: The number of segments; the same throughout one rebuild.

        Returns:
            The new checkpoint.

        Raises:
            RebuildFailed: Some rows could not be written. The next call tries the page again.
            WrongStep: The generation is no longer being built.
        """
        if at.done:
            return at
        page = self._store.read_page(at.segment, total_segments, at.position, min(self._pace.page_size, PAGE_SIZE))
        parked = self._write(page.records, generation)
        started = sum(record.version == 1 for record in page.records)
        progress = at.advanced(customers=started, events=len(page.records), problems=parked)
        progress = replace(progress, position=page.next, done=page.next is None, at=timestamp(utc_now()))
        self._progress.save(rebuild_job(generation), progress)
        return progress

    def _write(self, records: Iterable[Recorded], generation: int) -> int:
        """Project records, retrying those that fail, and return the number of customers who were parked."""
        remaining = list(records)
        parked = 0
        for attempt in range(_TRIES):
            reports = [self._project(batch, generation) for batch in _batches(remaining)]
            parked += sum(len(report.parked) for report in reports)
            failed = set(chain.from_iterable(report.failed for report in reports))
            remaining = [record for record in remaining if record.customer_id in failed]
            if not remaining:
                return parked
            self._pace.pause(_FIRST_PAUSE_SECONDS * 2**attempt)
        customers = len({record.customer_id for record in remaining})
        raise RebuildFailed(f"the rows of {customers} customers were not written in {_TRIES} tries")

    def _project(self, records: Sequence[Recorded], generation: int) -> ProjectionReport:
        least = UNITS_PER_ROW * len({record.customer_id for record in records})
        self._pace.limiter.spend(least)
        # Checked after the wait, not before: meanwhile the generation may have been abandoned and its rows removed.
        self._generations.load().must_be_building(generation)
        try:
            report = self._projector.project(records, generation)
        except Exception as error:
            if not is_transient(error):
                raise
            return ProjectionReport(
                failed=dict.fromkeys((record.customer_id for record in records), type(error).__name__)
            )
        # How large the rows are is known only now, and the next batch waits for what they took beyond the least.
        if report.units > least:
            self._pace.limiter.spend(report.units - least)
        return report


def page_size_for(rate: float) -> int:
    """Return how many events a page may have, so that checkpoints stay frequent when writes are slow.

    Args:
        rate: Write units per second of one worker.

    >>> page_size_for(1000), page_size_for(20), page_size_for(0.1)
    (500, 100, 1)
    """
    return max(1, min(PAGE_SIZE, int(rate * _PAGE_SECONDS / UNITS_PER_ROW)))


def _batches(records: Iterable[Recorded]) -> Iterator[Sequence[Recorded]]:
    """Split records into batches without splitting a customer."""
    grouped: dict[str, list[Recorded]] = defaultdict(list)
    for record in records:
        grouped[record.customer_id].append(record)
    customers = iter(grouped.values())
    while batch := list(islice(customers, _CUSTOMERS_PER_BATCH)):
        yield list(chain.from_iterable(batch))
