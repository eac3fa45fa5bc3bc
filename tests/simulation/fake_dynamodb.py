"""A DynamoDB client like boto3's over the simulated server, with botocore's retries and every fault.

At every call another actor may step in, the function may die, and the request or its response may be lost.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from tests.simulation.database import Database
from tests.simulation.errors import EXCEPTIONS, cancelled, refused, trouble
from tests.simulation.faults import Faults
from tests.simulation.signals import Crash, NotSimulated

_TRIES: Final = 3  # shared/runtime/clients.py, total_max_attempts
_BACK_OFF_SECONDS: Final = 0.05
_EXPRESSION: Final = {"ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
_KNOWN: Final[Mapping[str, set[str]]] = {
    "put_item": {"TableName", "Item", "ReturnValuesOnConditionCheckFailure", *_EXPRESSION},
    "update_item": {"TableName", "Key", "UpdateExpression", "ReturnValuesOnConditionCheckFailure", *_EXPRESSION},
    "delete_item": {"TableName", "Key", "ReturnValuesOnConditionCheckFailure", *_EXPRESSION},
    "query": {
        "TableName", "IndexName", "KeyConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues",
        "ConsistentRead", "ProjectionExpression", "ScanIndexForward", "PaginationConfig", "Limit", "ExclusiveStartKey",
    },
    "scan": {
        "TableName", "Segment", "TotalSegments", "ConsistentRead", "Limit", "ExclusiveStartKey", "FilterExpression",
        "ExpressionAttributeNames", "ExpressionAttributeValues", "PaginationConfig",
    },
}  # fmt: skip


class Surroundings(Protocol):
    """What a client needs from its world."""

    faults: Faults

    def interlude(self) -> None:
        """Perhaps let others step."""

    def later(self, effect: Callable[[], object]) -> None:
        """Carry out a request later: its sender gave up on it, the network did not."""

    def pass_time(self, seconds: float) -> None:
        """Let a number of seconds pass."""


class FakeDynamoDb:
    """The client.

    Attributes:
        calls: Calls made.
    """

    exceptions = EXCEPTIONS

    def __init__(self, database: Database, world: Surroundings, page_items: int) -> None:
        self.calls = 0
        self._database = database
        self._world = world
        self._page_items = page_items

    def get_item(self, **params: Any) -> Any:
        return self._call("get_item", lambda: self._database.get_item(**params))

    def put_item(self, **params: Any) -> Any:
        return self._call("put_item", self._conflicting("put_item", params), params)

    def update_item(self, **params: Any) -> Any:
        return self._call("update_item", self._conflicting("update_item", params), params)

    def delete_item(self, **params: Any) -> Any:
        return self._call("delete_item", self._conflicting("delete_item", params), params)

    def transact_write_items(self, **params: Any) -> Any:
        return self._call("transact_write_items", self._transaction(params))

    def batch_get_item(self, **params: Any) -> Any:
        return self._call("batch_get_item", lambda: self._some_keys(params))

    def batch_write_item(self, **params: Any) -> Any:
        return self._call("batch_write_item", lambda: self._some_items(params))

    def batch_execute_statement(self, **params: Any) -> Any:
        return self._call("batch_execute_statement", lambda: self._some_statements(params))

    def describe_table(self, *, TableName: str) -> Any:  # noqa: N803 - boto3's name
        """DynamoDB counts the items every six hours or so. What the count is for can do with any number."""
        return self._call("describe_table", lambda: {"Table": {"ItemCount": self._database.size_of(TableName)}})

    def query(self, **params: Any) -> Any:
        limit = min(params["Limit"], self._page_items)
        return {"Items": self._call("query", lambda: self._database.query(params, None, limit), params)[0]}

    def scan(self, **params: Any) -> Any:
        start = params.get("ExclusiveStartKey")
        table = self._database.tables[params["TableName"]]
        limit = min(params.get("Limit", 1000), max(self._page_items, 40))
        first = table.exact_key(start) if start else None
        items, last = self._call("scan", lambda: self._database.scan(params, first, limit), params)
        return {"Items": items, **({"LastEvaluatedKey": table.attributes_of(last)} if last else {})}

    def get_paginator(self, operation: str) -> "Paginator":
        if operation not in ("query", "scan"):
            raise NotSimulated(f"the paginator of {operation}")
        return Paginator(self, operation)

    def pages(self, operation: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The pages of a query or a scan, each read on demand."""
        read = getattr(self._database, operation)
        limit = min(params.get("PaginationConfig", {}).get("PageSize", self._page_items), self._page_items)
        start = None
        while True:
            items, start = self._call(operation, partial(read, params, start, limit), params)
            yield {"Items": items}
            if start is None:
                return

    def __getattr__(self, operation: str) -> Any:
        raise NotSimulated(f"the operation {operation}")

    # Faults.

    def _call(self, operation: str, effect: Callable[[], Any], params: Mapping[str, Any] | None = None) -> Any:
        if params is not None and not params.keys() <= _KNOWN[operation]:
            raise NotSimulated(f"{operation} with {params.keys() - _KNOWN[operation]}")
        world, faults = self._world, self._world.faults
        self.calls += 1
        world.interlude()
        if faults.happens("crash_before", faults.mix.crash / 2):
            raise Crash(operation)
        result = self._tried(operation, effect)
        if faults.happens("crash_after", faults.mix.crash / 2):
            raise Crash(operation)
        return result

    def _tried(self, operation: str, effect: Callable[[], Any]) -> Any:
        faults, failed = self._world.faults, ""
        kind = faults.on_try()
        for _ in range(_TRIES):
            if kind is None:
                return effect()
            self._suffer(kind, effect)
            failed = kind
            kind = kind if faults.lasts() else faults.on_try()
        raise trouble(failed, operation)

    def _suffer(self, kind: str, effect: Callable[[], Any]) -> None:
        if kind == "lost_answer":
            _ignoring(effect)
        elif kind == "late_effect":
            self._world.later(lambda: _ignoring(effect))
        self._world.pass_time(_BACK_OFF_SECONDS)
        self._world.interlude()

    def _conflicting(self, operation: str, params: Mapping[str, Any]) -> Callable[[], Any]:
        """A single write, which a transaction on the same item may refuse."""
        faults, write = self._world.faults, getattr(self._database, operation)

        def effect() -> Any:
            if faults.happens("write_conflict", faults.mix.conflict / 4):
                raise refused("TransactionConflictException", operation)
            return write(**params)

        return effect

    def _transaction(self, params: Mapping[str, Any]) -> Callable[[], Any]:
        """A transaction. The client's own retries carry one token, so that only the first success has an effect."""
        faults = self._world.faults
        done: list[Any] = []

        def effect() -> Any:
            if done:
                return {}
            if faults.happens("transaction_conflict", faults.mix.conflict):
                # Any item may be the contended one, such as the last in the list.
                reasons = [{"Code": "None"}] * (len(params["TransactItems"]) - 1)
                raise cancelled([*reasons, {"Code": "TransactionConflict"}])
            result = self._database.transact_write_items(**params)
            done.append(result)
            return result

        return effect

    def _some_keys(self, params: Mapping[str, Any]) -> Any:
        faults = self._world.faults
        if not faults.happens("unprocessed_keys", faults.mix.partial):
            return self._database.batch_get_item(**params)
        [(name, request)] = params["RequestItems"].items()
        keys = list(request["Keys"])
        cut = len(keys) // 2
        left = {name: {**request, "Keys": keys[cut:]}}
        if not cut:
            return {"Responses": {}, "UnprocessedKeys": left}
        answer = self._database.batch_get_item(RequestItems={name: {**request, "Keys": keys[:cut]}})
        return {**answer, "UnprocessedKeys": left}

    def _some_items(self, params: Mapping[str, Any]) -> Any:
        faults = self._world.faults
        if not faults.happens("unprocessed_items", faults.mix.partial):
            return self._database.batch_write_item(**params)
        [(name, requests)] = params["RequestItems"].items()
        self._database.batch_write_item(RequestItems={name: requests[1:]})
        return {"UnprocessedItems": {name: requests[:1]}}

    def _some_statements(self, params: Mapping[str, Any]) -> Any:
        """Executes statements one by one: others may write in between, and each may fail on its own."""
        faults, database = self._world.faults, self._database
        if not faults.happens("failed_statement", faults.mix.partial):
            return database.batch_execute_statement(**params)
        statements = params["Statements"]
        cut = len(statements) // 2
        failed: dict[str, Any] = {"Error": {"Code": "ThrottlingError", "Message": "simulated"}}
        if faults.happens("failed_after_all", faults.mix.partial):
            database.batch_execute_statement(Statements=[statements[cut]])
            failed = {"Error": {"Code": "InternalServerError", "Message": "simulated"}}
        done = [database.execute(each["Statement"], each["Parameters"]) for each in statements[:cut]]
        self._world.interlude()
        rest = [database.execute(each["Statement"], each["Parameters"]) for each in statements[cut + 1 :]]
        return {"Responses": [*done, failed, *rest]}


class Paginator:
    """`client.get_paginator(...)`."""

    def __init__(self, client: FakeDynamoDb, operation: str) -> None:
        self._client = client
        self._operation = operation

    def paginate(self, **params: Any) -> Iterator[dict[str, Any]]:
        return self._client.pages(self._operation, params)


def _ignoring(effect: Callable[[], Any]) -> None:
    try:
        effect()
    except ClientError:
        return
