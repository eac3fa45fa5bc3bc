"""PUT /customers/{customer_id}: full replacement, guarded by If-Match, without a lost update (I2, I3)."""

from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from tests.e2e.bad_values import BAD, MARK, assert_silent, with_value
from tests.e2e.customers import (
    FIELDS,
    TOKEN,
    Customer,
    a_person,
    at_once,
    create,
    eventually,
    new_email,
    page,
    persistently,
    seeing,
    shown,
    update,
)
from tests.e2e.problems import assert_problem, refused_fields
from tests.e2e.target import Target
from tests.samples import PERSONAL_FIELDS, details_of

WRITERS: Final = 8
UPDATES_EACH: Final = 10


@pytest.fixture
def customer(api: httpx.Client) -> Customer:
    return create(api)


def _put(api: httpx.Client, customer: Customer, if_match: str | None = None, **changes: object) -> httpx.Response:
    headers = {} if if_match is None else {"If-Match": if_match}
    return api.put(f"/customers/{customer['id']}", json=details_of(customer, **changes), headers=headers)


def _said(answer: httpx.Response) -> tuple[Any, ...]:
    """The parts of a response that belong to the command; the rest belongs to the request."""
    return answer.status_code, answer.content, answer.headers["etag"], answer.headers[TOKEN]


def _now(api: httpx.Client, write: httpx.Response) -> Customer:
    """The customer as of a write or later."""
    answer = api.get(write.url, headers=seeing(write))
    assert answer.status_code == 200, answer.text
    found: Customer = answer.json()
    return found


def test_the_answer_is_the_customer_at_the_next_version(api: httpx.Client, customer: Customer) -> None:
    answer = _put(api, customer, city="Paris")
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.headers["content-type"] == "application/json"
    changed = answer.json()
    assert set(changed) == FIELDS
    assert changed["updated_at"] > customer["updated_at"]
    assert changed == customer | {"city": "Paris", "version": 2, "updated_at": changed["updated_at"]}
    assert _now(api, answer) == changed


def test_every_field_is_replaced_and_shown_in_the_list_at_the_old_place(api: httpx.Client, customer: Customer) -> None:
    other = a_person(full_name="Grace Hopper", birth="1906-12-09", city="Arlington", country="United States")
    answer = api.put(f"/customers/{customer['id']}", json=other)
    assert {name: answer.json()[name] for name in other} == other
    assert (answer.json()["id"], answer.json()["created_at"]) == (customer["id"], customer["created_at"])

    def look() -> None:
        listed = page(api, limit=100)["customers"]
        assert [each for each in listed if each["id"] == customer["id"]] == [answer.json()]
        assert listed == sorted(listed, key=lambda each: (each["created_at"], each["id"]), reverse=True)

    eventually(look)


def test_a_field_that_is_not_sent_is_missing_and_not_kept(api: httpx.Client, customer: Customer) -> None:
    answer = api.put(f"/customers/{customer['id']}", json={"city": "Paris"})
    assert sorted(refused_fields(answer)) == sorted({*PERSONAL_FIELDS} - {"city"})


def test_an_update_without_a_change_creates_no_version(api: httpx.Client, customer: Customer) -> None:
    for if_match in (None, "*", '"1"'):
        answer = _put(api, customer, if_match)
        assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"1"', customer)
    untrimmed = _put(api, customer, full_name=f" {customer['full_name']} ")
    assert (untrimmed.headers["etag"], untrimmed.json()) == ('"1"', customer)
    assert update(api, customer, city="Paris")["version"] == 2


@pytest.mark.parametrize("if_match", ['"1"', "*", '"7", "1"', '"1" ,"7"'])
def test_an_update_of_the_version_that_was_seen_is_made(api: httpx.Client, customer: Customer, if_match: str) -> None:
    answer = _put(api, customer, if_match, city="Paris")
    assert (answer.status_code, answer.headers["etag"], answer.json()["city"]) == (200, '"2"', "Paris")


@pytest.mark.parametrize("if_match", ['"1"', '"3"', '"0"', '"1", "3"', '"999999999"'])
def test_an_update_of_another_version_is_refused(api: httpx.Client, customer: Customer, if_match: str) -> None:
    current = update(api, customer, city="Paris")
    answer = _put(api, customer, if_match, city="Rome")
    assert_problem(answer, 412, "stale-version")
    assert answer.headers["etag"] == '"2"'
    assert "Paris" not in answer.text
    # Its token leads to the current version, so that the caller can decide again.
    assert _now(api, answer) == current
    again = _put(api, customer, answer.headers["etag"], city="Rome")
    assert (again.status_code, again.json()["version"], again.json()["city"]) == (200, 3, "Rome")


