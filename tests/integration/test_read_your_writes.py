"""While the projection is stopped, a GET with a Consistency-Token says so and shows nothing old."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import httpx
import pytest

from local import event_source_mapping_process
from local.home import StackHome
from shared.http.consistency import ConsistencyToken
from shared.runtime.signing import Keyring
from shared.runtime.signing_keys import fetch_keys
from tests.e2e.customers import TOKEN, Customer, a_person, create, eventually, seeing, shown
from tests.e2e.problems import assert_problem
from tests.integration.aws import Aws
from tests.integration.processes import kill
from tests.samples import details_of

WAIT: Final = 1
# The default wait, and how long a response may take beyond the wait, in seconds.
DEFAULT_WAIT: Final = 2
AND_THE_REST: Final = 10


@dataclass(frozen=True, slots=True)
class Written:
    """What was written while the projection was stopped.

    Attributes:
        created: The response to a POST.
        updated: The response to a PUT on a customer whose first version is projected.
        erased: The response to a DELETE of another one.
        forgotten: That customer's id.
    """

    created: httpx.Response
    updated: httpx.Response
    erased: httpx.Response
    forgotten: Customer

    @property
    def all(self) -> dict[str, tuple[str, httpx.Response]]:
        """Each write with its customer."""
        return {
            "created": (self.created.json()["id"], self.created),
            "updated": (self.updated.json()["id"], self.updated),
            "erased": (self.forgotten["id"], self.erased),
        }


@pytest.fixture
def keys(aws: Aws) -> Keyring:
    """The keys of the stack, to sign tokens of writes that do not exist."""
    return Keyring(lambda known: fetch_keys(aws.secrets, "local-customers-signing-key", known), time.time)


@pytest.fixture
def standing_still(home: StackHome) -> Iterator[Callable[[], None]]:
    """Stops the projection. Returns a function that starts it; it is started after the test in any case."""
    kill(home)
    try:
        yield lambda: _bring_back(home)
    finally:
        _bring_back(home)


def _bring_back(home: StackHome) -> None:
    event_source_mapping_process.ensure(home)


@pytest.fixture
def old(api: httpx.Client) -> tuple[Customer, Customer]:
    """Two customers that are projected before it stops."""
    made = create(api), create(api)
    for customer in made:
        shown(api, customer["id"])
    return made


def test_nothing_old_is_shown_while_it_is_stopped_and_everything_once_it_runs(
    api: httpx.Client, keys: Keyring, old: tuple[Customer, Customer], standing_still: Callable[[], None]
) -> None:
    changing, forgotten = old
    written = Written(
        created=api.post("/customers", json=a_person()),
        updated=api.put(f"/customers/{changing['id']}", json=details_of(changing, city="Paris")),
        erased=api.delete(f"/customers/{forgotten['id']}"),
        forgotten=forgotten,
    )
    for customer_id, write in written.all.values():
        for place in (f"/customers/{customer_id}", "/customers"):
            answer = api.get(place, headers=seeing(write, WAIT))
            assert_problem(answer, 503, "not-yet-readable")
            assert answer.elapsed.total_seconds() >= WAIT
            assert answer.headers["retry-after"]
    # The read side itself is healthy, and the events are safe.
    assert api.get(f"/customers/{changing['id']}").json() == changing
    seen = {TOKEN: ConsistencyToken(changing["id"], 1).encode(keys)}
    assert api.get(f"/customers/{changing['id']}", headers=seen).json() == changing
    standing_still()

    def caught_up() -> None:
        for customer_id, write in written.all.values():
            found = api.get(f"/customers/{customer_id}", headers=seeing(write))
            expected = (200, write.json()) if write.content else (404, None)
            assert (found.status_code, found.json() if expected[1] else None) == expected

    eventually(caught_up)
    listed = api.get("/customers", params={"limit": 100}, headers=seeing(written.erased)).json()["customers"]
    assert written.updated.json() in listed
    assert written.created.json() in listed
    assert forgotten["id"] not in {each["id"] for each in listed}


def test_a_waiting_reader_is_answered_when_it_runs_again(api: httpx.Client, standing_still: Callable[[], None]) -> None:
    created = api.post("/customers", json=a_person())
    place = f"/customers/{created.json()['id']}"
    assert api.get(place, headers=seeing(created, 0)).status_code == 503
    standing_still()
    found = api.get(place, headers=seeing(created, 10))
    assert (found.status_code, found.json()) == (200, created.json())


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
    ask: Callable[..., httpx.Response], keys: Keyring, customer: Customer, prefer: str | None, seconds: int
) -> None:
    took = _not_yet(ask(ConsistencyToken(customer["id"], 2).encode(keys), prefer))
    assert seconds <= took < seconds + AND_THE_REST


def test_a_shorter_wait_is_answered_sooner(
    ask: Callable[..., httpx.Response], keys: Keyring, customer: Customer
) -> None:
    token = ConsistencyToken(customer["id"], 2).encode(keys)
    assert min(_not_yet(ask(token, "wait=0")) for _ in range(5)) < 1


def test_a_write_during_the_wait_is_seen(api: httpx.Client, keys: Keyring, customer: Customer) -> None:
    with ThreadPoolExecutor(1) as threads:
        headers = {TOKEN: ConsistencyToken(customer["id"], 2).encode(keys), "Prefer": "wait=10"}
        reading = threads.submit(api.get, f"/customers/{customer['id']}", headers=headers)
        time.sleep(0.3)
        assert not reading.done()
        updated = api.put(f"/customers/{customer['id']}", json=details_of(customer, city="Paris"))
        assert (reading.result().status_code, reading.result().json()) == (200, updated.json())


def test_a_token_of_another_customer_is_awaited_too(ask: Callable[..., httpx.Response], keys: Keyring) -> None:
    unknown = ConsistencyToken(str(uuid4()), 1).encode(keys)
    assert 1 <= _not_yet(ask(unknown, "wait=1")) < 1 + AND_THE_REST


def test_after_a_rotation_the_tokens_from_before_are_accepted(api: httpx.Client, aws: Aws, keys: Keyring) -> None:
    keys.signing_key()
    before = api.post("/customers", json=a_person())
    aws.secrets.put_secret_value(SecretId="local-customers-signing-key", SecretString=str(uuid4()))
    after = api.post("/customers", json=a_person())
    pair = fetch_keys(aws.secrets, "local-customers-signing-key", None)
    assert pair.previous == keys.signing_key()

    for written in (before, after):
        found = api.get(f"/customers/{written.json()['id']}", headers=seeing(written, 10))
        assert (found.status_code, found.json()) == (200, written.json())
