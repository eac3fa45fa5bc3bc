"""Every write stores the row's attempts and compares them with the attempts that were read."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from events.customer import Erased
from events.history import fold
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.read_model import Write, WriteResult
from projections.row import Parked, Row, row_of
from tests.samples import history

PARKED = Parked(version=9, reason="unknown type", since="2026-05-17T09:30:00.000000Z", attempts=3)


def rows_by_kind() -> dict[str, Row]:
    """One row of every kind."""
    state = fold(history("c-1", 2))
    assert state
    shown, tombstone, empty = row_of(state, 1), row_of(Erased("c-1", 3), 1), Row("c-1", 1, 0, None)
    return {
        "shown": shown,
        "erased": tombstone,
        "parked": replace(shown, parked=PARKED),
        "parked after an erasure": replace(tombstone, parked=PARKED),
        "parked at the first event": replace(empty, parked=PARKED),
    }


class RecordingClient:
    """Records statements and reports success."""

    def __init__(self) -> None:
        self.statements: list[Any] = []

    def get_item(self, **_: object) -> dict[str, Any]:
        return {}

    def batch_execute_statement(self, *, Statements: list[Any]) -> Any:  # noqa: N803 - boto3's name
        self.statements += Statements
        return {"Responses": [{} for _ in Statements]}


def written(row: Row, replaces: Row | None) -> tuple[str, list[Any]]:
    client: Any = RecordingClient()
    assert DynamoDbReadModel(client, "rows").write([Write(row, replaces)]) == [WriteResult.APPLIED]
    [statement] = client.statements
    return statement["Statement"], statement["Parameters"]


@pytest.mark.parametrize("name", rows_by_kind())
def test_an_insert_stores_the_attempts(name: str) -> None:
    row = rows_by_kind()[name]

    text, parameters = written(row, None)

    names = [part.strip("'{} ") for part in text.partition("VALUE ")[2].replace(": ?", "").split(",")]
    assert dict(zip(names, parameters, strict=True))["parked_attempts"] == {"N": "3" if row.parked else "0"}


@pytest.mark.parametrize(("name", "before"), list(product(rows_by_kind(), rows_by_kind())))
def test_an_update_stores_the_attempts_and_compares_those_that_were_read(name: str, before: str) -> None:
    row, replaced = rows_by_kind()[name], rows_by_kind()[before]

    text, parameters = written(row, replaced)

    sets, _, where = text.partition(" WHERE ")
    names = [part.split("=")[0] for part in sets.split("SET ")[1:]]
    assert parameters[names.index("parked_attempts")] == {"N": "3" if row.parked else "0"}
    assert where == "customer_id=? AND generation=? AND version=? AND parked_attempts=?"
    assert parameters[-1] == {"N": "3" if replaced.parked else "0"}