@pytest.mark.parametrize("if_match", ['W/"1"', '"one"', '"-1"', '"01"', ",", '"2",, "x"', '"1111111111"'])
def test_an_if_match_that_does_not_name_the_version_is_412(
    api: httpx.Client, customer: Customer, if_match: str
) -> None:
    assert_problem(_put(api, customer, if_match, city="Paris"), 412, "stale-version")
    assert _put(api, customer).json() == customer


@pytest.mark.parametrize("if_match", ['"1",', ',"1"', '"x", "1"', "*"])
def test_an_if_match_that_names_the_version_is_carried_out(
    api: httpx.Client, customer: Customer, if_match: str
) -> None:
    assert _put(api, customer, if_match, city="Paris").json()["version"] == 2


def test_repeated_if_match_lines_are_one_list(api: httpx.Client, customer: Customer) -> None:
    place, body = f"/customers/{customer['id']}", details_of(customer, city="Paris")
    for lines in ([("If-Match", '"1"'), ("If-Match", '"7"')], [("If-Match", '"7"'), ("If-Match", '"2"')]):
        assert api.put(place, json=body, headers=lines).status_code == 200
        body |= {"city": "Rome"}


@pytest.mark.parametrize("value", ["*", '"1"', 'W/"1"', '"7", "1"'])
def test_if_none_match_prevents_a_change_and_makes_a_read_304(
    api: httpx.Client, customer: Customer, value: str
) -> None:
    place, condition = f"/customers/{customer['id']}", {"If-None-Match": value}
    refused = api.put(place, json=details_of(customer, city="Paris"), headers=condition)
    assert_problem(refused, 412, "precondition-failed")
    assert_problem(api.delete(place, headers=condition), 412, "precondition-failed")
    token = {"Consistency-Token": refused.headers["consistency-token"], "Prefer": "wait = 10"}
    same = api.get(place, headers=condition | token)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", '"1"')
    assert api.get(place, headers=token).json() == customer


@pytest.mark.parametrize("if_match", ["1", '"1', '"1" "2"', '"1", *'])
def test_a_malformed_if_match_is_refused_and_changes_nothing(
    api: httpx.Client, customer: Customer, if_match: str
) -> None:
    assert refused_fields(_put(api, customer, if_match, city="Paris")) == ["If-Match"]
    assert _put(api, customer).json() == customer


def test_a_retry_with_the_same_if_match_gets_the_same_answer_and_no_412(api: httpx.Client, customer: Customer) -> None:
    first = _put(api, customer, '"1"', city="Paris")
    assert _said(_put(api, customer, '"1"', city="Paris")) == _said(first)
    # Even if others have changed the customer since.
    update(api, first.json(), city="Rome")
    assert _said(_put(api, customer, '"1"', city="Paris")) == _said(first)
    assert_problem(_put(api, customer, '"1"', city="Oslo"), 412, "stale-version")
    assert _put(api, customer, city="Rome").json()["version"] == 3


def test_a_retry_with_the_same_key_gets_the_same_answer(api: httpx.Client, customer: Customer) -> None:
    key, place = {"Idempotency-Key": str(uuid4())}, f"/customers/{customer['id']}"
    body = details_of(customer, city="Paris")
    first = api.put(place, json=body, headers=key)
    update(api, first.json(), city="Rome")
    assert _said(api.put(place, json=body, headers=key)) == _said(first)
    assert_problem(api.put(place, json=body | {"city": "Oslo"}, headers=key), 422, "key-reused")
    assert _put(api, customer, city="Rome").json()["version"] == 3


def test_a_key_is_remembered_even_if_nothing_changed(api: httpx.Client, customer: Customer) -> None:
    key, place = {"Idempotency-Key": str(uuid4())}, f"/customers/{customer['id']}"
    body = details_of(customer)
    first = api.put(place, json=body, headers=key)
    assert first.json() == customer | {"version": 2, "updated_at": first.json()["updated_at"]}
    assert first.headers["ETag"] == '"2"'
    others = update(api, first.json(), city="Rome")
    assert _said(api.put(place, json=body, headers=key)) == _said(first)
    assert _put(api, customer, city="Rome").json() == others


def test_simultaneous_retries_change_the_customer_once(api: httpx.Client, customer: Customer, target: Target) -> None:
    answers = at_once(
        WRITERS, lambda _: persistently(lambda: _put(api, customer, '"1"', city="Paris")), target.parallel
    )
    assert len({_said(answer) for answer in answers}) == 1
    assert (answers[0].status_code, answers[0].json()["version"]) == (200, 2)
    assert _now(api, answers[0]) == answers[0].json()


