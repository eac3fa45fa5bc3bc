"""What the record of generations says about a single generation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from projections.row import LISTING_SHARDS

# A page of the list takes one query for each shard.
MOST_SHARDS: Final = 64


@dataclass(frozen=True, slots=True)
class GenerationDetails:
    """Facts about one generation.

    Attributes:
        number: The generation, from 1.
        shards: Over how many partitions the indexes spread its rows, and a view that counts customers its counters, 1
            to `MOST_SHARDS`. It never changes.
        verified_at: When it was last found equal to the event table, before a switch: RFC 3339, UTC; empty if never.
        customers: The number of customers compared then.
        unknown: Stored fields that a later release added. They are written back unchanged.
    """

    number: int
    shards: int = LISTING_SHARDS
    verified_at: str = ""
    customers: int = 0
    unknown: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)
