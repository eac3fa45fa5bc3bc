"""The items of a view that counts customers: its rows, and the counters beside them in the read table."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from projections.dynamodb_keys import item_key, key_of_row, version_attribute
from projections.dynamodb_row import UNIT_BYTES, content_of, size_of, to_row
from projections.read_model import Write
from projections.row import Row
from projections.shards import shard_of
from projections.view import View

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# A sort key of the read table is a number, and DynamoDB keeps 38 decimal digits. 120 bits have at most 37.
_NUMBER_BYTES: Final = 15
_NAMES: Final = {"#group": "group", "#customers": "customers"}


@dataclass(frozen=True, slots=True)
class CounterKey:
    """Which counter: those of one customer are always in the same shard, so no counter ever falls below zero."""

    generation: int
    shard: int
    group: str


@dataclass(frozen=True, slots=True)
class Move:
    """What a transaction does to a counter.

    Attributes:
        customers: How many it gains; negative if it loses some. Never 0.
        at: When the newest of the events happened: RFC 3339, UTC, 27 characters.
        found: How many the counter has, if it has no more than it loses; None if that is unknown.
    """

    customers: int
    at: str
    found: int | None = None


def content_of_counted(row: Row, shards: int, view: View) -> "dict[str, AttributeValueTypeDef | None]":
    """Return a row's attributes other than its key; None for those that it does not have."""
    counted_in: AttributeValueTypeDef | None = {"S": row.group} if row.group is not None else None
    of_every_view = content_of(row, shards, view)
    return {
        name: of_every_view[name]
        for name in (
            version_attribute(view), "parked_in", "parked_since", "parked_version", "parked_reason", "parked_attempts",
        )
    } | {"counted_in": counted_in}  # fmt: skip


def to_counted_row(item: Mapping[str, Any], shards: int | None, view: View) -> Row:
    """Read a row from an item; see `projections.dynamodb_row.to_row`."""
    return replace(to_row(item, shards, view), group=item.get("counted_in", {}).get("S"))


def row_units(row: Row, shards: int, view: View) -> int:
    """Return the write units of a plain write of a row, in the table and in the index `parked`."""
    content = {name: value for name, value in content_of_counted(row, shards, view).items() if value is not None}
    item = {**key_of_row(view, row.customer_id, row.generation), **content}
    return ceil(size_of(item) / UNIT_BYTES) + (1 if row.parked else 0)


def moves_of(writes: Iterable[Write], shards: int, now: str) -> dict[CounterKey, Move]:
    """Return what a transaction of these writes does to counters. A counter that stays as it is has no place in it.

    Args:
        shards: The number of shards of the rows' generation.
        now: When the writes happen, for those of unknown events.
    """
    moves: dict[CounterKey, Move] = {}
    for write in writes:
        row, replaced, at = write.row, write.replaces, write.at or now
        for group, customers in ((replaced.group if replaced else None, -1), (row.group, 1)):
            if group is not None:
                key = CounterKey(row.generation, shard_of(row.customer_id, shards), group)
                known = moves.get(key, Move(0, at))
                moves[key] = Move(known.customers + customers, max(known.at, at))
    return {key: move for key, move in moves.items() if move.customers}


def counter_number(group: str) -> int:
    """Return the sort key of a group's counters."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:_NUMBER_BYTES])


def counters_id(view: View, generation: int, shard: int) -> str:
    """Return the partition key of all counters of one shard. No customer id is `counts`."""
    return f"#{view.name}#counts#{generation}#{shard}"


def key_of_counter(view: View, key: CounterKey) -> "dict[str, AttributeValueTypeDef]":
    """Return the key of a counter's item."""
    return item_key(counters_id(view, key.generation, key.shard), counter_number(key.group))


def move_item(table: str, view: View, key: CounterKey, move: Move) -> Any:
    """Build the item of a transaction that moves a counter.

    The last customer of a group takes the counter along: a text that one person wrote must not outlive the person. So
    a loss needs more customers than it takes, or all that there are.
    """
    common = {"TableName": table, "Key": key_of_counter(view, key), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    number = {"N": str(abs(move.customers))}
    if move.found is not None:
        return {
            "Delete": {
                **common,
                "ConditionExpression": "#customers = :found",
                "ExpressionAttributeNames": {"#customers": "customers"},
                "ExpressionAttributeValues": {":found": {"N": str(move.found)}},
            }
        }
    values = {":group": {"S": key.group}, ":at": {"S": move.at}, ":moved": {"N": str(move.customers)}}
    update: dict[str, Any] = {
        **common,
        "UpdateExpression": "SET #group = :group, changed_at = :at ADD #customers :moved",
        "ExpressionAttributeNames": _NAMES,
        "ExpressionAttributeValues": values,
    }
    if move.customers < 0:
        update["ConditionExpression"] = "#customers > :lost"
        values[":lost"] = number
    return {"Update": update}


def fence_version(write: Write) -> int | None:
    """Return the version that must not exist in the event table for a write to be right; None if any may.

    An update from events that are no longer the newest could undo a later one, which was not written because it found
    the row as it had to be. The insert of a row is fenced by the absence of the row, and an erasure is never undone.
    """
    row, replaced = write.row, write.replaces
    if replaced is None or (row.is_empty and row.parked is None):
        return None
    if (row.version, row.group, row.parked) == (replaced.version, replaced.group, replaced.parked):
        return None
    if row.parked and not row.parked.is_returning:
        return row.parked.version + 1
    return row.version + 1


def fence_item(event_table: str, customer_id: str, version: int) -> Any:
    """Build the item of a transaction that fails if a customer has an event of a version."""
    return {
        "ConditionCheck": {
            "TableName": event_table,
            "Key": {"customer_id": {"S": customer_id}, "version": {"N": str(version)}},
            "ConditionExpression": "attribute_not_exists(customer_id)",
        }
    }


def row_item(table: str, view: View, write: Write, content: Mapping[str, Any]) -> Any:
    """Build the item of a transaction that writes a row over the one that it replaces.

    Args:
        content: As returned by `content_of_counted`.
    """
    row, replaced = write.row, write.replaces
    key = key_of_row(view, row.customer_id, row.generation)
    common = {"TableName": table, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    values = {name: value for name, value in content.items() if value is not None}
    if replaced is None:
        return {
            "Put": {**common, "Item": {**key, **values}, "ConditionExpression": "attribute_not_exists(customer_id)"}
        }
    sets = ", ".join(f"{name} = :{name}" for name in values)
    removes = ", ".join(name for name in content if name not in values)
    return {
        "Update": {
            **common,
            "Key": key,
            "UpdateExpression": f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
            "ConditionExpression": f"{version_attribute(view)} = :read_version AND parked_attempts = :read_attempts",
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in values.items()},
                ":read_version": {"N": str(replaced.version)},
                ":read_attempts": {"N": str(replaced.attempts)},
            },
        }
    }
