"""How the claims table can differ from the events. The events decide: a live customer holds the claim on their address.

Nothing here keeps personal data: of a history, only the claim that it requires is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from events.claims import email_claim
from events.customer import Customer
from events.envelope import Recorded
from events.history import BrokenHistory, fold_or_report
from operations.jobs.claims.table import CustomerAt


class ClaimDifferenceKind(StrEnum):
    """The kinds of difference."""

    MISSING = "missing"
    """A customer's address has no claim, so a second customer can get it."""
    FOREIGN = "foreign"
    """The claim on a customer's address belongs to a customer who does not have this address."""
    SHARED = "shared"
    """Another customer has the same address and holds its claim."""
    ORPHAN = "orphan"
    """A claim belongs to a customer who is erased or has no events, so nobody can get the address."""
    STALE = "stale"
    """A claim belongs to a customer who has another address, so nobody can get the first one."""
    UNREADABLE = "unreadable"
    """The events of the customer, or of the claim's holder, cannot be folded, so the right holder is unknown."""


REPAIRABLE: Final = frozenset(
    {
        ClaimDifferenceKind.MISSING,
        ClaimDifferenceKind.FOREIGN,
        ClaimDifferenceKind.ORPHAN,
        ClaimDifferenceKind.STALE,
    }
)


@dataclass(frozen=True, slots=True)
class ClaimDifference:
    """A claim that differs from the events.

    Attributes:
        claim: Never printed, because it confirms a guessed address. Empty if it is unknown.
        customer: The customer who must hold the claim; None if nobody is known to.
        holder: The customer who holds the claim; None if nobody does.
    """

    kind: ClaimDifferenceKind
    claim: str = field(repr=False)
    customer: CustomerAt | None
    holder: CustomerAt | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a customer's events say about claims.

    Attributes:
        customer: The customer, as of the newest event.
        claim: The claim that the customer must hold; None if the customer is erased, has no events, or is unreadable.
        is_readable: Whether the events can be folded.
    """

    customer: CustomerAt
    claim: str | None = field(repr=False)
    is_readable: bool = True


def standing_of(customer_id: str, records: Sequence[Recorded]) -> Standing:
    """Reduce a customer's events to the claim that they require.

    Args:
        records: All records of the customer, in version order.
    """
    state = fold_or_report(records)
    customer = CustomerAt(customer_id, state.version if state else 0)
    if isinstance(state, BrokenHistory):
        return Standing(customer, None, is_readable=False)
    return Standing(customer, email_claim(state.email) if isinstance(state, Customer) else None)


def compare_customer(standing: Standing, holder: Standing | None) -> ClaimDifference | None:
    """Compare what a customer's events require with the claims table.

    Args:
        holder: Of the customer who holds the claim that `standing` requires; None if nobody does.
    """
    customer = standing.customer
    if not standing.is_readable:
        return ClaimDifference(ClaimDifferenceKind.UNREADABLE, "", customer, None)
    if standing.claim is None:
        return None
    if holder is None:
        return ClaimDifference(ClaimDifferenceKind.MISSING, standing.claim, customer, None)
    if holder.customer.customer_id == customer.customer_id:
        return None
    kind = ClaimDifferenceKind.FOREIGN
    if not holder.is_readable:
        kind = ClaimDifferenceKind.UNREADABLE
    elif holder.claim == standing.claim:
        kind = ClaimDifferenceKind.SHARED
    return ClaimDifference(kind, standing.claim, customer, holder.customer)


def compare_claim(claim: str, holder: Standing) -> ClaimDifference | None:
    """Compare a claim with the events of its holder. A holder who cannot be read is found by `compare_customer`."""
    if not holder.is_readable or holder.claim == claim:
        return None
    kind = ClaimDifferenceKind.STALE if holder.claim else ClaimDifferenceKind.ORPHAN
    return ClaimDifference(kind, claim, None, holder.customer)
