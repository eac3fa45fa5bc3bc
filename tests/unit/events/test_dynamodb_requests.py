"""What the event store and the erasures ask of DynamoDB: whether a read is consistent, how much it reads, and where.

A single server answers an eventually consistent read like a consistent one, so only the request shows the difference.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from events.codec import to_item
from events.dynamodb_erasures import DynamoDbErasureLog, DynamoDbErasures
from events.dynamodb_store import DynamoDbEventStore
from events.erasures import ErasureLogPage, UnfinishedErasure
from events.store import EventPage, StoreBusy
from tests.samples import created, history

ID: Any = {"S": "c-1"}
NEWEST_FIRST: Any = {
    "TableName": "events", "KeyConditionExpression": "customer_id = :id", "ExpressionAttributeValues": {":id": ID},
    "ConsistentRead": True, "ScanIndexForward": False,
}  # fmt: skip
WHOLE: Any = {"Segment": 0, "TotalSegments": 1, "ConsistentRead": True, "Limit": 500}


class RecordingClient:
    """Records each request, and answers with items.

    Attributes:
        requests: The parameters of each request.
        items: The items of each answer.
        last: The `LastEvaluatedKey` of each answer; None for the last page.
    """

    def __init__(self, items: Sequence[Any] = (), last: Any = None) -> None:
        self.requests: list[Any] = []
        self.items = items
        self.last = last

    def query(self, **request: Any) -> Any:
        self.requests.append(request)
        return {"Items": self.items, **({"LastEvaluatedKey": self.last} if self.last else {})}

    scan = put_item = delete_item = query

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
        self.requests.append(RequestItems)
        return {"Responses": dict.fromkeys(RequestItems, self.items), "UnprocessedKeys": {}}

    def get_paginator(self, operation: str) -> Any:
        pages = getattr(self, operation)

        class Paginator:
            def paginate(self, **request: Any) -> list[Any]:
                return [pages(**request)]

        return Paginator()


def store_on(client: RecordingClient) -> DynamoDbEventStore:
    return DynamoDbEventStore(client, "events")  # type: ignore[arg-type]


def log_on(client: Any) -> DynamoDbErasureLog:
    return DynamoDbErasureLog(client, "log", pause=lambda _: None)


@pytest.mark.parametrize(
    ("read", "request_"),
    [
        (lambda store: store.latest("c-1"), {**NEWEST_FIRST, "Limit": 1}),
        (
            lambda store: store.get("c-1", 7),
            {
                **NEWEST_FIRST,
                "KeyConditionExpression": "customer_id = :id AND version = :version",
                "ExpressionAttributeValues": {":id": ID, ":version": {"N": "7"}},
                "Limit": 1,
            },
        ),
        (lambda store: list(store.newest_first("c-1")), NEWEST_FIRST),
        (
            lambda store: store.read("c-1"),
            {
                "TableName": "events",
                "KeyConditionExpression": "customer_id = :id AND version > :after",
                "ExpressionAttributeValues": {":id": ID, ":after": {"N": "0"}},
                "ConsistentRead": True,
            },
        ),
        (lambda store: store.read_page(), {"TableName": "events", **WHOLE}),
        (
            lambda store: store.read_page(2, 4, {"customer_id": "c-1", "version": "7"}, 9),
            {
                "TableName": "events", "Segment": 2, "TotalSegments": 4, "ConsistentRead": True, "Limit": 9,
                "ExclusiveStartKey": {"customer_id": ID, "version": {"N": "7"}},
            },
        ),
        (
            lambda store: store.existing([("c-1", 7), ("c-1", 7)]),
            {
                "events": {
                    "ConsistentRead": True,
                    "ProjectionExpression": "customer_id, version",
                    "Keys": [{"customer_id": ID, "version": {"N": "7"}}],
                }
            },
        ),
    ],
    ids=["latest", "get", "newest first", "read", "whole log", "page", "existing"],
)  # fmt: skip
def test_events_are_read_consistently(read: Callable[[DynamoDbEventStore], object], request_: Any) -> None:
    client = RecordingClient()
    read(store_on(client))
    assert client.requests == [request_]


def test_a_page_of_events_names_the_start_of_the_next() -> None:
    first, second = history("c-1", 2)
    client = RecordingClient([to_item(first), to_item(second)], {"customer_id": ID, "version": {"N": "2"}})

    page = store_on(client).read_page(limit=2)

    assert page == EventPage([first, second], {"customer_id": "c-1", "version": "2"})
    assert client.requests[1] == {**NEWEST_FIRST, "Limit": 1}


def test_only_the_customer_at_the_end_of_a_page_is_looked_up() -> None:
    events = [created("c-0"), created("c-1")]
    client = RecordingClient([to_item(event) for event in events], {"customer_id": ID, "version": {"N": "1"}})
    store_on(client).read_page()
    assert client.requests == [{"TableName": "events", **WHOLE}, {**NEWEST_FIRST, "Limit": 1}]


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        ((), {"TableName": "log", **WHOLE}),
        (
            (2, 4, "c-1", 9),
            {
                "TableName": "log", "Segment": 2, "TotalSegments": 4, "ConsistentRead": True, "Limit": 9,
                "ExclusiveStartKey": {"customer_id": ID},
            },
        ),
    ],
)  # fmt: skip
def test_the_log_of_erasures_is_read_consistently(arguments: tuple[Any, ...], request_: Any) -> None:
    client = RecordingClient([{"customer_id": ID}], {"customer_id": ID})

    assert log_on(client).read_page(*arguments) == ErasureLogPage(["c-1"], "c-1")
    assert client.requests == [request_]


def test_the_last_page_of_the_log_has_no_next() -> None:
    assert log_on(RecordingClient([{"customer_id": ID}])).read_page() == ErasureLogPage(["c-1"], None)


def test_the_unfinished_erasures_are_read_consistently() -> None:
    client = RecordingClient([{"customer_id": ID, "since": {"S": "2026"}}])
    erasures = DynamoDbErasures(client, "notes", log_on(client))  # type: ignore[arg-type]

    assert erasures.unfinished() == [UnfinishedErasure("c-1", "2026")]
    assert client.requests == [{"TableName": "notes", "ConsistentRead": True}]


def test_a_finished_erasure_is_logged_before_its_note_is_removed() -> None:
    client = RecordingClient()
    DynamoDbErasures(client, "notes", log_on(client)).finished("c-1")  # type: ignore[arg-type]
    assert client.requests == [
        {"TableName": "log", "Item": {"customer_id": ID}},
        {"TableName": "notes", "Key": {"customer_id": ID}},
    ]


def test_a_customer_who_is_named_twice_is_looked_for_once() -> None:
    client = RecordingClient([{"customer_id": ID}])

    assert log_on(client).missing(["c-1", "c-2", "c-1"]) == {"c-2"}
    keys = [{"customer_id": ID}, {"customer_id": {"S": "c-2"}}]
    assert client.requests == [{"log": {"ConsistentRead": True, "Keys": keys}}]


def test_entries_of_the_log_that_are_never_read_raise_store_busy() -> None:
    class Throttled(RecordingClient):
        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
            return {"Responses": {}, "UnprocessedKeys": RequestItems}

    with pytest.raises(StoreBusy, match="1 items of log were not read in 5 attempts"):
        log_on(Throttled()).missing(["c-1"])
