"""Every response carries the id under which the call and everything that it causes can be found."""

from collections.abc import Callable
from typing import Final
from uuid import uuid4

import httpx
import pytest

from tests.e2e.customers import a_person, new_email

HEADER: Final = "X-Correlation-Id"
TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT: Final = f"00-{TRACE}-00f067aa0ba902b7-01"
# Successes and refusals, by every function.
CALLS: Final[dict[str, Callable[[httpx.Client, dict[str, str]], httpx.Response]]] = {
    "create": lambda api, headers: api.post("/customers", json=a_person(), headers=headers),
    "create refused": lambda api, headers: api.post("/customers", json={}, headers=headers),
    "create unreadable": lambda api, headers: api.post("/customers", content="{", headers=headers),
    "update refused": lambda api, headers: api.put(f"/customers/{uuid4()}", json=a_person(), headers=headers),
    "erase refused": lambda api, headers: api.delete(f"/customers/{uuid4()}", headers=headers),
    "get refused": lambda api, headers: api.get(f"/customers/{uuid4()}", headers=headers),
    "list": lambda api, headers: api.get("/customers", params={"limit": 1}, headers=headers),
    "search": lambda api, headers: api.post("/customers/search", json={"email": new_email()}, headers=headers),
    "search refused": lambda api, headers: api.post("/customers/search", json={}, headers=headers),
    "list refused": lambda api, headers: api.get("/customers", params={"limit": 0}, headers=headers),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_callers_own_id_is_returned(api: httpx.Client, call: str) -> None:
    own = f"order-{uuid4()}"
    assert CALLS[call](api, {HEADER: own}).headers[HEADER] == own


@pytest.mark.parametrize("call", CALLS)
def test_without_an_id_the_trace_id_is_used(api: httpx.Client, call: str) -> None:
    assert CALLS[call](api, {"traceparent": TRACEPARENT}).headers[HEADER] == TRACE


def test_the_callers_own_id_takes_precedence_over_the_trace(api: httpx.Client) -> None:
    answer = CALLS["list"](api, {HEADER: "order-4711", "traceparent": TRACEPARENT})
    assert answer.headers[HEADER] == "order-4711"


def test_without_either_the_request_gets_its_own_id(api: httpx.Client) -> None:
    first, second = (CALLS["list"](api, {}).headers[HEADER] for _ in range(2))
    assert first
    assert second
    assert first != second
    refused = CALLS["list refused"](api, {})
    assert refused.json()["instance"] == f"urn:request:{refused.headers[HEADER]}"


@pytest.mark.parametrize("unfit", ["", "two words", "ada@example.com", "k" * 129, "a;b", "<b>"])
def test_an_id_that_is_not_short_and_plain_is_ignored(api: httpx.Client, unfit: str) -> None:
    answer = CALLS["list"](api, {HEADER: unfit, "traceparent": TRACEPARENT})
    assert (answer.status_code, answer.headers[HEADER]) == (200, TRACE)


@pytest.mark.parametrize("unfit", ["", TRACE, f"00-{TRACE}", TRACEPARENT.upper(), f"{TRACEPARENT}-more-x y"])
def test_an_invalid_trace_is_ignored(api: httpx.Client, unfit: str) -> None:
    answer = CALLS["list"](api, {"traceparent": unfit})
    assert answer.status_code == 200
    assert TRACE not in answer.headers[HEADER].lower()
