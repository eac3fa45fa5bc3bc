"""The customers whose erasure is decided but not finished: some of their events may still have data."""

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
        """Remove a customer's note; no error if there is none."""
        ...
