"""What POST /customers writes to the event table."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from events.customer import CustomerCreated
from tests.e2e.customers import a_person
from tests.e2e.tokens import claims_of
from tests.integration.aws import Aws


@pytest.fixture
def sent() -> dict[str, object]:
    return a_person(full_name="Zoe\u0308 Lovelace")


@pytest.fixture
def answer(api: httpx.Client, sent: dict[str, object]) -> httpx.Response:
    return api.post("/customers", json=sent, headers={"X-Correlation-Id": "order-4711"})


@pytest.fixture
def items(aws: Aws, outputs: Mapping[str, str], answer: httpx.Response) -> list[dict[str, Any]]:
    """The customer's rows."""
    found = aws.dynamodb.query(
        TableName=outputs["EventTable"],
        KeyConditionExpression="customer_id = :id",
        ExpressionAttributeValues={":id": {"S": answer.json()["id"]}},
        ConsistentRead=True,
    )
    return [dict(item) for item in found["Items"]]


def test_one_post_writes_one_event(items: list[dict[str, Any]]) -> None:
    assert len(items) == 1


def test_the_row_has_exactly_its_attributes_and_types(items: list[dict[str, Any]]) -> None:
    assert {name: next(iter(value)) for name, value in items[0].items()} == {
        "customer_id": "S",
        "version": "N",
        "event_id": "S",
        "type": "S",
        "schema_version": "N",
        "occurred_at": "S",
        "data": "S",
        "metadata": "M",
        "request_hash": "S",
    }


def test_the_row_has_what_was_answered(items: list[dict[str, Any]], answer: httpx.Response) -> None:
    item, customer = items[0], answer.json()
    assert item["customer_id"]["S"] == customer["id"]
    assert item["version"]["N"] == "1"
    assert item["type"]["S"] == CustomerCreated.type()
    assert item["schema_version"]["N"] == str(CustomerCreated.schema_version)
    assert item["occurred_at"]["S"] == customer["created_at"]
    assert UUID(item["event_id"]["S"]).version == 4
    assert UUID(item["customer_id"]["S"]).version == 4


def test_the_personal_data_is_one_json_text(items: list[dict[str, Any]], sent: dict[str, object]) -> None:
    assert json.loads(items[0]["data"]["S"]) == sent | {"full_name": "Zo\u00eb Lovelace"}


def test_the_metadata_has_exactly_its_keys_and_no_personal_data(
    items: list[dict[str, Any]], api: httpx.Client, sent: dict[str, object]
) -> None:
    metadata = {name: value["S"] for name, value in items[0]["metadata"]["M"].items()}
    ids = {"correlation_id", "causation_id", "command_id", "trace_id", "segment_id"}
    assert set(metadata) == ids | {"actor"}
    assert metadata["correlation_id"] == "order-4711"
    assert metadata["actor"] == claims_of(api.headers["authorization"])["sub"]
    assert metadata["causation_id"]
    assert metadata["command_id"]
    assert str(sent["email"]) not in str(metadata)
