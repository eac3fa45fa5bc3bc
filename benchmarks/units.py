"""Calculates what a DynamoDB call costs by AWS's documentation, from the call and the contents of the tables.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READ_UNIT_BYTES: Final = 4096
WRITE_UNIT_BYTES: Final = 1024
INDEX: Final = "listing"
# Sparse, and has nothing but keys: an entry takes one unit, and a changed key is a removal and a new entry.
ADDRESS_INDEX: Final = "address"
# Keys of the table and the index that every index entry contains in addition to the projected attributes.
_INDEX_KEYS: Final = ("customer_id", "generation", "listing_shard")
_INDEX_KEYS_BYTES: Final = sum(map(len, _INDEX_KEYS)) + 36 + 2 + 3

_SETS: Final = re.compile(r"SET (\w+)=\?")

Item = Mapping[str, Any]


@dataclass(slots=True)
class Units:
    """Read and write units.

    Attributes:
        read: Read request units.
        write: Write request units.
    """

    read: float = 0.0
    write: float = 0.0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.read + other.read, self.write + other.write)

    def __str__(self) -> str:
        return f"{self.read:g} R {self.write:g} W"


@dataclass(slots=True)
class Bill:
    """Units by table, or by table and index."""

    items: dict[str, Units] = field(default_factory=dict)

    def add(self, where: str, units: Units) -> None:
        """Add units to a table or index."""
        self.items[where] = self.items.get(where, Units()) + units

    @property
    def total(self) -> Units:
        """The sum of all units."""
        return sum(self.items.values(), Units())


def item_bytes(item: Item) -> int:
    """Return the billed size of an item: its names and values in UTF-8."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "N":
            return math.ceil(len(content.strip("-")) / 2) + 1
        case "M":
            return 3 + sum(len(name.encode()) + 1 + _value_bytes(inner) for name, inner in content.items())
        case _:
            return len(str(content).encode())


def read_units(size: int, *, consistent: bool) -> Units:
    """Return the units of a read. Reading nothing costs as much as reading the smallest item.

    Args:
        size: Bytes read.
        consistent: An eventually consistent read costs half.
    """
    return Units(read=max(1, math.ceil(size / READ_UNIT_BYTES)) * (1 if consistent else 0.5))


def write_units(size: int, *, transactional: bool = False) -> Units:
    """Return the units of a write, whether it is refused or not.

    Args:
        size: Bytes of the item before or after the write, whichever is larger.
        transactional: Costs twice as much, for prepare and commit.
    """
    return Units(write=max(1, math.ceil(size / WRITE_UNIT_BYTES)) * (2 if transactional else 1))


def _consistent(params: Mapping[str, Any]) -> bool:
    return bool(params.get("ConsistentRead"))


def _changed_address(table: str, before: Item, after: Item) -> Iterator[tuple[str, Units]]:
    """The entries of the index `address` that a write removes and adds."""
    old, new = before.get("address"), after.get("address")
    entries = sum(each is not None for each in (old, new)) if old != new else 0
    if entries:
        yield f"{table}/{ADDRESS_INDEX}", Units(write=entries)


class CostCalculator:
    """Calculates the cost of a call from the tables' contents before it.

    Args:
        client: A client whose own calls are not counted.
        keys: Table name -> names of its key attributes.
    """

    def __init__(self, client: "DynamoDBClient", keys: Mapping[str, Collection[str]]) -> None:
        self._client = client
        self._keys = keys

    def expected(self, operation: str, params: Mapping[str, Any]) -> list[tuple[str, Units]]:
        """Return the cost of a call by table or index. Call this before the call itself.

        Args:
            operation: Name of the operation, for example `GetItem`.
            params: Arguments of the call.
        """
        match operation:
            case "GetItem":
                size = self._stored(params["TableName"], params["Key"])
                parts = iter([(params["TableName"], read_units(size, consistent=_consistent(params)))])
            case "Query":
                parts = self._query(params)
            case "BatchGetItem":
                parts = self._batch_get(params)
            case "PutItem":
                parts = self._put(params)
            case "TransactWriteItems":
                parts = self._transaction(params)
            case "BatchExecuteStatement":
                parts = (part for statement in params["Statements"] for part in self._statement(statement))
            case _:
                raise ValueError(f"benchmarks/units.py does not know the cost of {operation}: add it there")
        return list(parts)

    def _put(self, params: Mapping[str, Any]) -> Iterator[tuple[str, Units]]:
        yield params["TableName"], write_units(self._written(params))
        if "listing_shard" in params["Item"]:
            yield f"{params['TableName']}/{INDEX}", write_units(item_bytes(params["Item"]))
        yield from _changed_address(params["TableName"], {}, params["Item"])

    def _stored(self, table: str, key: Item) -> int:
        return item_bytes(self._item(table, key))

    def _item(self, table: str, key: Item) -> Item:
        return self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})

    def _written(self, member: Mapping[str, Any]) -> int:
        table, new = member["TableName"], member.get("Item", {})
        key = member.get("Key") or {name: value for name, value in new.items() if name in self._keys[table]}
        return max(item_bytes(new), self._stored(table, key))

    def _transaction(self, params: Mapping[str, Any]) -> Iterator[tuple[str, Units]]:
        for member in params["TransactItems"]:
            [action] = member.values()
            yield action["TableName"], write_units(self._written(action), transactional=True)

    def _query(self, params: Mapping[str, Any]) -> Iterator[tuple[str, Units]]:
        plain = {name: value for name, value in params.items() if name != "ReturnConsumedCapacity"}
        found = self._client.query(**plain)["Items"]
        index = params.get("IndexName")
        size = sum(item_bytes(item) + (_INDEX_KEYS_BYTES if index else 0) for item in found)
        where = f"{params['TableName']}/{index}" if index else params["TableName"]
        yield where, read_units(size, consistent=_consistent(params))

    def _batch_get(self, params: Mapping[str, Any]) -> Iterator[tuple[str, Units]]:
        for table, wanted in params["RequestItems"].items():
            for key in wanted["Keys"]:
                size = self._stored(table, key)
                yield table, read_units(size, consistent=_consistent(wanted))

    def _statement(self, statement: Mapping[str, Any]) -> Iterator[tuple[str, Units]]:
        """Each statement of a batch is a separate write, and changes the index if an indexed value changes."""
        text, values = statement["Statement"], statement["Parameters"]
        [table] = re.findall(r'^(?:INSERT INTO|UPDATE) "([^"]+)"', text)
        if text.startswith("INSERT"):
            item = dict(zip(re.findall(r"'(\w+)'", text), values, strict=True))
            yield table, write_units(item_bytes(item))
            yield from _changed_address(table, {}, item)
            indexed = item_bytes(item) if "listing_shard" in item else 0
        else:
            customer, generation, *_ = values[-4:]
            key = {"customer_id": customer, "generation": generation}
            yield from _changed_address(
                table, self._item(table, key), dict(zip(_SETS.findall(text), values, strict=False))
            )
            before = self._stored(table, key)
            indexed = max(before, item_bytes({"document": values[1]}) + _INDEX_KEYS_BYTES)
            yield table, write_units(indexed)
        if indexed:
            yield f"{table}/{INDEX}", write_units(indexed)
