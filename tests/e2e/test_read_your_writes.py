"""A GET with a write's Consistency-Token never shows an older state or a false 404."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import uuid4

import httpx
import pytest

from shared.http.consistency import ConsistencyToken
from tests.e2e.customers import TOKEN, Customer, a_person, create, seeing, shown
from tests.e2e.problems import assert_problem, refused_fields
from tests.samples import details_of

ROUNDS: Final = 100
THREADS: Final = 10
# The default wait, and how long a response may take beyond the wait, in seconds.
DEFAULT_WAIT: Final = 2
AND_THE_REST: Final = 10


def _get(api: httpx.Client, customer_id: str, write: httpx.Response) -> httpx.Response:
    return api.get(f"/customers/{customer_id}", headers=seeing(write))


def _listed(api: httpx.Client, write: httpx.Response) -> dict[str, Customer]:
    answer = api.get("/customers", params={"limit": 100}, headers=seeing(write))
    assert answer.status_code == 200, answer.text
    return {customer["id"]: customer for customer in answer.json()["customers"]}


def _live(api: httpx.Client, number: int) -> None:
    """Create, update and erase a customer, and read right after each write: alternately the customer and the list."""

    def look(write: httpx.Response, step: int, expected: Customer | None) -> None:
        if (number + step) % 2:
            assert _listed(api, write).get(customer_id) == expected
            return
        found = _get(api, customer_id, write)
        assert found.status_code == (200 if expected else 404), found.text
        if expected:
            assert (found.json(), found.headers["etag"]) == (expected, write.headers["etag"])

    created = api.post("/customers", json=a_person())
    customer_id = created.json()["id"]
    look(created, 1, created.json())
    place = f"/customers/{customer_id}"
    updated = api.put(place, json=details_of(created.json(), city=f"City {number}"))
    look(updated, 2, updated.json())
    look(api.delete(place), 3, None)


def test_every_write_is_visible_at_once_in_a_hundred_lives(api: httpx.Client) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        for life in [threads.submit(_live, api, number) for number in range(ROUNDS)]:
            life.result()


def test_an_older_token_is_no_obstacle(api: httpx.Client) -> None:
    created = api.post("/customers", json=a_person())
    updated = api.put(f"/customers/{created.json()['id']}", json=details_of(created.json(), city="Paris"))
    assert _get(api, created.json()["id"], updated).json() == updated.json()
    assert _get(api, created.json()["id"], created).json() == updated.json()


@pytest.fixture
def customer(api: httpx.Client) -> Customer:
    made = create(api)
    shown(api, made["id"])
    return made


@pytest.fixture(params=["single", "list"])
def ask(request: pytest.FixtureRequest, api: httpx.Client, customer: Customer) -> Callable[..., httpx.Response]:
    """Reads by each route in turn."""
    place = f"/customers/{customer['id']}" if request.param == "single" else "/customers"

    def read(token: str, prefer: str | None = None) -> httpx.Response:
        headers = {TOKEN: token} if prefer is None else {TOKEN: token, "Prefer": prefer}
        return api.get(place, headers=headers)

    return read


def _not_yet(answer: httpx.Response) -> float:
    """How many seconds the API took to answer that the write is not there yet."""
    assert_problem(answer, 503, "not-yet-readable")
    assert int(answer.headers["retry-after"]) > 0
    return answer.elapsed.total_seconds()


@pytest.mark.parametrize(
    ("prefer", "seconds"), [("wait=0", 0), ("wait=1", 1), (None, DEFAULT_WAIT), ("respond-async", DEFAULT_WAIT)]
)
def test_a_version_that_does_not_exist_yet_is_awaited_as_long_as_asked(
    ask: Callable[..., httpx.Response], customer: Customer, prefer: str | None, seconds: int
) -> None:
    took = _not_yet(ask(ConsistencyToken(customer["id"], 2).encode(), prefer))
    assert seconds <= took < seconds + AND_THE_REST


def test_a_shorter_wait_is_answered_sooner(ask: Callable[..., httpx.Response], customer: Customer) -> None:
    token = ConsistencyToken(customer["id"], 2).encode()
    assert min(_not_yet(ask(token, "wait=0")) for _ in range(5)) < 1


def test_a_write_during_the_wait_is_seen(api: httpx.Client, customer: Customer) -> None:
    with ThreadPoolExecutor(1) as threads:
        headers = {TOKEN: ConsistencyToken(customer["id"], 2).encode(), "Prefer": "wait=10"}
        reading = threads.submit(api.get, f"/customers/{customer['id']}", headers=headers)
        time.sleep(0.3)
        assert not reading.done()
        updated = api.put(f"/customers/{customer['id']}", json=details_of(customer, city="Paris"))
        assert (reading.result().status_code, reading.result().json()) == (200, updated.json())


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="letter"),
        pytest.param("garbage!", id="garbage"),
        pytest.param("AAAA", id="zero-bytes"),
        pytest.param("a" * 2000, id="long"),
        pytest.param(str(uuid4()), id="a-customers-id"),
        pytest.param(ConsistencyToken(str(uuid4()), 0).encode(), id="version-0"),
        pytest.param(ConsistencyToken(str(uuid4()), -1).encode(), id="version-minus-1"),
        pytest.param(ConsistencyToken(str(uuid4()), 10**9).encode(), id="version-too-high"),
        pytest.param(ConsistencyToken("#active-generation", 1).encode(), id="a-key-of-the-read-table"),
        pytest.param(ConsistencyToken("k" * 65, 1).encode(), id="key-too-long"),
    ],
)
def test_a_malformed_token_is_refused(ask: Callable[..., httpx.Response], token: str) -> None:
    assert refused_fields(ask(token, "wait=0")) == [TOKEN]


def test_a_token_of_another_customer_is_awaited_too(ask: Callable[..., httpx.Response]) -> None:
    unknown = ConsistencyToken(str(uuid4()), 1).encode()
    assert 1 <= _not_yet(ask(unknown, "wait=1")) < 1 + AND_THE_REST


def test_after_another_customers_token_the_requested_customer_is_shown(
    api: httpx.Client, ask: Callable[..., httpx.Response], customer: Customer
) -> None:
    other = api.post("/customers", json=a_person())
    answer = ask(other.headers[TOKEN], "wait=10")
    assert answer.status_code == 200
    if "customers" in answer.json():
        assert {customer["id"], other.json()["id"]} <= {each["id"] for each in answer.json()["customers"]}
    else:
        assert answer.json() == customer


def test_a_token_says_nothing_about_a_customer_that_does_not_exist(api: httpx.Client, customer: Customer) -> None:
    headers = {TOKEN: ConsistencyToken(customer["id"], 1).encode(), "Prefer": "wait=0"}
    assert_problem(api.get(f"/customers/{uuid4()}", headers=headers), 404, "not-found")
