"""What the record of generations says about a single generation."""

from dataclasses import dataclass
from typing import Final

from projections.row import LISTING_SHARDS

# A page of the list takes one query for each shard.
MOST_SHARDS: Final = 64


@dataclass(frozen=True, slots=True)
class GenerationDetails:
    """Facts about one generation.

    Attributes:
        number: The generation, from 1.
        shards: Over how many partitions the indexes spread its rows, 1 to `MOST_SHARDS`. It never changes.
        verified_at: When it was last found equal to the event table, before a switch: RFC 3339, UTC; empty if never.
        customers: The number of customers compared then.
    """

    number: int
    shards: int = LISTING_SHARDS
    verified_at: str = ""
    customers: int = 0
