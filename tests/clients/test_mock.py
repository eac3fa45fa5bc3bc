"""Prism mocks the API from its document: it answers with the examples, and checks requests and its own responses."""

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.environments import ROOT
from local.home import free_port
from tests.clients.conftest import Desk, blocks

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
SCHEMAS, EXAMPLES = DOCUMENT["components"]["schemas"], DOCUMENT["components"]["examples"]
PERSON = SCHEMAS["CreateCustomer"]["examples"][0]
STARTS_WITHIN = 60.0  # seconds; it usually takes two


@pytest.fixture(scope="module")
def mock(desk: Desk) -> Iterator[httpx.Client]:
    """A client of the mock, which sends a token."""
    start, _ = blocks("A mock of the API")
    port = free_port()
    # Without npm between them, so that the signal reaches Prism.
    command = start.replace("npm exec -- ", "exec node_modules/.bin/").replace("--port 4010", f"--port {port}")
    server = subprocess.Popen(["sh", "-c", command], cwd=desk.folder, env=desk.environment, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer any"}, trust_env=False
        ) as client:
            _wait_for(client, server)
            yield client
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(client: httpx.Client, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while server.poll() is None and time.monotonic() < deadline:
        try:
            client.get("/customers")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("Prism did not start")


def test_it_answers_with_the_examples(mock: httpx.Client) -> None:
    listed, created = mock.get("/customers"), mock.post("/customers", json=PERSON)

    assert (listed.status_code, listed.json()) == (200, SCHEMAS["CustomerPage"]["examples"][0])
    assert (created.status_code, created.json()) == (201, SCHEMAS["Customer"]["examples"][0])
    # Prism reports here what does not fit the document.
    assert "sl-violations" not in listed.headers
    assert "sl-violations" not in created.headers
    assert created.headers["Location"] == f"./customers/{created.json()['id']}"


def test_it_answers_with_the_problem_that_is_asked_for(mock: httpx.Client) -> None:
    answer = mock.get("/customers", headers={"Prefer": "code=503, example=unavailable"})

    assert (answer.status_code, answer.json()) == (503, EXAMPLES["Unavailable"]["value"])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "1"
    assert "sl-violations" not in answer.headers


def test_it_refuses_what_the_api_refuses(mock: httpx.Client) -> None:
    assert mock.post("/customers", json={**PERSON, "nickname": "Ada"}).status_code == 422
    assert mock.get("/customers", headers={"Authorization": ""}).status_code == 401
