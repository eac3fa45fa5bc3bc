"""Listing customers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from events.codec import decode
from events.customer import Erased, evolve
from projections.generations import FIRST_GENERATION, Generations
from projections.read_model import Reader
from projections.row import Listing, Row, row_of
from queries.cursor import Cursor, encode_cursor
from queries.get_all_customers import get_all_customers, parse_query
from queries.read_your_writes import Clock, ReadAfter
from shared.http.consistency import ConsistencyToken
from shared.http.problems import InvalidFields
from tests.fakes.read_model import InMemoryGenerations, InMemoryReadModel, reader_over
from tests.fakes.signing_keys import KEYS, NO_KEYS
from tests.samples import created

NEVER_WAITS = Clock(now=lambda: 0.0, sleep=lambda _: None)


def add(read_model: InMemoryReadModel, customer_id: str, second: int) -> None:
    event = created(customer_id, second=second)
    read_model.stored[customer_id, FIRST_GENERATION] = row_of(evolve(None, event, decode(event)), FIRST_GENERATION)


def model(count: int) -> InMemoryReadModel:
    read_model = InMemoryReadModel()
    for number in range(count):
        add(read_model, f"c-{number:03}", second=number // 2)
    return read_model


def page(read_model: InMemoryReadModel, read_after: ReadAfter | None = None, **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        get_all_customers(parse_query(query, KEYS), reader_over(read_model), KEYS, read_after, NEVER_WAITS).document
    )
    return answer


def test_an_empty_list_is_a_list() -> None:
    assert page(model(0)) == {"customers": [], "next_cursor": None}


def test_the_newest_come_first_and_the_default_limit_is_25() -> None:
    answer = page(model(40))

    assert [customer["id"] for customer in answer["customers"]] == [f"c-{n:03}" for n in range(39, 14, -1)]
    assert answer["next_cursor"]


def test_the_pages_list_every_customer_once() -> None:
    read_model = model(101)
    seen: list[str] = []
    query = {"limit": "7"}
    while True:
        answer = page(read_model, None, **query)
        seen += [customer["id"] for customer in answer["customers"]]
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]

    assert seen == [f"c-{n:03}" for n in range(100, -1, -1)]


def test_the_last_page_has_no_next_cursor() -> None:
    assert page(model(10), limit="10")["next_cursor"] is None


def test_new_customers_do_not_shift_the_next_page() -> None:
    read_model = model(10)
    first = page(read_model, limit="5")
    add(read_model, "c-new", second=999)

    second = page(read_model, limit="5", cursor=first["next_cursor"])

    assert [customer["id"] for customer in second["customers"]] == [f"c-{n:03}" for n in range(4, -1, -1)]


def test_later_pages_read_the_generation_of_the_first() -> None:
    read_model, generations = model(3), InMemoryGenerations()
    reader = Reader(read_model, generations)
    query = parse_query({"limit": "2"}, KEYS)
    first = json.loads(get_all_customers(query, reader, KEYS, None, NEVER_WAITS).document)
    generations.saved = Generations(active=2, previous=1, newest=2)

    query = parse_query({"limit": "2", "cursor": first["next_cursor"]}, KEYS)
    second = json.loads(get_all_customers(query, reader, KEYS, None, NEVER_WAITS).document)

    assert [customer["id"] for customer in second["customers"]] == ["c-000"]


@pytest.mark.parametrize("generation", [2, 7])
def test_a_cursor_of_a_generation_that_is_not_readable_is_refused(generation: int) -> None:
    """Generation 2 is being built and may be half full. Generation 7 does not exist."""
    generations = InMemoryGenerations()
    generations.saved = Generations(active=1, building=2, newest=2)
    query = parse_query({"cursor": encode_cursor(Cursor(generation, after="9999"), KEYS)}, KEYS)

    with pytest.raises(InvalidFields, match="cursor"):
        get_all_customers(query, Reader(model(3), generations), KEYS, None, NEVER_WAITS)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "", "ten", " 5", "+5", "1e2", "\u0665", "0" * 50])
def test_an_invalid_limit_is_named(limit: str) -> None:
    with pytest.raises(InvalidFields, match=r"limit\.$"):
        parse_query({"limit": limit}, NO_KEYS)


@pytest.mark.parametrize(("limit", "count"), [("1", 1), ("100", 100), ("007", 7)])
def test_a_valid_limit(limit: str, count: int) -> None:
    assert parse_query({"limit": limit}, NO_KEYS).limit == count


def test_all_invalid_parameters_are_named_at_once() -> None:
    with pytest.raises(InvalidFields) as raised:
        parse_query({"limit": "0", "cursor": "made up", "offset": "10"}, KEYS)

    assert [error.field for error in raised.value.errors] == ["offset", "limit", "cursor"]


def test_the_last_page_needs_no_key() -> None:
    assert get_all_customers(parse_query({}, NO_KEYS), reader_over(model(3)), NO_KEYS, None, NEVER_WAITS).document


class LaggingIndex(InMemoryReadModel):
    """A read model whose listing index lags behind its table."""

    def __init__(self, now: InMemoryReadModel) -> None:
        super().__init__()
        self.index = dict(now.stored)
        self.stored = now.stored

    def page(self, generation: int, limit: int, after: str | None) -> list[Listing]:
        table, self.stored = self.stored, self.index
        try:
            return super().page(generation, limit, after)
        finally:
            self.stored = table


class TestReadYourWrites:
    """The list contains the awaited write although its index does not have it yet."""

    def put(self, read_model: InMemoryReadModel, row: Row) -> ReadAfter:
        read_model.stored[row.customer_id, FIRST_GENERATION] = row
        return ReadAfter(ConsistencyToken(row.customer_id, row.version), seconds=0)

    def row(self, customer_id: str, second: int = 99, version: int = 1, city: str = "new") -> Row:
        event = created(customer_id, second=second, city=city)
        return replace(row_of(evolve(None, event, decode(event)), FIRST_GENERATION), version=version)

    def ids(self, answer: dict[str, Any]) -> list[str]:
        return [customer["id"] for customer in answer["customers"]]

    def test_a_new_customer_is_at_the_right_position(self) -> None:
        read_model = LaggingIndex(model(5))
        read_after = self.put(read_model, self.row("c-new"))

        assert self.ids(page(read_model, read_after, limit="3")) == ["c-new", "c-004", "c-003"]

    def test_the_pages_still_list_every_customer_once(self) -> None:
        read_model = LaggingIndex(model(5))
        read_after = self.put(read_model, self.row("c-new", second=1))
        seen, query = [], {"limit": "2"}
        while True:
            answer = page(read_model, read_after, **query)
            seen += self.ids(answer)
            if not answer["next_cursor"]:
                break
            query["cursor"] = answer["next_cursor"]

        assert seen == ["c-004", "c-new", "c-003", "c-002", "c-001", "c-000"]

    def test_a_changed_customer_is_shown_with_the_change(self) -> None:
        read_model = LaggingIndex(model(3))
        read_after = self.put(read_model, self.row("c-001", second=0, version=2, city="changed"))

        answer = page(read_model, read_after)

        assert self.ids(answer) == ["c-002", "c-001", "c-000"]
        assert [customer["city"] for customer in answer["customers"]] == ["London", "changed", "London"]

    @pytest.mark.parametrize("limit", ["1", "2", "3", "4"])
    def test_an_erased_customer_is_not_shown_and_the_page_stays_full(self, limit: str) -> None:
        read_model = LaggingIndex(model(4))
        read_after = self.put(read_model, row_of(Erased("c-003", 2), FIRST_GENERATION))

        answer = page(read_model, read_after, limit=limit)

        assert self.ids(answer) == ["c-002", "c-001", "c-000"][: int(limit)]
        assert bool(answer["next_cursor"]) == (int(limit) < 3)

    def test_a_customer_from_an_earlier_page_is_not_repeated(self) -> None:
        read_model = LaggingIndex(model(4))
        read_after = self.put(read_model, self.row("c-new"))
        first = page(read_model, read_after, limit="2")

        second = page(read_model, read_after, limit="2", cursor=first["next_cursor"])

        assert self.ids(first) == ["c-new", "c-003"]
        assert self.ids(second) == ["c-002", "c-001"]
