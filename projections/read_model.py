"""The read model as its readers and writers see it. Its implementation alone knows the read table's shape."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

from projections.row import Listing, Row

FIRST_GENERATION: Final = 1


class Written(Enum):
    """What became of one row of a write."""

    APPLIED = auto()
    """It stands."""
    OUTRUN = auto()
    """Another writer changed the row since it was read: look again."""
    FAILED = auto()
    """A passing failure; the row may stand or not, and a retry finds out."""


@dataclass(frozen=True, slots=True)
class Write:
    """A row to write.

    Attributes:
        row: Its new content.
        replaces: The version it was made from, which must still stand; 0 where there was no row.
    """

    row: Row
    replaces: int


class ReadModel(Protocol):
    """Customers as they are read, by generation."""

    def active_generation(self) -> int:
        """The generation that queries read."""
        ...

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

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Write rows of different customers, each on its own.

        Returns:
            One outcome for each, in their order.
        """
        ...


class ReadModelBusy(Exception):
    """The read table did not answer for every row that was asked for; try again later."""
