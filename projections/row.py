"""A row of the read table: one customer in one generation of the projection."""

import zlib
from dataclasses import dataclass
from typing import Final

from events.customer import Customer

# One partition takes 1,000 write units a second (DynamoDB docs, "Partitions and data distribution"): four shards of
# the listing keep a busy day's sign-ups off one hot key, and a page still asks only four.
LISTING_SHARDS: Final = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One customer as stored for reading.

    Attributes:
        customer_id: Whose.
        generation: Which run of the projection, from 1.
        version: The newest event that it contains.
        document: The API's answer, as one JSON text.
        listing_order: Where it stands in the list: sorts by creation, then id.
    """

    customer_id: str
    generation: int
    version: int
    document: str
    listing_order: str

    @property
    def listing_shard(self) -> str:
        """Which shard of the listing index holds it."""
        return listing_shard(self.generation, zlib.crc32(self.customer_id.encode()) % LISTING_SHARDS)


def listing_shard(generation: int, shard: int) -> str:
    """The partition key of one shard of the listing index.

    Args:
        generation: From 1.
        shard: From 0 to `LISTING_SHARDS - 1`.
    """
    return f"{generation}#{shard}"


def row_of(customer: Customer, generation: int) -> Row:
    """The row for a customer.

    Args:
        customer: As folded.
        generation: From 1.
    """
    return Row(
        customer_id=customer.id,
        generation=generation,
        version=customer.version,
        document=customer.document(),
        listing_order=f"{customer.created_at}#{customer.id}",
    )
