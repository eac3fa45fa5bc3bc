"""A row of the read table: one customer in one generation of the projection."""

import zlib
from dataclasses import dataclass
from typing import Final

from events.customer import Customer, Erased, State

# One partition takes 1,000 write units a second (DynamoDB docs, "Partitions and data distribution"): four shards of
# the listing keep a busy day's sign-ups off one hot key, and a page still asks only four.
LISTING_SHARDS: Final = 4
# The reason that a redrive leaves in a row while it brings the customer back.
RETURNING: Final = "returning"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a row shows of a customer.

    Attributes:
        document: The API's answer, as one JSON text.
        order: Where it stands in the list: sorts by creation, then id.
    """

    document: str
    order: str


@dataclass(frozen=True, slots=True)
class Parked:
    """Why a customer's projection stands still: an event that no retry cures. Their later events wait behind it.

    Attributes:
        version: The event that cannot be projected.
        reason: Why; holds nothing personal.
        since: When it was first met: RFC 3339, UTC, 27 characters.
        attempts: How often it was tried.
    """

    version: int
    reason: str
    since: str
    attempts: int

    @property
    def is_returning(self) -> bool:
        """Whether a redrive is bringing the customer back: later events wait no more, and the row is still found by
        the next redrive if this one dies.
        """
        return self.reason == RETURNING


@dataclass(frozen=True, slots=True)
class Row:
    """One customer as stored for reading.

    Attributes:
        customer_id: Whose.
        generation: Which run of the projection, from 1.
        version: The newest event that it contains; 0 for a customer who was parked at their first event.
        listing: What is shown; None once the customer is erased. The row itself stays, so that its version keeps
            older events out for ever.
        parked: Why it stands still; None when it does not.
    """

    customer_id: str
    generation: int
    version: int
    listing: Listing | None
    parked: Parked | None = None

    @property
    def attempts(self) -> int:
        """How often the event that it stands still at was tried; 0 when it does not. Parking moves no version, so
        this number tells a writer that the row was parked, or brought back, since it was read.
        """
        return self.parked.attempts if self.parked else 0

    @property
    def listing_shard(self) -> str:
        """Which shard of the listing index holds it."""
        return listing_shard(self.generation, zlib.crc32(self.customer_id.encode()) % LISTING_SHARDS)

    def state(self) -> State | None:
        """The customer as this row has them; None where nothing of them was projected yet."""
        if self.version == 0:
            return None
        if self.listing is None:
            return Erased(self.customer_id, self.version)
        return Customer.model_validate_json(self.listing.document)


def listing_shard(generation: int, shard: int) -> str:
    """The partition key of one shard of the listing index.

    Args:
        generation: From 1.
        shard: From 0 to `LISTING_SHARDS - 1`.
    """
    return f"{generation}#{shard}"


def row_of(state: State, generation: int) -> Row:
    """The row for a customer.

    Args:
        state: As folded.
        generation: From 1.
    """
    listing = None
    if isinstance(state, Customer):
        listing = Listing(document=state.document(), order=f"{state.created_at}#{state.id}")
    return Row(state.id, generation, state.version, listing)
