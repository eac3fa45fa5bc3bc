"""Which requests reach the local AWS. `tests/browser/test_foreign_page.py` tries the same from a page."""

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.emulator_guard import Guard, refusal

PORT = 4566
OWN = "127.0.0.1:4566"
API = "/_aws/execute-api/ab12cd34/local/customers"
FOREIGN = {"Origin": "https://evil.example"}
AT_API_HOST = {"Host": "ab12cd34.execute-api.localhost:4566"}


def scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    pairs = [(name.lower().encode(), value.encode()) for name, value in ({"Host": OWN} | dict(headers)).items()]
    return {"type": "http", "method": method, "path": path, "headers": pairs}


def is_refused(method: str, path: str, headers: Mapping[str, str]) -> bool:
    return refusal(scope(method, path, headers), PORT) is not None


@pytest.mark.parametrize("host", [OWN, "localhost:4566", "ab12cd34.execute-api.localhost:4566"])
@pytest.mark.parametrize("path", ["/", API, "/_ministack/health", "/2015-03-31/functions/f/invocations"])
def test_a_program_reaches_everything_at_the_stacks_own_hosts(host: str, path: str) -> None:
    assert not is_refused("POST", path, {"Host": host})


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example", "evil.example:4566", "127.0.0.1", "127.0.0.1:4567", "127.0.0.1:4566.evil.example",
        "0.0.0.0:4566", "localhost.evil.example:4566", "evil.localhost:4566",
        "ab12cd34.execute-api.localhost.evil.example:4566",
        "evil.example/127.0.0.1:4566", "127.0.0.1:4566, evil.example", "bucket.s3.localhost:4566",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", API, "/oauth2/authorize", "/_ministack/reset"])
def test_a_foreign_host_is_refused_everywhere(host: str, path: str) -> None:
    assert is_refused("GET", path, {"Host": host})


def test_a_missing_or_repeated_host_is_refused() -> None:
    without = scope("GET", "/", {}) | {"headers": []}
    twice = scope("GET", "/", {}) | {"headers": [(b"host", OWN.encode()), (b"host", b"evil.example")]}
    assert refusal(without, PORT)
    assert refusal(twice, PORT)


@pytest.mark.parametrize(
    "browser",
    [FOREIGN, {"Origin": "null"}, {"Origin": f"http://{OWN}"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "none"}],
)  # fmt: skip
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"), ("GET", "/"), ("OPTIONS", "/"), ("POST", "/_ministack/reset"), ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"), ("GET", "/_ministack/sqs/messages"), ("GET", "/bucket/key"),
        ("POST", "/2015-03-31/functions"), ("GET", "/restapis"), ("DELETE", "/restapis/ab12cd34"),
        ("GET", "/restapis/ab12cd34/stages/local"),
        # Each is close to an open address, but the emulator routes it elsewhere.
        ("POST", "/_aws/execute-api/"), ("POST", "/_aws/execute-api//local"), ("POST", "/_aws/execute-api/ab12cd34"),
        ("POST", "/x/_aws/execute-api/ab12cd34/local/"), ("PUT", "/login"), ("DELETE", "/oauth2/token"),
        ("GET", "/login/x"), ("GET", "/bucket/.well-known/jwks.json"), ("PUT", "/oauth2/authorize"),
        ("GET", "/_aws/execute-api/ab12cd34/other/customers"),
    ],
)  # fmt: skip
def test_a_browser_reaches_nothing_but_the_api_and_the_sign_in(
    method: str, path: str, browser: Mapping[str, str]
) -> None:
    assert is_refused(method, path, browser)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", API), ("POST", API), ("DELETE", f"{API}/1"), ("OPTIONS", API),
        ("GET", "/_aws/execute-api/ab12cd34/local"),
        ("GET", "/restapis/ab12cd34/local/_user_request_/customers"),
        ("GET", "/oauth2/authorize"), ("POST", "/login"), ("POST", "/oauth2/token"), ("OPTIONS", "/oauth2/token"),
        ("GET", "/logout"), ("GET", "/oauth2/userInfo"), ("GET", "/eu-west-1_abc123/.well-known/jwks.json"),
    ],
)  # fmt: skip
def test_a_browser_reaches_the_api_and_the_sign_in(method: str, path: str) -> None:
    assert not is_refused(method, path, FOREIGN | {"Sec-Fetch-Site": "cross-site"})


def test_a_browser_reaches_only_the_api_at_the_apis_host() -> None:
    assert not is_refused("GET", "/local/customers", AT_API_HOST | FOREIGN)
    for path in ("/_ministack/reset", "/oauth2/token", "/iceberg/v1/config", "/v2/_catalog", "/localhost", "/"):
        assert is_refused("POST", path, AT_API_HOST | FOREIGN), path


def serve(
    request: dict[str, Any], outputs: Path = Path("not-deployed.json")
) -> tuple[list[MutableMapping[str, Any]], list[str]]:
    """The messages that the guard sends, and the paths that reach the application behind it."""
    sent: list[MutableMapping[str, Any]] = []
    reached: list[str] = []

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    # In a thread of its own, because Playwright's event loop stays in the main thread of a process with browser tests.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(Guard(app, PORT, outputs)(request, receive, send))).result()
    return sent, reached


def test_a_refused_request_reaches_nothing_and_gets_no_cors_header() -> None:
    sent, reached = serve(scope("OPTIONS", "/", FOREIGN))

    assert reached == []
    assert sent[0]["status"] == 403
    assert not [name for name, _ in sent[0]["headers"] if name.startswith(b"access-control")]


def test_an_allowed_request_is_forwarded() -> None:
    assert serve(scope("POST", "/", {})) == ([], ["/"])


def test_a_websocket_is_closed() -> None:
    sent, reached = serve({"type": "websocket", "path": "/", "headers": []})

    assert (sent, reached) == ([{"type": "websocket.close", "code": 1008}], [])


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({"ApiEndpoint": f"http://{OWN}/_aws/execute-api/ab12cd34/local"}))
    return file


@pytest.mark.parametrize("path", ["/docs/problems", "/docs/problems/field-taken"])
@pytest.mark.parametrize("browser", [{}, {"Sec-Fetch-Site": "none"}])
def test_the_type_of_a_problem_leads_to_its_page(path: str, browser: Mapping[str, str], outputs: Path) -> None:
    sent, reached = serve(scope("GET", path, browser), outputs)

    assert reached == []
    assert sent[0]["status"] == 302
    assert dict(sent[0]["headers"])[b"location"].decode() == f"http://{OWN}/_aws/execute-api/ab12cd34/local{path}"


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("PUT", "/docs/problems/gone", FOREIGN), ("GET", "/docs/problems/../../_ministack/health", FOREIGN),
        ("GET", "/docs/problems/gone", {"Host": "evil.example:4566"}), ("GET", "/docs/other", FOREIGN),
    ],
)  # fmt: skip
def test_nothing_else_is_led_there(method: str, path: str, headers: Mapping[str, str], outputs: Path) -> None:
    sent, reached = serve(scope(method, path, headers), outputs)

    assert (sent[0]["status"], reached) == (403, [])


def test_before_the_deployment_a_browser_is_refused_there_too() -> None:
    sent, reached = serve(scope("GET", "/docs/problems/gone", FOREIGN))

    assert (sent[0]["status"], reached) == (403, [])
