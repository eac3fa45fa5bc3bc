"""POST /customers/search: who has an e-mail address, in whatever spelling, and after every kind of write."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.customers import Customer, a_person, create, erase, eventually, new_email, seeing, shown, update
from tests.e2e.problems import assert_problem, refused_fields
from tests.samples import details_of

SEARCH = "/customers/search"


def found(api: httpx.Client, email: str, write: httpx.Response | None = None) -> list[Customer]:
    answer = api.post(SEARCH, json={"email": email}, headers=seeing(write) if write is not None else {})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    assert list(page) == ["customers", "next_cursor"]
    assert page["next_cursor"] is None
    customers: list[Customer] = page["customers"]
    return customers


def test_a_customer_is_found_in_every_spelling(api: httpx.Client) -> None:
    local = uuid4().hex
    customer = create(api, email=f"{local}@bücher.example")
    shown(api, customer["id"])

    def is_found() -> None:
        for spelling in (f"{local.upper()}@BÜCHER.example", f" {local}@xn--bcher-kva.example\n"):
            assert found(api, spelling) == [customer]

    eventually(is_found)


def test_an_address_that_nobody_has_is_an_empty_page(api: httpx.Client) -> None:
    assert found(api, new_email()) == []
    assert found(api, f"not an address {uuid4()}") == []


def test_a_search_sees_each_write_at_once_with_its_token(api: httpx.Client) -> None:
    """Create, an update that keeps the address, one that changes it, and the erasure."""
    old, new = new_email(), new_email()
    created = api.post("/customers", json=a_person(email=old))
    place = f"/customers/{created.json()['id']}"
    assert found(api, old, created) == [created.json()]

    kept = api.put(place, json=details_of(created.json(), city="Paris"))
    assert found(api, old, kept) == [kept.json()]

    moved = api.put(place, json=details_of(created.json(), email=new))
    assert found(api, new, moved) == [moved.json()]
    assert found(api, old, moved) == []

    erased = api.delete(place)
    assert found(api, new, erased) == []
    assert found(api, old, erased) == []


def test_an_address_finds_the_next_customer_who_takes_it(api: httpx.Client) -> None:
    email = new_email()
    first = create(api, email=email)
    moved = update(api, first, email=new_email())
    heir = api.post("/customers", json=a_person(email=email))
    assert found(api, email, heir) == [heir.json()]
    erase(api, heir.json())
    back = api.put(f"/customers/{first['id']}", json=details_of(moved, email=email))
    assert found(api, email, back) == [back.json()]


def test_without_a_token_a_search_follows_the_writes(api: httpx.Client) -> None:
    old, new = new_email(), new_email()
    customer = create(api, email=old)

    def finds(email: str, expected: list[Customer]) -> None:
        def look() -> None:
            assert found(api, email) == expected

        eventually(look)

    finds(old, [customer])
    moved = update(api, customer, email=new)
    finds(new, [moved])
    finds(old, [])
    erase(api, moved)
    finds(new, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "email"), ({"email": 7}, "email"), ({"email": " "}, "email"), ({"email": "a@b.example", "x": 1}, "x")],
)
def test_a_wrong_field_is_named(api: httpx.Client, body: dict[str, object], field: str) -> None:
    assert refused_fields(api.post(SEARCH, json=body)) == [field]


def test_what_a_search_refuses(api: httpx.Client) -> None:
    email = {"email": new_email()}
    assert_problem(api.post(SEARCH, content="{"), 400, "malformed-body")
    assert_problem(api.post(SEARCH, json=email, headers={"Content-Type": "text/plain"}), 415, "unsupported-media-type")
    assert_problem(api.post(SEARCH, json=email, headers={"If-None-Match": "*"}), 412, "precondition-failed")
    assert refused_fields(api.post(SEARCH, json=email, params={"limit": 1})) == ["limit"]
    assert refused_fields(api.post(SEARCH, json=email, headers={"Consistency-Token": "x"})) == ["Consistency-Token"]


def test_an_id_may_not_be_search(api: httpx.Client) -> None:
    """The route beside `/customers/{customer_id}` has one method."""
    for method in ("PUT", "DELETE"):
        answer = api.request(method, SEARCH, json=a_person() if method == "PUT" else None)
        assert answer.status_code in (403, 404, 405)
