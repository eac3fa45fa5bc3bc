"""I3: one command gives one customer and one answer, however often and from however many threads it is sent."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from tests.e2e.customers import (
    TOKEN,
    a_person,
    at_once,
    create,
    erase,
    new_email,
    persistently,
    shown,
    update,
)
from tests.e2e.hosted_page import access_token_of
from tests.e2e.problems import assert_problem, refused_fields
from tests.e2e.target import Target
from tests.e2e.tokens import READ, WRITE, another_machine, client_credentials, person
from tests.samples import details_of

PARALLEL: Final = 20


def _keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or str(uuid4())}


def _said(answer: httpx.Response) -> tuple[Any, ...]:
    """The parts of a response that belong to the command; the rest belongs to the request."""
    names = ("location", "etag", TOKEN, "content-type")
    return answer.status_code, answer.content, *(answer.headers[name] for name in names)


def test_a_repeat_gets_the_same_answer(api: httpx.Client) -> None:
    body, key = a_person(), _keyed()
    first = api.post("/customers", json=body, headers=key)
    assert first.status_code == 201
    assert first.headers["etag"] == '"1"'
    for _ in range(3):
        assert _said(api.post("/customers", json=body, headers=key)) == _said(first)


def test_a_repeat_is_recognised_by_its_content_and_not_by_its_bytes(api: httpx.Client) -> None:
    body, key = a_person(full_name="Zo\u00eb Lovelace"), _keyed()
    first = api.post("/customers", json=body, headers=key)
    other_bytes = json.dumps(dict(reversed((body | {"full_name": " Zoe\u0308  Lovelace "}).items())), indent=3)
    assert _said(api.post("/customers", content=other_bytes, headers=key)) == _said(first)


def test_twenty_simultaneous_requests_with_one_key_create_one_customer(api: httpx.Client, target: Target) -> None:
    body, key = a_person(), _keyed()

    def send(_: int) -> httpx.Response:
        return persistently(lambda: api.post("/customers", json=body, headers=key))

    answers = at_once(PARALLEL, send, most=target.parallel)
    assert {answer.status_code for answer in answers} == {201}
    assert len({_said(answer) for answer in answers}) == 1
    # A second customer would hold the address as well, which is impossible.
    assert shown(api, answers[0].json()["id"]).json() == answers[0].json()


@pytest.mark.parametrize(
    "change", [{"full_name": "Grace Hopper"}, {"email": "new"}, {"birth": "1990-05-18"}, {"country": "Chile"}], ids=str
)
def test_a_key_belongs_to_one_body(api: httpx.Client, change: dict[str, str]) -> None:
    body, key = a_person(), _keyed()
    first = api.post("/customers", json=body, headers=key)
    other = body | ({"email": new_email()} if "email" in change else change)
    refused = api.post("/customers", json=other, headers=key)
    problem = assert_problem(refused, 422, "key-reused")
    assert [error["field"] for error in problem["errors"]] == ["Idempotency-Key"]
    assert _said(api.post("/customers", json=body, headers=key)) == _said(first)
    if "email" in change:
        assert api.post("/customers", json=other).status_code == 201


def test_a_new_key_with_a_taken_address_is_refused_and_stays_free(api: httpx.Client) -> None:
    """A refusal is not remembered: once its cause is gone, the same request succeeds."""
    holder, key = create(api), _keyed()
    body = a_person(email=holder["email"])
    assert_problem(api.post("/customers", json=body, headers=key), 409, "field-taken")
    erase(api, holder)
    answer = api.post("/customers", json=body, headers=key)
    assert answer.status_code == 201, answer.text
    assert answer.json()["id"] != holder["id"]


@pytest.fixture(params=["a person", "another machine"])
def somebody_else(
    request: pytest.FixtureRequest, target: Target, caller: Callable[[str], httpx.Client]
) -> Iterator[httpx.Client]:
    """A caller other than the machine client, with the same rights."""
    with ExitStack() as lasting:
        if request.param == "another machine":
            client_id, secret = lasting.enter_context(another_machine(target))
            yield caller(client_credentials(target, client_id, secret, READ, WRITE))
            return
        if not target.is_local:
            pytest.skip("the target is not local: AWS's hosted page needs a browser that runs scripts")
        yield caller(access_token_of(target, lasting.enter_context(person(target))))


def test_a_key_belongs_to_its_caller(api: httpx.Client, somebody_else: httpx.Client) -> None:
    key = _keyed()
    mine, theirs = a_person(), a_person()
    first = api.post("/customers", json=mine, headers=key)
    second = somebody_else.post("/customers", json=theirs, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    assert _said(api.post("/customers", json=mine, headers=key)) == _said(first)
    assert _said(somebody_else.post("/customers", json=theirs, headers=key)) == _said(second)


def test_a_key_reveals_nothing_that_another_caller_sent(api: httpx.Client, somebody_else: httpx.Client) -> None:
    body, key = a_person(), _keyed()
    mine = api.post("/customers", json=body, headers=key).json()
    answer = somebody_else.post("/customers", json=body, headers=key)
    assert_problem(answer, 409, "field-taken")
    assert mine["id"] not in answer.text


def test_a_repeat_after_a_change_still_gets_the_first_answer(api: httpx.Client) -> None:
    body, key = a_person(), _keyed()
    first = api.post("/customers", json=body, headers=key)
    changed = update(api, first.json(), city="Paris", email=new_email())
    # Neither the change nor the address's next holder gets in the way.
    taken_over = create(api, email=body["email"])
    assert _said(api.post("/customers", json=body, headers=key)) == _said(first)
    assert shown(api, taken_over["id"]).json() == taken_over
    current = api.put(f"/customers/{changed['id']}", json=details_of(changed))
    assert (current.status_code, current.json()) == (200, changed)


def test_a_repeat_after_the_erasure_does_not_bring_the_customer_back(api: httpx.Client) -> None:
    body, key = a_person(), _keyed()
    first = api.post("/customers", json=body, headers=key)
    erase(api, first.json())
    answer = api.post("/customers", json=body, headers=key)
    assert_problem(answer, 410, "gone")
    assert str(body["email"]) not in answer.text
    assert api.post("/customers", json=body, headers=_keyed()).status_code == 201


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("two words", id="blank-inside"),
        pytest.param("k\tk", id="tab-inside"),
        pytest.param("k" * 256, id="too-long"),
    ],
)
def test_a_bad_key_is_refused_and_creates_no_customer(api: httpx.Client, key: str) -> None:
    body = a_person()
    assert refused_fields(api.post("/customers", json=body, headers={"Idempotency-Key": key})) == ["Idempotency-Key"]
    assert api.post("/customers", json=body).status_code == 201


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("{}".ljust(221, "k"), id="of-255"),
        pytest.param('"{}"', id="quoted"),
        pytest.param("{}!#$%&'()*+-./:;<=>?@[]^_`|~", id="signs"),
    ],
)
def test_a_key_may_be_any_visible_ascii(api: httpx.Client, key: str) -> None:
    body, header = a_person(), _keyed(key.format(uuid4()))
    first = api.post("/customers", json=body, headers=header)
    assert first.status_code == 201
    assert _said(api.post("/customers", json=body, headers=header)) == _said(first)


def test_a_key_used_on_one_route_means_nothing_on_another(api: httpx.Client) -> None:
    body, key = a_person(), _keyed()
    first = api.post("/customers", json=body, headers=key).json()
    changed = api.put(f"/customers/{first['id']}", json=details_of(first, city="Paris"), headers=key)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert api.delete(f"/customers/{first['id']}", headers=key).status_code == 204
