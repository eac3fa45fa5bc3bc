"""The record of generations as an item of the read table."""

import json
from dataclasses import replace
from typing import Any

import pytest

from projections.dynamodb_generations import DynamoDbGenerations
from projections.generation_details import GenerationDetails
from projections.generations import Generations, GenerationsChanged

KEY = {"customer_id": {"S": "#generations"}, "generation": {"N": "0"}}
RECORD = {
    "active": 2, "building": 3, "verified": True, "previous": 1, "retired": [4, 5], "newest": 5,
    "changed_at": "2026-05-17T09:30:00.000000Z", "revision": 7,
}  # fmt: skip
DETAILS = {"number": 3, "shards": 16, "verified_at": "2026-05-17T09:00:00.000000Z", "customers": 20}
SAVED = Generations(
    active=2, building=3, verified=True, previous=1, retired=(4, 5), newest=5,
    changed_at="2026-05-17T09:30:00.000000Z", revision=7,
    details=(GenerationDetails(3, 16, "2026-05-17T09:00:00.000000Z", 20),),
)  # fmt: skip


class ConditionalCheckFailedException(Exception):
    """The exception that boto3 makes for a condition that was not met."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.response = found


class FakeTable:
    """A table with one item, as boto3's client of it.

    Attributes:
        puts: The requests to save.
        refusal: Returns the answer to a save that is refused, with the item that was found; None to refuse nothing.
    """

    def __init__(self, item: dict[str, Any] | None = None) -> None:
        self.exceptions = self
        self.item = item
        self.puts: list[dict[str, Any]] = []
        self.refusal: Any = None

    ConditionalCheckFailedException = ConditionalCheckFailedException

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": self.item} if self.item else {}

    def put_item(self, **request: Any) -> None:
        self.puts.append(request)
        if self.refusal:
            raise ConditionalCheckFailedException(self.refusal(request["Item"]["saved_as"]))


def stored(record: dict[str, Any], *details: dict[str, Any]) -> dict[str, Any]:
    return {"record": {"S": json.dumps(record)}, "details": {"S": json.dumps(details)}}


def over(table: Any) -> DynamoDbGenerations:
    return DynamoDbGenerations(table, "rows")


def test_a_record_is_loaded_with_what_a_later_release_added() -> None:
    loaded = over(FakeTable(stored(RECORD | {"colour": "red"}, DETAILS | {"size": 9}))).load()

    assert loaded == replace(
        SAVED, unknown={"colour": "red"}, details=(replace(SAVED.details[0], unknown={"size": 9}),)
    )


def test_a_record_without_details_is_loaded() -> None:
    assert over(FakeTable({"record": {"S": json.dumps(RECORD)}})).load() == replace(SAVED, details=())


@pytest.mark.parametrize("details", [True, False])
def test_a_record_is_saved_if_its_revision_is_unchanged(details: bool) -> None:
    table = FakeTable()
    record = replace(SAVED, unknown={"colour": "red"}, details=SAVED.details if details else ())

    saved = over(table).save(record)

    assert saved == replace(record, revision=8)
    [request] = table.puts
    item = request["Item"]
    assert json.loads(item.pop("record")["S"]) == RECORD | {"revision": 8, "colour": "red"}
    stored_details = item.pop("details", None)
    assert (json.loads(stored_details["S"]) if stored_details else None) == ([DETAILS] if details else None)
    assert len(item.pop("saved_as")["S"]) == len("4c5c7f0a-7a34-4c59-9d9b-0c7d0c0f8a01")
    assert request == {
        "TableName": "rows",
        "Item": {**KEY, "revision": {"N": "8"}},
        "ConditionExpression": "attribute_not_exists(customer_id) OR revision = :read",
        "ExpressionAttributeValues": {":read": {"N": "7"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_no_two_saves_have_the_same_id() -> None:
    table = FakeTable()
    for _ in range(2):
        over(table).save(SAVED)

    first, second = (request["Item"]["saved_as"] for request in table.puts)
    assert first != second


def test_a_refused_save_succeeded_if_the_record_is_its_own() -> None:
    table = FakeTable()
    table.refusal = lambda save_id: {"Item": {"saved_as": save_id}}

    assert over(table).save(SAVED) == replace(SAVED, revision=8)


@pytest.mark.parametrize("found", [{}, {"Item": {}}, {"Item": {"revision": {"N": "8"}}}, {"Item": {"saved_as": "x"}}])
def test_a_refused_save_failed_if_the_record_is_another_one(found: dict[str, Any]) -> None:
    table = FakeTable()
    table.refusal = lambda _: found

    with pytest.raises(GenerationsChanged, match="changed since they were loaded"):
        over(table).save(SAVED)
