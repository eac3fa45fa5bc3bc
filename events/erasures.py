"""The customers whose erasure is decided but not finished, and the log of those whose erasure is finished.

Each erased customer is in one of the two from the moment of the decision, and neither is part of the event table. So
they name whom to erase again when an older state of the event table is restored.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UnfinishedErasure:
    """An erasure that has yet to be finished.

    Attributes:
        since: When it was decided: RFC 3339, UTC, 27 characters.
    """

    customer_id: str
    since: str


class Erasures(Protocol):
    """Keeps a note of every erasure from its decision to its end. The event store writes the notes."""

    def unfinished(self) -> list[UnfinishedErasure]:
        """All unfinished erasures, the oldest first, read consistently."""
        ...

    def finished(self, customer_id: str) -> None:
        """Add a customer to the log of erasures and then remove their note; no error if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ErasureLogPage:
    """One page of the log of erasures.

    Attributes:
        customer_ids: In no particular order.
        next: Where the next page starts; None after the last page.
    """

    customer_ids: Sequence[str]
    next: str | None


class ErasureLog(Protocol):
    """The ids of all erased customers, for ever. Nothing removes an entry."""

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: str | None = None, limit: int = 500
    ) -> ErasureLogPage:
        """Read one page, consistently.

        Args:
            segment: From 0.
            total_segments: The number of segments; the same for every page.
            start: `ErasureLogPage.next` of the previous page; None for the first page.
            limit: The maximum number of ids.
        """
        ...

    def missing(self, customer_ids: Collection[str]) -> set[str]:
        """Which of these customers are not in the log, read consistently.

        Raises:
            StoreBusy: Some entries could not be read.
        """
        ...

    def add(self, customer_id: str) -> None:
        """Add an erased customer; no error if the log has them."""
        ...
