"""The read model as its readers and writers see it. Its implementation alone knows the read table's shape."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from projections.generations import Generations, GenerationStore
from projections.row import Listing, Row


class Written(Enum):
    """What became of one row of a write."""

    APPLIED = auto()
    """It stands."""
    CONFLICT = auto()
    """Another writer changed the row since it was read: look again."""
    FAILED = auto()
    """A passing failure; the row may stand or not, and a retry finds out."""


@dataclass(frozen=True, slots=True)
class Write:
    """A row to write.

    Attributes:
        row: Its new content.
        replaces: The row that it was made from, which must still stand; None where there was none.
    """

    row: Row
    replaces: Row | None


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows of a reading of a whole generation.

    Attributes:
        rows: In no order.
        next: Where the next page starts; None after the last. Can be kept as JSON.
    """

    rows: Sequence[Row]
    next: Mapping[str, str] | None


class ReadModel(Protocol):
    """Customers as they are read, by generation."""

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        """One row, or None where there is none.

        Args:
            customer_id: Whose.
            generation: Which.
            consistent: Whether it must contain every write that ended before, at twice the cost.
        """
        ...

    def page(self, generation: int, limit: int, after: str | None) -> Sequence[Listing]:
        """Customers by creation, newest first.

        Args:
            generation: Which.
            limit: At most so many, from 1.
            after: The place of the last customer already seen; None for the first page.
        """
        ...

    def current(self, customer_ids: Iterable[str], generation: int) -> Mapping[str, Row]:
        """These customers' rows as they stand now, without the ones that do not exist.

        Raises:
            ReadModelBusy: Some could not be read within the tries it takes.
        """
        ...

    def parked(self, generation: int) -> Iterator[Row]:
        """The rows of all customers who are parked, the longest first.

        Args:
            generation: Which.
        """
        ...

    def rows(self, generation: int, segment: int, total_segments: int, start: Mapping[str, str] | None) -> RowPage:
        """Every row of a generation, page by page.

        Args:
            generation: Which.
            segment: Which part, from 0.
            total_segments: Into how many parts the reading is cut; the same for every page of one reading.
            start: Where the page before ended; None for the first.
        """
        ...

    def rows_given_up(
        self, generations: Generations, segment: int, total_segments: int, start: Mapping[str, str] | None
    ) -> RowPage:
        """Every row of the generations that were given up, page by page, also of those removed before: a writer that
        stood still meanwhile may have left some.

        Args:
            generations: The record, which may be old: no generation ever comes back.
            segment: As above.
            total_segments: As above.
            start: As above.
        """
        ...

    def remove(self, rows: Sequence[Row]) -> None:
        """Remove rows of a generation that nobody reads or feeds.

        Args:
            rows: At most 25.
        """
        ...

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Write rows of different customers, each on its own.

        Returns:
            One outcome for each, in their order.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """What queries read.

    Attributes:
        rows: The rows of all generations.
        generations: Says which of them is read.
    """

    rows: ReadModel
    generations: GenerationStore


class ReadModelBusy(Exception):
    """The read table did not answer for every row that was asked for; try again later."""
