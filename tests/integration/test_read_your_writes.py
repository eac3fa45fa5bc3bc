"""While the projection is stopped, a GET with a Consistency-Token says so and shows nothing old."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import httpx
import pytest

from local import event_source_mapping_process
from local.home import StackHome
from shared.http.consistency import ConsistencyToken
from tests.e2e.customers import TOKEN, Customer, a_person, create, eventually, seeing, shown
from tests.e2e.problems import assert_problem
from tests.integration.processes import kill
from tests.samples import details_of

WAIT: Final = 1


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
    api: httpx.Client, old: tuple[Customer, Customer], standing_still: Callable[[], None]
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
    seen = {TOKEN: ConsistencyToken(changing["id"], 1).encode()}
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
