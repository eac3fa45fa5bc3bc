"""Listing customers."""

import json
from typing import Any

import pytest

from events.codec import decode
from events.customer import evolve
from projections.read_model import FIRST_GENERATION
from projections.row import row_of
from queries.cursor import Cursor, seal
from queries.get_all_customers import get_all_customers, parse_query
from shared.http.problems import InvalidFields
from tests.fakes.read_model import InMemoryReadModel
from tests.samples import created

KEY = b"key"


def key() -> bytes:
    return KEY


def no_key() -> bytes:
    raise AssertionError("the key was fetched without need")


def add(read_model: InMemoryReadModel, customer_id: str, second: int) -> None:
    event = created(customer_id, second=second)
    read_model.rows[customer_id, FIRST_GENERATION] = row_of(evolve(None, event, decode(event)), FIRST_GENERATION)


def model(count: int) -> InMemoryReadModel:
    read_model = InMemoryReadModel()
    for number in range(count):
        add(read_model, f"c-{number:03}", second=number // 2)
    return read_model


def page(read_model: InMemoryReadModel, **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(get_all_customers(parse_query(query, key), read_model, key))
    return answer


def test_an_empty_list_is_a_list() -> None:
    assert page(model(0)) == {"customers": [], "next_cursor": None}


def test_the_newest_come_first_25_unless_asked_otherwise() -> None:
    answer = page(model(40))

    assert [customer["id"] for customer in answer["customers"]] == [f"c-{n:03}" for n in range(39, 14, -1)]
    assert answer["next_cursor"]


def test_all_pages_together_are_everyone_once() -> None:
    read_model, seen, query = model(101), [], {"limit": "7"}
    while True:
        answer = page(read_model, **query)
        seen += [customer["id"] for customer in answer["customers"]]
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]

    assert seen == [f"c-{n:03}" for n in range(100, -1, -1)]


def test_a_list_that_ends_with_its_page_has_no_next() -> None:
    assert page(model(10), limit="10")["next_cursor"] is None


def test_new_customers_do_not_shift_the_next_page() -> None:
    read_model = model(10)
    first = page(read_model, limit="5")
    add(read_model, "c-new", second=999)

    second = page(read_model, limit="5", cursor=first["next_cursor"])

    assert [customer["id"] for customer in second["customers"]] == [f"c-{n:03}" for n in range(4, -1, -1)]


def test_later_pages_stay_with_the_generation_of_the_first() -> None:
    cursor = seal(Cursor(generation=7, after="9999"), KEY)

    assert page(model(3), cursor=cursor) == {"customers": [], "next_cursor": None}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "", "ten", " 5", "+5", "1e2", "\u0665", "0" * 50])
def test_a_bad_limit_is_named(limit: str) -> None:
    with pytest.raises(InvalidFields, match=r"limit\.$"):
        parse_query({"limit": limit}, no_key)


@pytest.mark.parametrize(("limit", "count"), [("1", 1), ("100", 100), ("007", 7)])
def test_a_good_limit(limit: str, count: int) -> None:
    assert parse_query({"limit": limit}, no_key).limit == count


def test_every_bad_parameter_is_named_at_once() -> None:
    with pytest.raises(InvalidFields) as raised:
        parse_query({"limit": "0", "cursor": "made up", "offset": "10"}, key)

    assert [error.field for error in raised.value.errors] == ["offset", "limit", "cursor"]


def test_a_page_without_a_next_needs_no_key() -> None:
    assert get_all_customers(parse_query({}, no_key), model(3), no_key)
