"""The port to the read table. Only its adapter, `projections.dynamodb_read_model`, knows the table's layout."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from projections.generations import Generations, GenerationStore
from projections.row import Listing, Row
from shared.runtime.errors import TransientFailure


class WriteResult(Enum):
    """What happened to one row of a write."""

    APPLIED = auto()
    """The row was written."""
    CONFLICT = auto()
    """Another writer changed the row after it was read: read it again."""
    FAILED = auto()
    """A transient failure. The row may or may not have been written; a retry finds out."""
    REFUSED = auto()
    """The table refuses this row at every try, for example because it is too large. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Write:
    """A row to write.

    Attributes:
        row: The new content.
        replaces: The row that the new content was computed from; None if there was no row. The write is applied only
            if the stored row still has its version and attempts.
        at: When the newest event in the row happened: RFC 3339, UTC, 27 characters; empty if that is unknown. Only
            views that count customers use it.
    """

    row: Row
    replaces: Row | None
    at: str = ""


@dataclass(frozen=True, slots=True)
class RowPage:
    """One page of a scan.

    Attributes:
        rows: In no particular order.
        next: Where the next page starts, JSON-serializable; None after the last page.
    """

    rows: Sequence[Row]
    next: Mapping[str, str] | None


class RowStore(Protocol):
    """The rows of all generations of a view."""

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        """Return one row, or None if there is none.

        Args:
            consistent: Whether the read must reflect every earlier write, at twice the cost.
        """
        ...

    def get_many(self, customer_ids: Iterable[str], generation: int) -> Mapping[str, Row]:
        """Return the rows of these customers by id, read consistently; customers without a row are left out.

        Raises:
            ReadModelBusy: Some rows could not be read within the allowed tries.
        """
        ...

    def all_rows(self, customer_id: str) -> Sequence[Row]:
        """Return a customer's rows of all generations, also of retired ones, read consistently."""
        ...

    def parked(self, generation: int) -> Iterator[Row]:
        """Return the rows of all parked customers, the longest parked first."""
        ...

    def rows(self, generation: int, segment: int, total_segments: int, start: Mapping[str, str] | None) -> RowPage:
        """Scan a generation, page by page.

        Args:
            segment: From 0.
            total_segments: The number of segments in the scan; the same for every page.
            start: `RowPage.next` of the previous page; None for the first.
        """
        ...

    def retired_rows(
        self, generations: Generations, segment: int, total_segments: int, start: Mapping[str, str] | None
    ) -> RowPage:
        """Scan the rows of every retired generation, page by page, like `rows`.

        This includes generations whose rows were already removed: a writer that was suspended meanwhile may have
        written more.

        Args:
            generations: May be out of date, because a retired generation never comes back.
        """
        ...

    def other_rows(
        self, fed: Sequence[int], segment: int, total_segments: int, start: Mapping[str, str] | None
    ) -> RowPage:
        """Scan the rows of all generations but these, page by page, like `rows`. This includes generations that never
        existed.
        """
        ...

    def remove(self, rows: Sequence[Row]) -> None:
        """Delete rows of a generation that is neither read nor fed.

        Args:
            rows: At most 25.
        """
        ...

    def remove_unassigned(self, rows: Sequence[Row], generations: Generations) -> bool:
        """Delete rows of generations that never existed, unless the record of generations has changed.

        The condition is a part of the write. So rows of a rebuild that starts meanwhile and gets the same number are
        never deleted.

        Args:
            rows: At most 25.
            generations: The record in which these generations do not exist.

        Returns:
            Whether the rows were deleted.
        """
        ...

    def units_of(self, row: Row) -> int:
        """Return the write units that a write or a removal of this row uses, in the table and in its indexes."""
        ...

    def units_of_writes(self, writes: Sequence[Write]) -> int:
        """Return the write units that `write` uses for these writes, in all tables and indexes."""
        ...

    def forget(self, generation: int) -> None:
        """Delete what there is of a generation besides its rows, which were removed."""
        ...

    def write(self, writes: Sequence[Write]) -> Sequence[WriteResult]:
        """Write rows of different customers independently.

        Returns:
            One result for each write, in the same order.
        """
        ...


class ReadModel(RowStore, Protocol):
    """The rows of a view that lists its customers."""

    def page(self, generation: int, limit: int, after: str | None) -> Sequence[Listing]:
        """List customers by creation time, newest first.

        Args:
            limit: The maximum number of customers, from 1.
            after: `Listing.order` of the last customer on the previous page; None for the first page.
        """
        ...

    def ids_by_address(self, claim: str, generation: int) -> Sequence[str]:
        """Return the ids of the customers whom the index `address` has under an e-mail address.

        Normally that is one customer or nobody. The index lags behind the rows, so the rows decide. It also has a
        customer whose row does not show yet that the address went to somebody else.

        Args:
            claim: As `events.claims.email_claim` returns it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """What queries read from.

    Attributes:
        generations: The record that names the active generation.
    """

    rows: ReadModel
    generations: GenerationStore


class ReadModelBusy(TransientFailure):
    """The read table did not process every row of a request. Try again later."""
