"""The claims table as operators' jobs see it: who holds which claim, and a way to correct a single claim.

Commands change claims together with an event (`EventStore.append`) and never use this.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

# The keys of claims. The table may have other items.
CLAIM_PREFIX: Final = "email#"


@dataclass(frozen=True, slots=True)
class CustomerAt:
    """A customer as of a version.

    Attributes:
        version: The newest version that was read; 0 if the customer has no events.
    """

    customer_id: str
    version: int


NOBODY: Final = CustomerAt("", 0)
"""The holder of an item that names no customer, which our code never writes."""


@dataclass(frozen=True, slots=True)
class HeldClaim:
    """A claim, and the id of the customer who holds it: the one of `NOBODY` if the item names no customer."""

    claim: str
    holder: str


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """One page of the claims table.

    Attributes:
        claims: In no particular order.
        next: Where the next page starts; None after the last page.
    """

    claims: Sequence[HeldClaim]
    next: str | None


class ClaimsTable(Protocol):
    """All claims."""

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: str | None = None, limit: int = 500
    ) -> ClaimPage:
        """Read one page of claims, consistently. Items that are not claims are left out.

        Args:
            segment: From 0.
            total_segments: The number of segments; the same for every page.
            start: `ClaimPage.next` of the previous page; None for the first page.
            limit: The maximum number of claims.
        """
        ...

    def holders(self, claims: Collection[str]) -> Mapping[str, str]:
        """Return the holder's customer id for each of these claims that is held, read consistently.

        Raises:
            StoreBusy: Some claims could not be read.
        """
        ...

    def move(self, claim: str, holder: CustomerAt | None, to: CustomerAt | None) -> bool:
        """Take a claim from its holder and give it to another customer, in one conditional write.

        Nothing is written if the claim has another holder than expected, or if one of the two customers has an event
        after the given version: that event may have changed the claim.

        Args:
            holder: Who is expected to hold the claim; None if nobody does.
            to: Who holds the claim afterwards; None to release it.

        Returns:
            Whether the claim was changed.
        """
        ...
