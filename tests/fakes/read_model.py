"""The read model in memory."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from projections.generations import Generations, GenerationsChanged
from projections.maintenance.progress import SegmentProgress
from projections.read_model import Reader, RowPage, Write, WriteResult
from projections.row import Listing, Row

# DynamoDB developer guide, "Quotas in Amazon DynamoDB": the size of an item.
_ITEM_BYTES: Final = 400 * 1024


class InMemoryReadModel:
    """Stores rows in a dict; see `projections.read_model.ReadModel`.

    Attributes:
        interfere: Called before each write, so that a test can act as a concurrent writer.
        failing: Customers whose writes fail.
        refuses: Whether a row is refused at every try, besides one that is too large for DynamoDB.
        history: Every (customer, version) that was written, in order.
        revision: Returns the revision of the record of generations.
        units: The write units of any row.
    """

    def __init__(self) -> None:
        self.stored: dict[tuple[str, int], Row] = {}
        self.interfere: Callable[[Write], None] = lambda _: None
        self.failing: set[str] = set()
        self.refuses: Callable[[Row], bool] = lambda _: False
        self.history: list[tuple[str, int]] = []
        self.revision: Callable[[], int] = lambda: 0
        self.units = 2

    def units_of(self, row: Row) -> int:
        return self.units

    def units_of_writes(self, writes: Sequence[Write]) -> int:
        return sum(self.units_of(write.row) for write in writes)

    def forget(self, generation: int) -> None: ...

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        return self.stored.get((customer_id, generation))

    def page(self, generation: int, limit: int, after: str | None) -> list[Listing]:
        listings = [row.listing for row in self.stored.values() if row.generation == generation and row.listing]
        listings = [listing for listing in listings if after is None or listing.order < after]
        return sorted(listings, key=lambda listing: listing.order, reverse=True)[:limit]

    def ids_by_address(self, claim: str, generation: int) -> list[str]:
        rows = [row for row in self.stored.values() if row.generation == generation and row.listing]
        return [row.customer_id for row in rows if row.listing and row.listing.address == claim]

    def get_many(self, customer_ids: Iterable[str], generation: int) -> dict[str, Row]:
        return {id_: row for id_ in customer_ids if (row := self.stored.get((id_, generation)))}

    def all_rows(self, customer_id: str) -> list[Row]:
        return [row for row in self.stored.values() if row.customer_id == customer_id]

    def parked(self, generation: int) -> Iterator[Row]:
        rows = [row for row in self.stored.values() if row.parked and row.generation == generation]
        return iter(sorted(rows, key=lambda row: row.parked.since if row.parked else ""))

    def rows(self, generation: int, segment: int, total_segments: int, start: Mapping[str, str] | None) -> RowPage:
        return self._segment(lambda row: row.generation == generation, segment, total_segments)

    def retired_rows(
        self, generations: Generations, segment: int, total_segments: int, start: Mapping[str, str] | None
    ) -> RowPage:
        return self._segment(
            lambda row: row.generation <= generations.newest and row.generation not in generations.fed,
            segment,
            total_segments,
        )

    def other_rows(
        self, fed: Sequence[int], segment: int, total_segments: int, start: Mapping[str, str] | None
    ) -> RowPage:
        return self._segment(lambda row: row.generation not in fed, segment, total_segments)

    def remove_unassigned(self, rows: Sequence[Row], generations: Generations) -> bool:
        if self.revision() != generations.revision:
            return False
        self.remove(rows)
        return True

    def _segment(self, wanted: Callable[[Row], bool], segment: int, total_segments: int) -> RowPage:
        rows = [row for row in self.stored.values() if wanted(row)]
        return RowPage([r for r in rows if zlib.crc32(r.customer_id.encode()) % total_segments == segment], None)

    def remove(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.stored.pop((row.customer_id, row.generation), None)

    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        return [self._write(write) for write in writes]

    def _write(self, write: Write) -> WriteResult:
        self.interfere(write)
        row = write.row
        if row.customer_id in self.failing:
            return WriteResult.FAILED
        if self.refuses(row) or (row.listing and len(row.listing.document.encode()) > _ITEM_BYTES):
            return WriteResult.REFUSED
        if _condition(self.stored.get((row.customer_id, row.generation))) != _condition(write.replaces):
            return WriteResult.CONFLICT
        self.stored[row.customer_id, row.generation] = replace(row, misplaced=False)
        self.history.append((row.customer_id, row.version))
        return WriteResult.APPLIED


def _condition(row: Row | None) -> tuple[int, int] | None:
    return (row.version, row.attempts) if row else None


class InMemoryGenerations:
    """Stores the record of generations; see `projections.generations.GenerationStore`."""

    def __init__(self) -> None:
        self.saved = Generations()

    def load(self) -> Generations:
        return self.saved

    def save(self, generations: Generations) -> Generations:
        if generations.revision != self.saved.revision:
            raise GenerationsChanged
        self.saved = replace(generations, revision=generations.revision + 1)
        return self.saved


class InMemoryProgress:
    """Stores checkpoints; see `projections.maintenance.progress.ProgressStore`."""

    def __init__(self) -> None:
        self.saved: dict[tuple[str, int], SegmentProgress] = {}

    def load(self, job: str, segments: int) -> list[SegmentProgress]:
        return [self.saved.get((job, segment), SegmentProgress(segment)) for segment in range(segments)]

    def save(self, job: str, progress: SegmentProgress) -> None:
        self.saved[job, progress.segment] = progress

    def create(self, job: str, progress: SegmentProgress) -> SegmentProgress:
        return self.saved.setdefault((job, progress.segment), progress)

    def remove(self, job: str) -> None:
        for key in [key for key in self.saved if key[0] == job]:
            del self.saved[key]


def reader_over(read_model: InMemoryReadModel) -> Reader:
    """Return a reader of this read model, with the first generation active."""
    return Reader(read_model, InMemoryGenerations())
