"""Defects of the indexes' shards, each of which leaves somebody out of a list."""

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any, Final

from projections.dynamodb_read_model import DynamoDbReadModel
from projections.row import LISTING_SHARDS
from projections.shards import Shards, listing_key, parked_key
from tests.simulation.mutations.base import Mutation, one


def _page_of(self: Any, generation: int, limit: int, after: str | None, shards: int) -> list[Any]:
    found = [self._query_shard(listing_key(generation, shard), limit, after) for shard in range(shards)]
    return list(islice(merge(*found, key=lambda listing: listing.order, reverse=True), limit))


def _of_todays_shards(self: Any, generation: int, limit: int, after: str | None) -> list[Any]:
    return _page_of(self, generation, limit, after, LISTING_SHARDS)


def _without_the_last_shard(self: Any, generation: int, limit: int, after: str | None) -> list[Any]:
    return _page_of(self, generation, limit, after, max(1, self._shards.of(generation) - 1))


def _first_shard_only(self: Any, generation: int) -> Iterator[Any]:
    return self._query_parked(parked_key(generation, 0))  # type: ignore[no-any-return]


def _of_the_first_generation(self: Any, generation: int) -> int:
    """Keep one number for every generation."""
    if not self._known:
        self._known[1] = self._load().details_of(generation).shards
    return self._known[1]  # type: ignore[no-any-return]


SHARDS: Final[tuple[Mutation, ...]] = (
    one("a list read with another number of shards", DynamoDbReadModel, "page", _of_todays_shards),
    one("a list without its last shard", DynamoDbReadModel, "page", _without_the_last_shard),
    one("parked customers of the first shard only", DynamoDbReadModel, "parked", _first_shard_only),
    one("the shards of one generation taken for those of all", Shards, "of", _of_the_first_generation),
)
