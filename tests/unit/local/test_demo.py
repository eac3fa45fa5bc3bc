"""The hundred people of `make demo`: the same every time, and each acceptable to the API."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import httpx
import pytest

from commands.create_customer import CreateCustomer
from local import demo
from local.demo import PEOPLE, Life, lives
from local.errors import StackError
from shared.http.body import parse_body

OUTPUTS = {"ApiEndpoint": "http://127.0.0.1:1/local"}
EVERYBODY = tuple(lives())


class Notes:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @contextmanager
    def step(self, _: str) -> Iterator[None]:
        yield

    def note(self, text: str) -> None:
        self.notes.append(text)


class Api:
    """Answers like the API to commands with keys."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, object]]] = {}
        self.erased: set[str] = set()
        self.new = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.headers["Idempotency-Key"]
        customer = key.rpartition("-created")[0] if request.method == "POST" else str(request.url).rpartition("/")[2]
        if customer in self.erased and request.method != "DELETE":
            return httpx.Response(410, json={})
        if key not in self.answers:
            self.new += 1
            status = {"POST": 201, "PUT": 200, "DELETE": 204}[request.method]
            self.answers[key] = status, {"id": customer}
        if request.method == "DELETE":
            self.erased.add(customer)
        status, body = self.answers[key]
        return httpx.Response(status, json=body)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[httpx.Request], httpx.Response]], None]:
    """Puts an API in the place of the running stack's."""

    def running(api: Callable[[httpx.Request], httpx.Response]) -> None:
        monkeypatch.setattr(demo, "access_token", lambda _: "token")
        monkeypatch.setattr(demo, "http_client", lambda: httpx.Client(transport=httpx.MockTransport(api)))
        monkeypatch.setattr("time.sleep", lambda _: None)

    return running


def test_they_are_the_same_every_time() -> None:
    assert tuple(lives()) == EVERYBODY
    assert tuple(lives(3)) == EVERYBODY[:3]
    assert tuple(lives(3, seed=1)) != EVERYBODY[:3]


def test_they_have_a_plausible_history() -> None:
    moves = [
        (before, after)
        for life in EVERYBODY
        for before, after in zip((life.born, *life.changes), life.changes, strict=False)
    ]

    assert len(EVERYBODY) == PEOPLE
    assert len({life.born.country for life in EVERYBODY}) >= 5
    assert len({life.born.email for life in EVERYBODY}) == PEOPLE
    assert 5 <= sum(life.erased for life in EVERYBODY) <= 20
    assert {len(life.changes) for life in EVERYBODY} == {0, 1, 2, 3}
    assert any(before.full_name != after.full_name for before, after in moves)
    assert any(before.country != after.country for before, after in moves)
    assert any(before.city != after.city for before, after in moves)
    assert all(before != after and before.email == after.email for before, after in moves)


@pytest.mark.parametrize("life", EVERYBODY, ids=lambda life: life.key)
def test_the_api_accepts_each_of_their_details(life: Life) -> None:
    for details in (life.born, *life.changes):
        parse_body(CreateCustomer, json.dumps(details.body()).encode(), {"today": date(2026, 1, 1)})


def test_a_second_run_changes_nothing(stack: Callable[[Api], None]) -> None:
    api, notes = Api(), Notes()
    stack(api)

    first = demo.run(OUTPUTS, notes, EVERYBODY)
    commands = api.new
    demo.run(OUTPUTS, notes, EVERYBODY)

    assert commands == PEOPLE + first.changes + first.erased
    assert api.new == commands
    assert notes.notes[:5] == [f"{done} of {PEOPLE} people" for done in (20, 40, 60, 80, 100)]


def test_a_busy_api_is_asked_again(stack: Callable[[Callable[[httpx.Request], httpx.Response]], None]) -> None:
    api, seen = Api(), set[str]()

    def busy_once(request: httpx.Request) -> httpx.Response:
        key = request.headers["Idempotency-Key"]
        if key in seen:
            return api(request)
        seen.add(key)
        return httpx.Response(503)

    stack(busy_once)

    assert demo.run(OUTPUTS, Notes(), EVERYBODY[:5]).people == 5
    assert api.new >= 5


def test_a_refusal_names_the_person_and_stops(
    stack: Callable[[Callable[[httpx.Request], httpx.Response]], None],
) -> None:
    stack(lambda _: httpx.Response(409, text="taken"))

    with pytest.raises(StackError, match=r"POST .*@example\.com\) answered 409: taken"):
        demo.run(OUTPUTS, Notes(), EVERYBODY)