def test_one_of_many_who_saw_the_same_version_may_change_it(
    api: httpx.Client, customer: Customer, target: Target
) -> None:
    answers = at_once(
        WRITERS, lambda n: persistently(lambda: _put(api, customer, '"1"', city=f"City {n}")), target.parallel
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * (WRITERS - 1)]
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert _now(api, winner) == winner.json()


def test_writers_without_if_match_lose_no_update(api: httpx.Client, customer: Customer, target: Target) -> None:
    def write(writer: int) -> list[httpx.Response]:
        return [
            persistently(lambda number=number: _put(api, customer, city=f"City {writer} {number}"))  # type: ignore[misc]
            for number in range(UPDATES_EACH)
        ]

    answers = [answer for each in at_once(WRITERS, write, target.parallel) for answer in each]
    assert {answer.status_code for answer in answers} == {200}
    versions = [1, *(answer.json()["version"] for answer in answers)]
    assert sorted(versions) == list(range(1, WRITERS * UPDATES_EACH + 2))
    assert len({answer.json()["city"] for answer in answers}) == WRITERS * UPDATES_EACH
    last = max(answers, key=lambda answer: int(answer.json()["version"]))
    assert _now(api, last) == last.json()


def test_the_old_address_becomes_free_and_the_new_one_is_taken(api: httpx.Client, customer: Customer) -> None:
    old, new = customer["email"], new_email()
    assert update(api, customer, email=new)["email"] == new
    for taken in (new, new.upper()):
        assert_problem(api.post("/customers", json=a_person(email=taken)), 409, "field-taken")
    heir = create(api, email=old)
    # Going back needs a new claim, and another customer has it now.
    refused = _put(api, customer)
    assert [error["field"] for error in assert_problem(refused, 409, "field-taken")["errors"]] == ["email"]
    assert heir["id"] not in refused.text
    assert shown(api, heir["id"]).json() == heir
    assert _put(api, customer, email=new).json()["version"] == 2


def test_the_own_address_in_other_case_is_no_conflict(api: httpx.Client, customer: Customer) -> None:
    shouted = str(customer["email"]).upper()
    assert update(api, customer, email=shouted)["email"] == shouted
    assert_problem(api.post("/customers", json=a_person(email=customer["email"])), 409, "field-taken")


def test_an_update_that_is_refused_for_its_address_changes_nothing(api: httpx.Client, customer: Customer) -> None:
    other = create(api)
    assert_problem(_put(api, customer, email=other["email"], city="Paris"), 409, "field-taken")
    assert _put(api, customer).json() == customer
    assert_problem(api.post("/customers", json=a_person(email=customer["email"])), 409, "field-taken")


@pytest.mark.parametrize(
    "customer_id",
    [str(uuid4()), "1", str(uuid4()).upper(), f"{uuid4()}%20", "%23active-generation", "a" * 300],
    ids=["unknown", "number", "upper-case", "blank-after", "a-key-of-the-read-table", "long"],
)
def test_an_unknown_id_is_not_found_and_takes_no_address(api: httpx.Client, customer_id: str) -> None:
    body = a_person()
    for headers in ({}, {"If-Match": '"1"'}, {"Idempotency-Key": str(uuid4())}):
        assert_problem(api.put(f"/customers/{customer_id}", json=body, headers=headers), 404, "not-found")
    assert api.post("/customers", json=body).status_code == 201


@pytest.fixture(scope="module")
def untouched(api: httpx.Client) -> Customer:
    """One customer that all bad bodies are sent to."""
    return create(api)


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_field_is_named_as_in_a_create(api: httpx.Client, untouched: Customer, field: str, value: object) -> None:
    answer = api.put(f"/customers/{untouched['id']}", json=with_value(field, value))
    assert refused_fields(answer) == [field]
    assert_silent(answer)


@pytest.mark.parametrize("field", ["id", "version", "created_at", "nickname"])
def test_an_unknown_field_is_named(api: httpx.Client, untouched: Customer, field: str) -> None:
    answer = api.put(f"/customers/{untouched['id']}", json=details_of(untouched, **{field: MARK}))
    assert refused_fields(answer) == [field]
    assert_silent(answer)


def test_a_body_that_is_not_json_is_refused(api: httpx.Client, untouched: Customer) -> None:
    answer = api.put(f"/customers/{untouched['id']}", content=f'{{"city": "{MARK}"')
    assert_problem(answer, 400, "malformed-body")
    assert_silent(answer)


def test_no_bad_body_changed_the_customer(api: httpx.Client, untouched: Customer) -> None:
    for case in BAD:
        field, value = case.values
        assert api.put(f"/customers/{untouched['id']}", json=with_value(str(field), value)).status_code == 422
    answer = _put(api, untouched)
    assert (answer.json(), answer.headers["etag"]) == (untouched, '"1"')
