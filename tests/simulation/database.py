"""The server side of DynamoDB: what each operation does, without faults. Its parameters are boto3's."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from tests.simulation.errors import cancelled, refused
from tests.simulation.expressions import Item, condition, key_condition, statement, update, value_of
from tests.simulation.signals import NotSimulated
from tests.simulation.tables import Key, Table, Watch, place_in_scan

_NONE: Final[Mapping[str, Any]] = {}
_ITEMS_A_TRANSACTION: Final = 100
_KEYS_A_BATCH: Final = 100
_STATEMENTS_A_BATCH: Final = 25
_FOUND: Final = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}

Stale = Callable[[float], bool]
Plan = tuple[Table, Key, Item | None, Item | None]


def names_of(params: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Expression names as a hashable value, for caching."""
    names = params.get("ExpressionAttributeNames")
    return tuple(names.items()) if names else ()


class Database:
    """Tables and the operations on them."""

    def __init__(self, tables: Iterable[Table], now: Callable[[], float], written: Watch, stale: Stale) -> None:
        """Connect the database to its world.

        Args:
            now: Returns the time.
            written: Called with the changes of each write; those of a transaction come together.
            stale: Whether an eventually consistent read shows the item from before a change of that time.
        """
        self.tables: Final = {table.name: table for table in tables}
        self._now = now
        self._written = written
        self._stale = stale

    # Single items.

    def get_item(self, *, TableName: str, Key: Any, ConsistentRead: bool = False) -> dict[str, Any]:  # noqa: N803
        table = self._table(TableName)
        item = self._seen(table, table.exact_key(Key), consistent=ConsistentRead)
        return {"Item": item} if item else {}

    def put_item(self, **params: Any) -> dict[str, Any]:
        return self._single("Put", params)

    def update_item(self, **params: Any) -> dict[str, Any]:
        return self._single("Update", params)

    def delete_item(self, **params: Any) -> dict[str, Any]:
        return self._single("Delete", params)

    def _single(self, kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
        table, key, old, new = self._plan(kind, params)
        if not self._holds(old, params):
            shown = {"Item": old} if old and params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}
            raise refused("ConditionalCheckFailedException", f"{kind}Item", **shown)
        self._apply([(table, key, old, new)])
        return {}

    def _plan(self, kind: str, params: Mapping[str, Any]) -> Plan:
        table = self._table(params["TableName"])
        key = table.key(params["Item"]) if kind == "Put" else table.exact_key(params["Key"])
        old = table.get(key)
        match kind:
            case "Put":
                new: Item | None = params["Item"]
            case "Update":
                change = update(params["UpdateExpression"], names_of(params))
                new = change(old or dict(params["Key"]), params.get("ExpressionAttributeValues", _NONE))
            case "Delete":
                new = None
            case "ConditionCheck":
                new = old
            case _:
                raise NotSimulated(f"a transaction's {kind}")
        return table, key, old, new

    def _holds(self, old: Item | None, params: Mapping[str, Any]) -> bool:
        text = params.get("ConditionExpression")
        if text is None:
            return True
        return condition(text, names_of(params))(old or {}, params.get("ExpressionAttributeValues", _NONE))

    def _apply(self, plans: Sequence[Plan]) -> None:
        now = self._now()
        changes = [table.replace(key, new, now) for table, key, old, new in plans if old is not new and old != new]
        if changes:
            self._written(changes)

    # Many items.

    def transact_write_items(self, *, TransactItems: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
        if not 1 <= len(TransactItems) <= _ITEMS_A_TRANSACTION:
            raise NotSimulated(f"a transaction of {len(TransactItems)} items")
        members = [next(iter(item.items())) for item in TransactItems]
        plans = [self._plan(kind, params) for kind, params in members]
        if len({(plan[0].name, plan[1]) for plan in plans}) < len(plans):
            raise NotSimulated("a transaction that touches an item twice")
        reasons = [self._reason(plan[2], params) for plan, (_, params) in zip(plans, members, strict=True)]
        if any(reason["Code"] != "None" for reason in reasons):
            raise cancelled(reasons)
        self._apply(plans)
        return {}

    def _reason(self, old: Item | None, params: Mapping[str, Any]) -> dict[str, Any]:
        if self._holds(old, params):
            return {"Code": "None"}
        if old and params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
            return {**_FOUND, "Item": old}
        return _FOUND

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        [(name, request)] = RequestItems.items()
        table, keys = self._table(name), [self._table(name).exact_key(key) for key in request["Keys"]]
        if not 1 <= len(keys) <= _KEYS_A_BATCH or len(set(keys)) < len(keys):
            raise NotSimulated(f"a batch of the keys {keys}")
        found = [self._seen(table, key, consistent=request.get("ConsistentRead", False)) for key in keys]
        wanted = _names(request)
        return {"Responses": {name: [_only(item, wanted) for item in found if item]}, "UnprocessedKeys": {}}

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        [(name, requests)] = RequestItems.items()
        for request in requests:
            [(kind, params)] = request.items()
            self._apply([self._plan(kind.removesuffix("Request"), {"TableName": name, **params})])
        return {"UnprocessedItems": {}}

    def batch_execute_statement(self, *, Statements: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
        if not 1 <= len(Statements) <= _STATEMENTS_A_BATCH:
            raise NotSimulated(f"{len(Statements)} statements")
        return {"Responses": [self.execute(each["Statement"], each["Parameters"]) for each in Statements]}

    def execute(self, text: str, parameters: Sequence[Any]) -> dict[str, Any]:
        """Execute one PartiQL statement of a batch."""
        read = statement(text)
        table = self._table(read.table)
        if read.inserts:
            item = dict(zip(read.inserts, parameters, strict=True))
            key = table.key(item)
            old, new, code = table.get(key), item, "DuplicateItem"
            holds = old is None
        else:
            wanted = list(zip(read.where, parameters[len(read.sets) :], strict=True))
            key = table.key({name: value for (name, _), value in wanted})
            old, code = table.get(key), "ConditionalCheckFailed"
            holds = old is not None and all(
                old.get(name) == value or (optional and name not in old) for (name, optional), value in wanted
            )
            new = {**(old or {}), **dict(zip(read.sets, parameters, strict=False))}
            for name in read.removes:
                new.pop(name, None)
        if not holds:
            return {"Error": {"Code": code, "Message": "simulated"}, "TableName": read.table}
        self._apply([(table, key, old, new)])
        return {"TableName": read.table}

    # Pages.

    def query(self, params: Mapping[str, Any], start: Any, limit: int) -> tuple[list[Item], Any]:
        """One page of a query, and where the next one starts."""
        table = self._table(params["TableName"])
        values = params["ExpressionAttributeValues"]
        found = self._candidates(table, params, values)
        backward = not params.get("ScanIndexForward", True)
        found.sort(key=itemgetter(0), reverse=backward)
        if start is not None:
            found = [each for each in found if (each[0] < start if backward else each[0] > start)]
        wanted = _names(params)
        page = [_only(item, wanted) for _, item in found[:limit]]
        return page, found[limit - 1][0] if len(found) > limit else None

    def _candidates(self, table: Table, params: Mapping[str, Any], values: Any) -> list[tuple[Any, Item]]:
        name, operand, holds = key_condition(params["KeyConditionExpression"])
        index = table.indexes[params["IndexName"]] if "IndexName" in params else None
        if name != (index.partition if index else table.partition):
            raise NotSimulated(f"the key condition {params['KeyConditionExpression']!r}")
        wanted = values[operand]
        if index is None:
            found = self._in_partition(table, wanted["S"], consistent=params.get("ConsistentRead", False))
        else:
            members = list(table.members.get((params["IndexName"], next(iter(wanted.values()))), ()))
            seen = zip(members, self._all_seen(table, members), strict=True)
            found = [
                ((value_of(item[index.order]) if index.order else "", key), item)
                for key, item in seen
                if item and item.get(name) == wanted
            ]
        return [each for each in found if holds(each[1], values)] if holds else found

    def _in_partition(self, table: Table, partition: str, *, consistent: bool) -> list[tuple[Any, Item]]:
        items = table.partitions.get(partition, {})
        if consistent:
            return [((partition, sort), item) for sort, item in items.items()]
        keys = [(partition, sort) for sort in items]
        return [(key, item) for key, item in zip(keys, self._all_seen(table, keys), strict=True) if item]

    def scan(self, params: Mapping[str, Any], start: Key | None, limit: int) -> tuple[list[Item], Key | None]:
        """One page of a scan, and where the next one starts."""
        table = self._table(params["TableName"])
        total, segment = params.get("TotalSegments", 1), params.get("Segment", 0)
        first = bisect_right(table.places, place_in_scan(start)) if start else 0
        places = (place for place in islice(table.places, first, None) if place[0] % total == segment)
        page = [(place[1], place[2]) for place in islice(places, limit)]
        seen = list(map(table.get, page)) if params.get("ConsistentRead") else self._all_seen(table, page)
        text, values = params.get("FilterExpression"), params.get("ExpressionAttributeValues", _NONE)
        kept = condition(text, names_of(params)) if text else None
        items = [item for item in seen if item and (kept is None or kept(item, values))]
        return items, page[-1] if next(places, None) else None

    def size_of(self, name: str) -> int:
        """The number of items in a table."""
        return len(self._table(name).places)

    def _all_seen(self, table: Table, keys: Sequence[Key]) -> list[Item | None]:
        """What an eventually consistent read sees under each key."""
        before, stale, get = table.before, self._stale, table.get
        return [before[key][1] if key in before and stale(before[key][0]) else get(key) for key in keys]

    def _seen(self, table: Table, key: Key, *, consistent: bool) -> Item | None:
        if not consistent and (changed := table.before.get(key)) and self._stale(changed[0]):
            return changed[1]
        return table.get(key)

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise NotSimulated(f"the table {name!r}")
        return self.tables[name]


def _names(params: Mapping[str, Any]) -> list[str]:
    return [name.strip() for name in params.get("ProjectionExpression", "").split(",") if name]


def _only(item: Item, wanted: Sequence[str]) -> Item:
    return {name: item[name] for name in wanted if name in item} if wanted else item
