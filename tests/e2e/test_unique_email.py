"""An e-mail address belongs to at most one customer, even if many ask for it at once."""

from typing import Final

import httpx
import pytest

from tests.e2e.customers import a_person, at_once, create, new_email, persistently, update
from tests.e2e.problems import assert_problem
from tests.e2e.target import Target

CROWD: Final = 50


def _assert_taken(answer: httpx.Response, address: str) -> None:
    problem = assert_problem(answer, 409, "field-taken")
    assert [error["field"] for error in problem["errors"]] == ["email"]
    assert address.lower() not in answer.text.lower()


def test_a_taken_address_is_refused_without_revealing_its_holder(api: httpx.Client) -> None:
    holder = create(api, full_name="Zebra Holder", city="Zebra City")
    answer = api.post("/customers", json=a_person(email=holder["email"]))
    _assert_taken(answer, holder["email"])
    assert holder["id"] not in answer.text
    assert holder["id"] not in str(answer.headers)
    assert "zebra" not in answer.text.lower()
    assert "location" not in answer.headers


@pytest.mark.parametrize("spelled", ["UPPER", "Title", " blanks "])
def test_spelling_variants_of_an_address_are_the_same_address(api: httpx.Client, spelled: str) -> None:
    holder = create(api)
    address = str(holder["email"])
    other = {"UPPER": address.upper(), "Title": address.title(), " blanks ": f" {address} "}[spelled]
    _assert_taken(api.post("/customers", json=a_person(email=other)), address)


def test_a_domain_and_its_punycode_are_the_same_address(api: httpx.Client) -> None:
    name = new_email().partition("@")[0]
    holder = create(api, email=f"{name}@b\u00fccher.example")
    assert holder["email"] == f"{name}@b\u00fccher.example"
    _assert_taken(api.post("/customers", json=a_person(email=f"{name}@XN--BCHER-KVA.example")), name)


@pytest.mark.parametrize(
    ("one", "other"), [("{}@fass.de", "{}@fa\u00df.de"), ("{}1@example.com", "{}\u2460@example.com")]
)
def test_addresses_of_two_mailboxes_belong_to_two_customers(api: httpx.Client, one: str, other: str) -> None:
    name = new_email().partition("@")[0]
    create(api, email=one.format(name))
    assert create(api, email=other.format(name))["email"] == other.format(name)


def test_a_refused_create_stores_none_of_its_data(api: httpx.Client) -> None:
    holder = create(api)
    for _ in range(3):
        _assert_taken(api.post("/customers", json=a_person(email=holder["email"])), holder["email"])
    # The holder can still change the address, which frees it.
    update(api, holder, email=new_email())
    assert create(api, email=holder["email"])["version"] == 1


def test_one_of_fifty_simultaneous_creates_gets_the_address(api: httpx.Client, target: Target) -> None:
    address = new_email()

    def send(_: int) -> httpx.Response:
        return persistently(lambda: api.post("/customers", json=a_person(email=address)))

    answers = at_once(CROWD, send, most=target.parallel)
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * (CROWD - 1)]
    for answer in answers:
        if answer.status_code == 409:
            _assert_taken(answer, address)


def test_one_of_many_simultaneous_updates_gets_the_address(api: httpx.Client, target: Target) -> None:
    address, movers = new_email(), [create(api) for _ in range(8)]

    def move(number: int) -> httpx.Response:
        body = a_person(email=address, city=f"City {number}")
        return persistently(lambda: api.put(f"/customers/{movers[number]['id']}", json=body))

    answers = at_once(len(movers), move, target.parallel)
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * (len(movers) - 1)]
    # The others kept their own addresses.
    for mover, answer in zip(movers, answers, strict=True):
        again = api.post("/customers", json=a_person(email=mover["email"]))
        assert again.status_code == (201 if answer.status_code == 200 else 409)
