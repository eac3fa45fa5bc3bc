"""A GET with a write's Consistency-Token never shows an older state or a false 404."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import uuid4

import httpx
import pytest

from shared.http.consistency import ConsistencyToken
from tests.e2e.customers import TOKEN, Customer, a_person, create, seeing, shown
from tests.e2e.problems import assert_problem, refused_fields
from tests.e2e.target import Target
from tests.fakes.signing_keys import keyring_with
from tests.samples import details_of

ROUNDS: Final = 100
THREADS: Final = 4
# How long a refusal may take, in seconds: no wait.
AT_ONCE: Final = 5


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


def test_every_write_is_visible_at_once_in_a_hundred_lives(api: httpx.Client, target: Target) -> None:
    with ThreadPoolExecutor(min(THREADS, target.parallel)) as threads:
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


def unsigned(content: str) -> str:
    """A token as a caller without the key would make it up."""
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="letter"),
        pytest.param("garbage!", id="garbage"),
        pytest.param("AAAA", id="zero-bytes"),
        pytest.param("a" * 2000, id="long"),
        pytest.param(str(uuid4()), id="a-customers-id"),
        pytest.param(unsigned(f"{uuid4()} 1"), id="unsigned"),
        pytest.param(unsigned(f"{'0' * 20}{uuid4()} 1"), id="signed-with-zeros"),
        pytest.param(
            ConsistencyToken(str(uuid4()), 1).encode(keyring_with("another key")), id="signed-with-another-key"
        ),
    ],
)
def test_a_made_up_token_is_refused_at_once(ask: Callable[..., httpx.Response], token: str) -> None:
    answers = [ask(token, "wait=10") for _ in range(2)]
    assert [refused_fields(answer) for answer in answers] == [[TOKEN], [TOKEN]]
    # The first may have met a cold start.
    assert min(answer.elapsed.total_seconds() for answer in answers) < AT_ONCE


def test_an_altered_token_is_refused(api: httpx.Client, ask: Callable[..., httpx.Response]) -> None:
    token = api.post("/customers", json=a_person()).headers[TOKEN]
    content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(content)):
        altered = bytes(byte ^ (place == index) for index, byte in enumerate(content))
        text = base64.urlsafe_b64encode(altered).decode().rstrip("=")
        assert refused_fields(ask(text, "wait=10")) == [TOKEN], place


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


def test_a_token_says_nothing_about_a_customer_that_does_not_exist(api: httpx.Client) -> None:
    written = api.post("/customers", json=a_person())
    assert_problem(api.get(f"/customers/{uuid4()}", headers=seeing(written, 10)), 404, "not-found")
