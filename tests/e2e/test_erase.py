"""DELETE /customers/{customer_id} erases the person for good and can be repeated."""

from uuid import uuid4

import httpx
import pytest

from tests.e2e.customers import (
    TOKEN,
    Customer,
    a_person,
    at_once,
    create,
    erase,
    new_email,
    persistently,
    seeing,
    update,
)
from tests.e2e.problems import assert_problem, refused_fields
from tests.samples import details_of


@pytest.fixture
def customer(api: httpx.Client) -> Customer:
    """A customer with two versions."""
    return update(api, create(api), city="Paris")


def _delete(api: httpx.Client, customer: Customer, **headers: str) -> httpx.Response:
    return api.delete(f"/customers/{customer['id']}", headers=headers)


def _assert_still_there(api: httpx.Client, customer: Customer) -> None:
    answer = api.put(f"/customers/{customer['id']}", json=details_of(customer))
    assert (answer.status_code, answer.json()) == (200, customer)


def test_the_answer_is_empty_and_has_the_last_version(api: httpx.Client, customer: Customer) -> None:
    answer = _delete(api, customer)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (204, b"", '"3"')
    assert answer.headers[TOKEN]


def test_the_customer_is_neither_found_nor_listed(api: httpx.Client, customer: Customer) -> None:
    erased = erase(api, customer)
    found = api.get(f"/customers/{customer['id']}", headers=seeing(erased))
    assert_problem(found, 404, "not-found")
    assert customer["email"] not in found.text
    listed = api.get("/customers", params={"limit": 100}, headers=seeing(erased))
    assert listed.status_code == 200
    assert customer["id"] not in {each["id"] for each in listed.json()["customers"]}


def test_the_address_is_free_again_for_a_new_customer(api: httpx.Client, customer: Customer) -> None:
    erase(api, customer)
    heir = create(api, email=customer["email"])
    assert heir["id"] != customer["id"]
    assert heir["version"] == 1
    # Erasing the first customer again takes nothing from the second.
    erase(api, customer)
    assert_problem(api.post("/customers", json=a_person(email=customer["email"])), 409, "field-taken")


def test_an_address_that_was_given_up_earlier_stays_with_its_new_holder(api: httpx.Client, customer: Customer) -> None:
    update(api, customer, email=new_email())
    heir = create(api, email=customer["email"])
    erase(api, customer)
    assert_problem(api.post("/customers", json=a_person(email=heir["email"])), 409, "field-taken")


def test_a_second_erasure_is_answered_like_the_first(api: httpx.Client, customer: Customer) -> None:
    first = erase(api, customer)
    for headers in ({}, {"If-Match": "*"}, {"If-Match": '"2"'}, {"If-Match": '"1"'}):
        again = _delete(api, customer, **headers)
        assert (again.status_code, again.headers["etag"], again.headers[TOKEN]) == (
            204,
            first.headers["etag"],
            first.headers[TOKEN],
        )


def test_nothing_changes_an_erased_customer(api: httpx.Client, customer: Customer) -> None:
    erase(api, customer)
    for headers in ({}, {"If-Match": '"3"'}, {"If-Match": '"2"'}, {"Idempotency-Key": str(uuid4())}):
        body = details_of(customer, email=new_email())
        answer = api.put(f"/customers/{customer['id']}", json=body, headers=headers)
        assert_problem(answer, 404, "not-found")
        assert api.post("/customers", json=body).status_code == 201
    assert _delete(api, customer).headers["etag"] == '"3"'


def test_a_stale_if_match_prevents_the_erasure(api: httpx.Client, customer: Customer) -> None:
    answer = _delete(api, customer, **{"If-Match": '"1"'})
    assert_problem(answer, 412, "stale-version")
    assert answer.headers["etag"] == '"2"'
    assert api.get(answer.url, headers=seeing(answer)).json() == customer
    _assert_still_there(api, customer)
    assert _delete(api, customer, **{"If-Match": answer.headers["etag"]}).status_code == 204


@pytest.mark.parametrize("if_match", ['"2"', "*", '"1", "2"'])
def test_a_retry_with_the_same_if_match_is_answered_like_the_first_try(
    api: httpx.Client, customer: Customer, if_match: str
) -> None:
    answers = [_delete(api, customer, **{"If-Match": if_match}) for _ in range(3)]
    assert [(each.status_code, each.headers["etag"]) for each in answers] == [(204, '"3"')] * 3


def test_a_retry_with_the_same_key_is_answered_like_the_first_try(api: httpx.Client, customer: Customer) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    answers = [_delete(api, customer, **key) for _ in range(3)]
    assert [(each.status_code, each.headers["etag"]) for each in answers] == [(204, '"3"')] * 3


def test_simultaneous_erasures_get_the_same_answer(api: httpx.Client, customer: Customer) -> None:
    answers = at_once(4, lambda _: persistently(lambda: _delete(api, customer)))
    assert [(each.status_code, each.headers["etag"]) for each in answers] == [(204, '"3"')] * 4


def test_a_simultaneous_update_and_erasure_end_in_an_erased_customer(api: httpx.Client, customer: Customer) -> None:
    place, body = f"/customers/{customer['id']}", details_of(customer, city="Rome", email=new_email())

    def send(number: int) -> httpx.Response:
        if number == 0:
            return persistently(lambda: api.delete(place))
        return persistently(lambda: api.put(place, json=body))

    erased, *updated = at_once(4, send)
    assert erased.status_code == 204
    assert {answer.status_code for answer in updated} <= {200, 404}
    assert_problem(api.get(place, headers=seeing(erased)), 404, "not-found")
    for address in (customer["email"], body["email"]):
        assert create(api, email=address)["version"] == 1


def test_a_malformed_if_match_is_refused(api: httpx.Client, customer: Customer) -> None:
    assert refused_fields(_delete(api, customer, **{"If-Match": "2"})) == ["If-Match"]
    _assert_still_there(api, customer)


@pytest.mark.parametrize(
    "customer_id",
    [str(uuid4()), "1", str(uuid4()).upper(), "%23active-generation", "a" * 300],
    ids=["unknown", "number", "upper-case", "a-key-of-the-read-table", "long"],
)
def test_an_unknown_id_is_not_found(api: httpx.Client, customer_id: str) -> None:
    for headers in ({}, {"If-Match": '"1"'}, {"Idempotency-Key": str(uuid4())}):
        assert_problem(api.delete(f"/customers/{customer_id}", headers=headers), 404, "not-found")
