"""How a row of the read table can differ from its customer's events."""

from dataclasses import dataclass
from enum import StrEnum


class DifferenceKind(StrEnum):
    """The kinds of difference."""

    MISSING = "missing"
    """There are events but no row."""
    BEHIND = "behind"
    """The row lacks newer events."""
    AHEAD = "ahead"
    """The row has a version that the event table does not have: the event table has lost events."""
    DIFFERENT = "different"
    """The row has the right version but not the content that the events produce."""
    PARKED = "parked"
    """The customer is parked."""
    UNLISTED = "unlisted"
    """The row lacks a key of an index or has a wrong one, so a list or a search lacks the customer."""
    UNREADABLE = "unreadable"
    """The events cannot be folded, and the customer is not parked."""
    UNREDACTED = "unredacted"
    """The customer is erased, and events still have personal data. This is not about a row."""
    MISCOUNTED = "miscounted"
    """A counter has another number than rows with its group. This is about a group of customers."""


class LeftoverKind(StrEnum):
    """The kinds of generations that must not have rows."""

    GIVEN_UP = "given up"
    """The generation was retired or abandoned, and its rows were not removed, or were written after that."""
    NEVER_EXISTED = "never existed"
    """No rebuild has made the generation."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One customer whose row differs from their events, or one counter that differs from its rows.

    Attributes:
        customer_id: For `MISCOUNTED`, a fingerprint of the group: its text is what people wrote.
        expected: The version that the row should have. For `UNREDACTED`, the version of the erasure. For `MISCOUNTED`,
            the number of rows.
        found: The version that the row has; 0 if there is no row. For `UNREDACTED`, the newest version that still has
            personal data. For `MISCOUNTED`, the number that the counter has.
        expired: Whether the missing event is too old to be in the stream, so that only a repair can project it.
    """

    customer_id: str
    kind: DifferenceKind
    expected: int
    found: int
    expired: bool = False
