"""The requests of the read table's stores, as DynamoDB gets them."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import LISTING_INDEX, PARKED_INDEX, DynamoDbReadModel, reader_for
from projections.generations import Generations
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.row import LISTING_SHARDS
from projections.shards import listing_key, parked_key


class FakeClient:
    """Records every request, and finds nothing."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def get_item(self, **request: Any) -> Any:
        self.requests.append(request)
        return {}

    def scan(self, **request: Any) -> Any:
        self.requests.append(request)
        return {"Items": []}

    def get_paginator(self, operation: str) -> "FakeClient":
        assert operation == "query"
        return self

    def paginate(self, **request: Any) -> Iterator[Any]:
        self.requests.append(request)
        return iter(())


@pytest.fixture
def client() -> Any:
    return FakeClient()


def queries(client: Any) -> list[dict[str, Any]]:
    """The requests to indexes, without those that look up the number of shards."""
    return [request for request in client.requests if "IndexName" in request]


def test_the_record_of_generations_is_read_consistently(client: Any) -> None:
    """The projector would miss the generation of a rebuild that has just begun."""
    assert DynamoDbGenerations(client, "rows").load() == Generations()
    assert client.requests == [
        {
            "TableName": "rows",
            "Key": {"customer_id": {"S": "#generations"}, "generation": {"N": "0"}},
            "ConsistentRead": True,
        }
    ]


def test_checkpoints_are_read_consistently_and_all_at_once(client: Any) -> None:
    DynamoDbProgress(client, "rows").load("rebuild-2", 3)

    assert client.requests == [
        {
            "TableName": "rows",
            "KeyConditionExpression": "customer_id = :job",
            "ExpressionAttributeValues": {":job": {"S": "#rebuild-2"}},
            "ConsistentRead": True,
        }
    ]


@pytest.mark.parametrize(("limit", "page_size"), [(25, 25 // LISTING_SHARDS + 2), (100, 100 // LISTING_SHARDS + 2)])
def test_each_shard_of_the_list_is_asked_for_its_share_and_a_little_more(
    client: Any, limit: int, page_size: int
) -> None:
    DynamoDbReadModel(client, "rows").page(3, limit, None)

    assert queries(client) == [
        {
            "TableName": "rows",
            "IndexName": LISTING_INDEX,
            "KeyConditionExpression": "listing_shard = :shard",
            "ExpressionAttributeValues": {":shard": {"S": listing_key(3, shard)}},
            "ProjectionExpression": "listing_order, document",
            "ScanIndexForward": False,
            "PaginationConfig": {"PageSize": page_size},
        }
        for shard in range(LISTING_SHARDS)
    ]


def test_the_next_page_of_the_list_begins_below_the_last_one(client: Any) -> None:
    DynamoDbReadModel(client, "rows").page(3, 25, "2026#a")

    assert {request["KeyConditionExpression"] for request in queries(client)} == {
        "listing_shard = :shard AND listing_order < :after"
    }
    assert all(request["ExpressionAttributeValues"][":after"] == {"S": "2026#a"} for request in queries(client))


def test_parked_customers_are_read_from_their_index(client: Any) -> None:
    assert list(DynamoDbReadModel(client, "rows").parked(3)) == []
    assert queries(client) == [
        {
            "TableName": "rows",
            "IndexName": PARKED_INDEX,
            "KeyConditionExpression": "parked_in = :key",
            "ExpressionAttributeValues": {":key": {"N": parked_key(3, shard)}},
        }
        for shard in range(LISTING_SHARDS)
    ]


@pytest.mark.parametrize(
    ("options", "consistent"), [({}, False), ({"consistent": True}, True), ({"consistent": False}, False)]
)
def test_a_row_is_read_as_consistently_as_the_caller_asks(
    client: Any, options: dict[str, bool], consistent: bool
) -> None:
    """A consistent read costs twice as much."""
    assert DynamoDbReadModel(client, "rows").get("a", 3, **options) is None
    assert client.requests == [
        {
            "TableName": "rows",
            "Key": {"customer_id": {"S": "a"}, "generation": {"N": "3"}},
            "ConsistentRead": consistent,
        }
    ]


def test_the_rows_of_a_customer_are_read_consistently_in_all_generations(client: Any) -> None:
    assert DynamoDbReadModel(client, "rows").all_rows("a") == []
    assert client.requests == [
        {
            "TableName": "rows",
            "KeyConditionExpression": "customer_id = :id",
            "ExpressionAttributeValues": {":id": {"S": "a"}},
            "ConsistentRead": True,
        }
    ]


def test_a_segment_is_scanned_consistently_from_where_the_last_page_ended(client: Any) -> None:
    page = DynamoDbReadModel(client, "rows").rows(3, 1, 4, {"customer_id": "a", "generation": "3"})

    assert (page.rows, page.next) == ([], None)
    assert client.requests == [
        {
            "TableName": "rows",
            "Segment": 1,
            "TotalSegments": 4,
            "ConsistentRead": True,
            "Limit": 500,
            "FilterExpression": "generation = :g0 AND attribute_exists(version)",
            "ExpressionAttributeValues": {":g0": {"N": "3"}},
            "ExclusiveStartKey": {"customer_id": {"S": "a"}, "generation": {"N": "3"}},
        }
    ]


def test_a_reader_reads_rows_and_generations_of_one_table(client: Any) -> None:
    reader = reader_for(cast("Any", client), "rows")

    reader.generations.load()
    reader.rows.get("a", 1)

    assert [request["TableName"] for request in client.requests] == ["rows", "rows"]
