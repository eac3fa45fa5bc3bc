"""How the rows of one generation are spread over the partitions of the read table's indexes.

A partition of an index takes 1,000 write units a second (DynamoDB docs, "Partitions and data distribution"), so one
partition for a whole generation would limit every rebuild and every redrive to that.
"""

import zlib
from collections.abc import Callable
from typing import Final

from projections.customers import CUSTOMERS
from projections.generations import Generations
from projections.row import LISTING_SHARDS
from projections.view import View

# More generations than a view will ever have. The views' numbers are multiples of it.
_GENERATIONS_OF_A_VIEW: Final = 1_000_000


class Shards:
    """The number of shards of each generation.

    The number is in the record of generations from the moment in which a generation begins, and never changes. Numbers
    of generations are never used again. So what was read once holds for the life of a process.
    """

    def __init__(self, load: Callable[[], Generations]) -> None:
        """
        Args:
            load: Returns the record of generations, read consistently.
        """
        self._load = load
        self._known: dict[int, int] = {}

    def of(self, generation: int) -> int:
        """Return the number of shards of a generation."""
        if generation not in self._known:
            record = self._load()
            if generation > record.newest:
                # It may begin later, with another number.
                return LISTING_SHARDS
            self._known[generation] = record.details_of(generation).shards
        return self._known[generation]


def shard_of(customer_id: str, shards: int) -> int:
    """Return the shard of a customer, from 0 to `shards` - 1."""
    return zlib.crc32(customer_id.encode()) % shards


def listing_key(generation: int, shard: int, view: View = CUSTOMERS) -> str:
    """Return the partition key of one shard of the index `listing`."""
    of_view = "" if view.has_plain_keys else f"{view.name}:"
    return f"{of_view}{generation}#{shard}"


def parked_key(generation: int, shard: int, view: View = CUSTOMERS) -> str:
    """Return the partition key of one shard of the index `parked`: a number, with the shard in its two decimals.

    The first shard has the number of the generation alone, which was the key of all its rows before there were shards.
    DynamoDB keeps no trailing zeros.

    The millions are the number of the view.

    >>> parked_key(2, 0), parked_key(2, 1), parked_key(2, 10)
    ('2', '2.01', '2.1')
    """
    return f"{view.number * _GENERATIONS_OF_A_VIEW + generation}.{shard:02}".rstrip("0").rstrip(".")
