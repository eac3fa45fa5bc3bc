"""GET /customers: limits, cursors, order and completeness. The tests do not assume an empty table."""

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

import httpx
import pytest

from queries.cursor import Cursor, encode_cursor
from tests.e2e.customers import Customer, a_person, assert_listed, create, eventually, page, pages, shown
from tests.e2e.problems import refused_fields
from tests.e2e.target import Target
from tests.fakes.signing_keys import keyring_with

THREADS: Final = 8
CROWD: Final = 200
PAGE: Final = 37


@pytest.fixture(scope="module")
def crowd(api: httpx.Client, target: Target) -> list[Customer]:
    """Two hundred projected customers, created by eight threads at once, or fewer in a young account."""
    with ThreadPoolExecutor(min(THREADS, target.parallel)) as threads:
        made = list(threads.map(lambda _: create(api), range(CROWD)))
    for customer in made:
        shown(api, customer["id"])
    newest = max(made, key=lambda customer: str(customer["created_at"]))
    # A DynamoDB index follows its table with a delay of its own.
    eventually(lambda: assert_listed(api, newest))
    return made


@pytest.fixture(scope="module")
def cursor(api: httpx.Client, crowd: list[Customer]) -> str:
    """A cursor that the list returned."""
    return str(page(api, limit=1)["next_cursor"])


def _walk(api: httpx.Client, crowd: list[Customer], limit: int) -> list[Customer]:
    """Every page down to the oldest customer of the crowd."""
    oldest = min(customer["created_at"] for customer in crowd)
    return [customer for found in pages(api, limit, down_to=oldest) for customer in found]


@contextmanager
def _others_being_created(api: httpx.Client) -> Iterator[list[Customer]]:
    """Keeps creating customers while the block runs."""
    enough, made = threading.Event(), list[Customer]()

    def work() -> None:
        while not enough.is_set():
            made.append(create(api))

    with ThreadPoolExecutor(2) as threads:
        futures = [threads.submit(work) for _ in range(2)]
        try:
            yield made
        finally:
            enough.set()
        for future in futures:
            future.result()


def test_every_customer_of_a_crowd_is_listed_exactly_once_and_as_it_was_answered(
    api: httpx.Client, crowd: list[Customer]
) -> None:
    listed = _walk(api, crowd, PAGE)
    ids = [customer["id"] for customer in listed]
    assert len(ids) == len(set(ids))
    by_id = {customer["id"]: customer for customer in listed}
    assert [by_id.get(customer["id"]) for customer in crowd] == crowd


def test_pages_stay_whole_while_customers_are_being_created(api: httpx.Client, crowd: list[Customer]) -> None:
    with _others_being_created(api) as others:
        eventually(lambda: _assert_some(others, 5))
        ids = [customer["id"] for customer in _walk(api, crowd, PAGE)]
        eventually(lambda: _assert_some(others, 15))
    assert len(ids) == len(set(ids))
    assert {customer["id"] for customer in crowd} <= set(ids)


def _assert_some(made: list[Customer], number: int) -> None:
    assert len(made) >= number


def test_customers_are_listed_newest_first(api: httpx.Client, crowd: list[Customer]) -> None:
    listed = [customer["created_at"] for customer in _walk(api, crowd, PAGE)]
    assert listed == sorted(listed, reverse=True)


def test_every_page_before_the_last_is_full(api: httpx.Client, crowd: list[Customer]) -> None:
    oldest = min(customer["created_at"] for customer in crowd)
    *before, _ = pages(api, PAGE, down_to=oldest)
    assert [len(found) for found in before] == [PAGE] * len(before)
    assert len(before) >= CROWD // PAGE


def test_a_page_has_25_customers_by_default(api: httpx.Client, crowd: list[Customer]) -> None:
    found = page(api)
    assert set(found) == {"customers", "next_cursor"}
    assert len(found["customers"]) == 25


@pytest.mark.parametrize("limit", [1, 2, 99, 100])
def test_a_limit_is_respected(api: httpx.Client, crowd: list[Customer], limit: int) -> None:
    assert len(page(api, limit=limit)["customers"]) == limit


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "1000", "9" * 400, "1.5", "1e1", "ten", "", "+5", "%20 5", "\u0665"]
)
def test_a_limit_out_of_bounds_is_refused(api: httpx.Client, limit: str) -> None:
    assert refused_fields(api.get("/customers", params={"limit": limit})) == ["limit"]


def test_an_unknown_parameter_is_refused(api: httpx.Client) -> None:
    assert refused_fields(api.get("/customers", params={"offset": "5", "limit": "5"})) == ["offset"]


@pytest.mark.parametrize("query", ["limit=5&limit=6", "limit=5&limit=5"])
def test_a_repeated_parameter_is_refused(api: httpx.Client, query: str) -> None:
    assert refused_fields(api.get(f"/customers?{query}")) == ["limit"]


def test_every_route_refuses_unknown_parameters(api: httpx.Client) -> None:
    place, body = f"/customers/{uuid4()}", a_person()
    for answer in (
        api.post("/customers?x=1", json=body),
        api.get(f"{place}?x=1"),
        api.put(f"{place}?x=1", json=body),
        api.delete(f"{place}?x=1"),
    ):
        assert refused_fields(answer) == ["x"]


def test_everything_wrong_with_a_query_is_named_at_once(api: httpx.Client) -> None:
    answer = api.get("/customers", params={"offset": "5", "limit": "0", "cursor": "x"})
    assert sorted(refused_fields(answer)) == ["cursor", "limit", "offset"]


@pytest.mark.parametrize(
    "cursor", ["", "x", "garbage!", "null", "0", "a" * 2000, "\U0001f993", "AAAAAAAAAAAAAAAAAAAAAFsxLCIiXQ", ".."]
)
def test_garbage_is_not_a_cursor(api: httpx.Client, cursor: str) -> None:
    answer = api.get("/customers", params={"cursor": cursor})
    assert refused_fields(answer) == ["cursor"]


def test_a_cursor_works_with_any_next_limit(api: httpx.Client, crowd: list[Customer]) -> None:
    first = page(api, limit=3)
    then = page(api, limit=5, cursor=first["next_cursor"])
    assert first["customers"] + then["customers"] == page(api, limit=8)["customers"]


def test_a_truncated_cursor_is_refused(api: httpx.Client, cursor: str) -> None:
    for length in range(1, len(cursor), 7):
        assert refused_fields(api.get("/customers", params={"cursor": cursor[:length]})) == ["cursor"]
    assert refused_fields(api.get("/customers", params={"cursor": cursor[1:]})) == ["cursor"]


def test_a_cursor_with_any_byte_flipped_is_refused(api: httpx.Client, cursor: str) -> None:
    token = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for place in range(len(token)):
        flipped = bytes(byte ^ (1 << place % 8 if index == place else 0) for index, byte in enumerate(token))
        changed = base64.urlsafe_b64encode(flipped).decode().rstrip("=")
        assert refused_fields(api.get("/customers", params={"cursor": changed})) == ["cursor"], place


def test_a_cursor_with_a_foreign_signature_is_refused(api: httpx.Client, crowd: list[Customer]) -> None:
    place = f"{crowd[0]['created_at']}#{crowd[0]['id']}"
    for generation in (0, 1, 2):
        foreign = encode_cursor(Cursor(generation, place), keyring_with("another stage's key"))
        assert refused_fields(api.get("/customers", params={"cursor": foreign})) == ["cursor"]
