"""What can be wrong with a row of the read table."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong with a row."""

    MISSING = "missing"
    """There are events and no row."""
    BEHIND = "behind"
    """Newer events are not in it."""
    AHEAD = "ahead"
    """It has a version that the event table does not have: events were lost there."""
    DIFFERENT = "different"
    """It has the right version and not what the events make."""
    PARKED = "parked"
    """It stands still, and says why."""
    UNREADABLE = "unreadable"
    """The events themselves cannot be folded, and the row is not parked."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One customer whose row is not what their events make.

    Attributes:
        customer_id: Whose.
        kind: What is wrong.
        expected: The version that the row should have.
        found: The version that it has; 0 for none.
        expired: Whether the stream has forgotten the missing event, so that only a repair brings it.
    """

    customer_id: str
    kind: Kind
    expected: int
    found: int
    expired: bool = False
