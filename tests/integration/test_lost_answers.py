"""A caller who lost the answer repeats the request, gets the first answer, and has caused one event (I3)."""

import socket
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from events.dynamodb_store import DynamoDbEventStore
from tests.e2e.customers import Customer, a_person, create, eventually, seeing
from tests.e2e.problems import assert_problem
from tests.event_log import events_of
from tests.samples import details_of

# The headers that make a request safe to repeat.
GUARDS: Final[list[dict[str, str]]] = [
    {"If-Match": '"1"'},
    {"Idempotency-Key": str(uuid4())},
    {"If-Match": '"1"', "Idempotency-Key": str(uuid4())},
]


def _send_and_hang_up(request: httpx.Request) -> None:
    """Send a request completely, and close the connection before any answer."""
    place = urlsplit(str(request.url))
    path = request.url.raw_path.decode()
    head = [f"{request.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
    with socket.create_connection((str(place.hostname), place.port or 80), timeout=10) as line:
        line.sendall("\r\n".join([*head, "", ""]).encode() + request.content)


@pytest.fixture
def customer(api: httpx.Client) -> Customer:
    return create(api)


def _repeated(api: httpx.Client, request: httpx.Request, store: DynamoDbEventStore, customer_id: str) -> httpx.Response:
    """Lose the answer, wait until the write is stored, and send the request again."""
    known = len(events_of(store, customer_id))
    _send_and_hang_up(request)

    def written() -> None:
        assert len(events_of(store, customer_id)) == known + 1

    eventually(written)
    answer = api.send(request)
    assert len(events_of(store, customer_id)) == known + 1
    return answer


@pytest.mark.parametrize("guard", GUARDS, ids=" and ".join)
def test_an_update_with_a_lost_answer_can_be_repeated(
    api: httpx.Client, store: DynamoDbEventStore, customer: Customer, guard: dict[str, str]
) -> None:
    place = f"/customers/{customer['id']}"
    request = api.build_request("PUT", place, json=details_of(customer, city="Paris"), headers=guard)
    answer = _repeated(api, request, store, customer["id"])
    [_, event] = events_of(store, customer["id"])
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json() == customer | {"city": "Paris", "version": 2, "updated_at": event.occurred_at}
    assert api.get(place, headers=seeing(answer)).json() == answer.json()


def test_an_update_with_a_lost_answer_is_recognised_after_later_changes(
    api: httpx.Client, store: DynamoDbEventStore, customer: Customer
) -> None:
    place, seen = f"/customers/{customer['id']}", {"If-Match": '"1"'}
    request = api.build_request("PUT", place, json=details_of(customer, city="Paris"), headers=seen)
    first = _repeated(api, request, store, customer["id"])
    assert api.put(place, json=details_of(customer, city="Rome")).headers["etag"] == '"3"'
    again = api.send(request)
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, '"2"')
    other = api.put(place, json=details_of(customer, city="Oslo"), headers=seen)
    assert_problem(other, 412, "stale-version")
    assert len(events_of(store, customer["id"])) == 3


@pytest.mark.parametrize("guard", [*GUARDS, {}], ids=lambda guard: " and ".join(guard) or "nothing")
def test_an_erasure_with_a_lost_answer_can_be_repeated(
    api: httpx.Client, store: DynamoDbEventStore, customer: Customer, guard: dict[str, str]
) -> None:
    request = api.build_request("DELETE", f"/customers/{customer['id']}", headers=guard)
    answer = _repeated(api, request, store, customer["id"])
    assert (answer.status_code, answer.headers["etag"]) == (204, '"2"')


def test_a_create_with_a_lost_answer_can_be_repeated(api: httpx.Client, store: DynamoDbEventStore) -> None:
    body, key = a_person(), {"Idempotency-Key": str(uuid4())}
    request = api.build_request("POST", "/customers", json=body, headers=key)
    _send_and_hang_up(request)
    # Which of the two gets through first is unknown and must not matter.
    answer = api.send(request)
    assert answer.status_code == 201
    assert_problem(api.post("/customers", json=body | {"birth": "1990-05-18"}, headers=key), 422, "key-reused")
    [event] = events_of(store, answer.json()["id"])
    assert (event.version, event.occurred_at) == (1, answer.json()["created_at"])
