"""What the read table's answers mean, and what is sent to it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from projections.dynamodb_read_model import DynamoDbReadModel
from projections.dynamodb_row import content_of, key_of, present, write_units
from projections.generations import Generations
from projections.read_model import ReadModelBusy, RowPage, Write, WriteResult
from projections.row import Listing, Parked, Row
from projections.shards import listing_key, shard_of

LISTED = Row("a", 2, 3, Listing("{}", "2026#a"))
TOMBSTONE = Row("a", 2, 4, None)
PARKED = Row("p", 2, 0, None, Parked(1, "unknown type", "2026-05-17T09:30:00.000000Z", 2))
REJECTED = ClientError({"Error": {"Code": "ValidationException"}}, "BatchExecuteStatement")
THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "BatchExecuteStatement")
TIMEOUT = ReadTimeoutError(endpoint_url="https://dynamodb.test")
PAUSES = [0.05, 0.1, 0.2, 0.4, 0.8]


class ScriptedClient:
    """Answers each call with the next answer, or raises it. `record` is the item that is read by its key, if any."""

    def __init__(self, answers: Iterable[Any]) -> None:
        self.record: dict[str, Any] = {}
        self.requests: list[dict[str, Any]] = []
        self._answers = iter(answers)

    def _answer(self, **request: Any) -> Any:
        self.requests.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    batch_execute_statement = batch_get_item = batch_write_item = scan = transact_write_items = _answer

    def get_item(self, **request: Any) -> dict[str, Any]:
        assert request["TableName"] == "rows"
        return {"Item": self.record}

    def get_paginator(self, operation: str) -> "ScriptedClient":
        assert operation == "query"
        return self

    def paginate(self, **request: Any) -> Iterator[Any]:
        return iter([{"Items": []}, {"Items": self._answer(**request)}])


class Table:
    """The read model over a scripted client."""

    def __init__(self, *answers: Any) -> None:
        client: Any = ScriptedClient(answers)
        self.client = client
        self.requests = client.requests
        self.pauses: list[float] = []
        self.model = DynamoDbReadModel(client, "rows", self.pauses.append)


def item(row: Row) -> dict[str, Any]:
    return {**key_of(row.customer_id, row.generation), **present(content_of(row, 4))}


def writes(number: int) -> list[Write]:
    return [Write(replace(LISTED, customer_id=f"c-{index}"), None) for index in range(number)]


def succeeded(number: int) -> dict[str, Any]:
    return {"Responses": [{}] * number}


def test_an_insert_lists_every_attribute() -> None:
    table = Table(succeeded(1))
    table.model.write([Write(LISTED, None)])

    fields = ", ".join(f"'{name}': ?" for name in item(LISTED))
    statement = {"Statement": f'INSERT INTO "rows" VALUE {{{fields}}}', "Parameters": list(item(LISTED).values())}
    assert table.requests == [{"Statements": [statement]}]


def test_an_update_removes_the_attributes_that_the_row_no_longer_has() -> None:
    table = Table(succeeded(1))
    table.model.write([Write(TOMBSTONE, replace(LISTED, parked=PARKED.parked))])

    removes = " ".join(f"REMOVE {name}" for name, value in content_of(TOMBSTONE, 4).items() if value is None)
    where = "WHERE customer_id=? AND generation=? AND version=? AND parked_attempts=?"
    values = [{"N": "4"}, {"N": "0"}, {"S": "a"}, {"N": "2"}, {"N": "3"}, {"N": "2"}]
    statement = {
        "Statement": f'UPDATE "rows" SET version=? SET parked_attempts=? {removes} {where}',
        "Parameters": values,
    }
    assert table.requests == [{"Statements": [statement]}]


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("ConditionalCheckFailed", WriteResult.CONFLICT),
        ("DuplicateItem", WriteResult.CONFLICT),
        ("ValidationError", WriteResult.REFUSED),
        ("ThrottlingError", WriteResult.FAILED),
        ("InternalServerError", WriteResult.FAILED),
    ],
)
def test_each_statement_has_its_own_result(code: str, result: WriteResult) -> None:
    table = Table({"Responses": [{}, {"Error": {"Code": code}}, {"TableName": "rows"}]})

    assert table.model.write(writes(3)) == [WriteResult.APPLIED, result, WriteResult.APPLIED]


def test_a_call_has_25_statements_at_most_and_the_results_keep_their_order() -> None:
    table = Table(succeeded(25), THROTTLED, succeeded(1))

    results = table.model.write(writes(51))

    assert [len(request["Statements"]) for request in table.requests] == [25, 25, 1]
    assert results == [WriteResult.APPLIED] * 25 + [WriteResult.FAILED] * 25 + [WriteResult.APPLIED]


@pytest.mark.parametrize("error", [THROTTLED, TIMEOUT])
def test_a_transient_failure_of_a_call_refuses_nothing(error: Exception) -> None:
    table = Table(error)

    assert table.model.write(writes(2)) == [WriteResult.FAILED] * 2
    assert len(table.requests) == 1


def test_the_statements_of_a_rejected_call_are_tried_one_by_one() -> None:
    table = Table(REJECTED, succeeded(1), REJECTED, THROTTLED)

    assert table.model.write(writes(3)) == [WriteResult.APPLIED, WriteResult.REFUSED, WriteResult.FAILED]
    assert [len(request["Statements"]) for request in table.requests] == [3, 1, 1, 1]


def deletes(*rows: Row) -> dict[str, Any]:
    return {"rows": [{"DeleteRequest": {"Key": key_of(row.customer_id, row.generation)}} for row in rows]}


def test_a_removal_repeats_what_is_unprocessed_after_a_pause() -> None:
    left = {"UnprocessedItems": deletes(PARKED)}
    table = Table(left, left, left, left, {"UnprocessedItems": {}})

    table.model.remove([LISTED, PARKED])

    assert table.requests == [{"RequestItems": deletes(*rows)} for rows in [(LISTED, PARKED), *[(PARKED,)] * 4]]
    assert table.pauses == PAUSES[:4]


def test_a_removal_ends_after_five_tries() -> None:
    table = Table(*[{"UnprocessedItems": deletes(LISTED)}] * 5)

    with pytest.raises(ReadModelBusy, match=r"^1 rows were not removed in 5 tries$"):
        table.model.remove([LISTED])
    assert table.pauses == PAUSES


def test_a_removal_needs_no_answer_about_what_is_unprocessed_and_no_call_without_rows() -> None:
    table = Table({})

    table.model.remove([])
    assert table.requests == []
    table.model.remove([LISTED])
    assert (len(table.requests), table.pauses) == (1, [])


def test_unassigned_rows_are_removed_together_with_the_check_of_the_record() -> None:
    table = Table({}, {})
    record = {"customer_id": {"S": "#generations"}, "generation": {"N": "0"}}
    delete = {"Delete": {"TableName": "rows", "Key": key_of("a", 2)}}

    assert table.model.remove_unassigned([LISTED], Generations())
    assert table.model.remove_unassigned([LISTED], Generations(revision=7))

    first = {"TableName": "rows", "Key": record, "ConditionExpression": "attribute_not_exists(customer_id)"}
    later = {**first, "ConditionExpression": "revision = :read", "ExpressionAttributeValues": {":read": {"N": "7"}}}
    assert table.requests == [{"TransactItems": [{"ConditionCheck": check}, delete]} for check in (first, later)]


def test_rows_that_are_left_unread_are_read_after_a_pause() -> None:
    left = {"Responses": {}, "UnprocessedKeys": {"rows": {"Keys": [key_of("a", 2)]}}}
    table = Table(left, {"Responses": {"rows": [item(LISTED)]}}, *[left] * 5)

    assert table.model.get_many(["a"], 2) == {"a": LISTED}
    assert table.pauses == PAUSES[:1]
    with pytest.raises(ReadModelBusy, match="1 items of rows were not read in 5 attempts"):
        table.model.get_many(["a"], 2)


GIVEN_UP = Generations(active=3, building=5, previous=2, newest=6)


@pytest.mark.parametrize(
    ("scan", "condition", "numbers"),
    [
        (lambda model: model.rows(2, 1, 4, None), "generation = :g0", [2]),
        (
            lambda model: model.retired_rows(GIVEN_UP, 1, 4, None),
            "generation <= :g0 AND generation <> :g1 AND generation <> :g2 AND generation <> :g3",
            [6, 5, 2, 3],
        ),
        (lambda model: model.other_rows((5, 3), 1, 4, None), "generation <> :g0 AND generation <> :g1", [5, 3]),
    ],
)
def test_a_scan_selects_rows_by_their_generation(scan: Any, condition: str, numbers: list[int]) -> None:
    table = Table({"Items": [item(LISTED)], "LastEvaluatedKey": key_of("a", 2)}, {"Items": []})

    assert scan(table.model) == RowPage([LISTED], {"customer_id": "a", "generation": "2"})
    assert scan(table.model) == RowPage([], None)
    assert table.requests[0] == {
        "TableName": "rows",
        "Segment": 1,
        "TotalSegments": 4,
        "ConsistentRead": True,
        "Limit": 500,
        "FilterExpression": f"{condition} AND attribute_exists(version)",
        "ExpressionAttributeValues": {f":g{index}": {"N": str(number)} for index, number in enumerate(numbers)},
    }


def test_a_scan_goes_on_where_the_last_page_ended() -> None:
    table = Table({"Items": []}, {"Items": []})
    start = {"customer_id": "a", "generation": "2"}

    table.model.retired_rows(GIVEN_UP, 0, 1, start)
    table.model.other_rows((5, 3), 0, 1, start)

    assert [request["ExclusiveStartKey"] for request in table.requests] == [key_of("a", 2)] * 2


def test_the_shards_of_a_list_are_merged_newest_first_without_rows_that_lost_their_document() -> None:
    def listed(order: str) -> dict[str, Any]:
        return {"listing_order": {"S": order}, "document": {"S": "{}"}}

    table = Table([listed("7"), listed("1")], [{"listing_order": {"S": "9"}}, listed("5")], [], [listed("6")])

    assert [listing.order for listing in table.model.page(2, 3, None)] == ["7", "6", "5"]


def test_the_shards_of_parked_rows_are_merged_longest_parked_first() -> None:
    assert PARKED.parked
    rows = [replace(PARKED, parked=replace(PARKED.parked, since=since)) for since in "1234"]
    table = Table([item(rows[1]), item(rows[3])], [item(rows[0])], [], [item(rows[2])])

    assert list(table.model.parked(2)) == rows


def test_the_rows_of_a_customer_are_those_of_every_page() -> None:
    assert Table([item(LISTED), item(PARKED)]).model.all_rows("a") == [LISTED, PARKED]


def test_a_row_is_written_to_the_shard_that_the_record_in_its_table_implies() -> None:
    table = Table(succeeded(1))
    details = json.dumps([{"number": 2, "shards": 64}])
    table.client.record = {"record": {"S": '{"retired": [], "newest": 2}'}, "details": {"S": details}}

    table.model.write([Write(replace(LISTED, customer_id="b"), None)])

    [statement] = table.requests[0]["Statements"]
    assert {"S": listing_key(2, shard_of("b", 64))} in statement["Parameters"]
    assert shard_of("b", 64) != shard_of("b", 4)


def test_a_single_row_is_read() -> None:
    table = Table()
    table.client.record = item(LISTED)

    assert table.model.get("a", 2) == LISTED


def test_the_units_of_a_row_are_counted_with_the_shards_of_its_generation() -> None:
    assert Table().model.units_of(LISTED) == write_units(LISTED, 4) == 2
