"""What the keys of another view change in sizes and sentences."""

from dataclasses import replace
from typing import Any

import pytest

from projections.dynamodb_keys import key_of_row
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.dynamodb_row import content_of, present, size_of, write_units
from projections.row import Listing, Row, row_of
from projections.view import View
from projections.views import VIEWS, UnknownView, view_named

OTHER = View("other-customers", 7, row_of, lambda _: None)
ROW = Row("c-1", 2, 3, Listing("", "2026#c-1"))


class EmptyTable:
    """A client of a table without a record of generations."""

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {}


def with_document(length: int) -> Row:
    return replace(ROW, listing=Listing("x" * length, "2026#c-1"))


def stored_size(row: Row) -> int:
    return size_of({**key_of_row(OTHER, row.customer_id, row.generation), **present(content_of(row, 4, OTHER))})


def test_the_units_of_a_row_count_the_longer_keys_of_its_view() -> None:
    full = next(length for length in range(1024) if stored_size(with_document(length)) == 1024)
    client: Any = EmptyTable()
    model = DynamoDbReadModel(client, "rows", view=OTHER)

    rows = [with_document(length) for length in (full, full + 1)]

    assert [write_units(row, 4, OTHER) for row in rows] == [2, 3]
    assert [model.units_of(row) for row in rows] == [2, 3]


def test_a_request_for_an_unknown_view_is_answered_with_the_names_of_all() -> None:
    with pytest.raises(UnknownView) as raised:
        view_named("costumers")

    assert str(raised.value) == f"There is no view 'costumers': choose one of {', '.join(view.name for view in VIEWS)}."
