"""Tables in plain dicts. Items are replaced and never changed in place, so an old image is just a reference."""

import zlib
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from tests.simulation.expressions import Item
from tests.simulation.signals import NotSimulated

Key = tuple[str, int]


class Change(NamedTuple):
    """One item before and after a write. None means that it does not exist."""

    table: str
    key: Key
    old: Item | None
    new: Item | None


class Index(NamedTuple):
    """A global secondary index. One without a sort key has an empty `order`."""

    partition: str
    order: str = ""


class Table:
    """One table with the key (string, number), or (string) alone.

    Attributes:
        partitions: Items by partition key and sort key.
        places: Where a scan meets each item, in order.
        before: The item under a key before its last change, and when that was.
        members: For each index and index partition, the keys that are or were in it.
    """

    def __init__(self, name: str, partition: str, sort: str = "", **indexes: Index) -> None:
        self.name: Final = name
        self.partition: Final = partition
        self.sort: Final = sort
        self.indexes: Final = indexes
        self.partitions: dict[str, dict[int, Item]] = {}
        self.places: list[tuple[int, str, int]] = []
        self.before: dict[Key, tuple[float, Item | None]] = {}
        self.members: dict[tuple[str, Any], dict[Key, None]] = {}

    def key(self, attributes: Mapping[str, Any]) -> Key:
        """The key of an item or a Key parameter."""
        return attributes[self.partition]["S"], int(attributes[self.sort]["N"]) if self.sort else 0

    def exact_key(self, attributes: Mapping[str, Any]) -> Key:
        """The key of a parameter that must hold the key and nothing else."""
        if len(attributes) != (2 if self.sort else 1):
            raise NotSimulated(f"{self.name}: the key {attributes}")
        return self.key(attributes)

    def attributes_of(self, key: Key) -> dict[str, Any]:
        """The attributes of a key."""
        return {self.partition: {"S": key[0]}, **({self.sort: {"N": str(key[1])}} if self.sort else {})}

    def get(self, key: Key) -> Item | None:
        """The current item."""
        items = self.partitions.get(key[0])
        return items.get(key[1]) if items else None

    def replace(self, key: Key, new: Item | None, now: float) -> Change:
        """Write an item, or delete it with None."""
        items = self.partitions.setdefault(key[0], {})
        old = items.get(key[1])
        if old is None:
            insort(self.places, place_in_scan(key))
        if new is None:
            items.pop(key[1], None)
            self.places.remove(place_in_scan(key))
        else:
            items[key[1]] = new
            for name, index in self.indexes.items():
                if index.partition in new:
                    place = name, next(iter(new[index.partition].values()))
                    self.members.setdefault(place, {})[key] = None
        self.before[key] = now, old
        return Change(self.name, key, old, new)

    def all(self) -> Iterator[tuple[Key, Item]]:
        """Every item."""
        for first, items in self.partitions.items():
            for second, item in items.items():
                yield (first, second), item


def place_in_scan(key: Key) -> tuple[int, str, int]:
    """Where a scan meets an item: in an arbitrary order that is always the same."""
    return place_of(key[0]), key[0], key[1]


@lru_cache(maxsize=4096)
def place_of(text: str) -> int:
    """A number that spreads strings evenly, the same in every process."""
    return zlib.crc32(text.encode())


Watch = Callable[[list[Change]], None]


def our_tables() -> list[Table]:
    """The tables of template.yml."""
    read = Table(
        "read",
        "customer_id",
        "generation",
        listing=Index("listing_shard", "listing_order"),
        parked=Index("parked_in", "parked_since"),
        address=Index("address"),
    )
    others = Table("claims", "claim"), Table("erasures", "customer_id"), Table("erasure-log", "customer_id")
    return [Table("events", "customer_id", "version"), read, *others]
