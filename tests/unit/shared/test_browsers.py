"""What answers tell browsers: TLS only, and which pages may call the API."""

from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest

from queries.handlers import answer_preflight
from shared.http.browsers import REQUEST_HEADERS
from shared.http.endpoint import endpoint
from shared.http.request import Request
from shared.http.response import Response

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
SHOP, OTHER = "https://shop.example", "http://localhost:3000"
LISTED = f"{SHOP},{OTHER}"
HEADERS = {"content-type", "cache-control", "x-content-type-options", "x-correlation-id"}


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", LISTED)


def headers(origin: str | None, status: int = 200) -> dict[str, str]:
    def use_case(_: Request) -> Response:
        return Response(HTTPStatus(status), "{}")

    event = {"requestContext": {"requestId": "r"}, "headers": {"Origin": origin} if origin else {}}
    answer: Any = endpoint(scope=None if status == 200 else "x")(use_case)(event, CONTEXT)
    assert answer["statusCode"] == status
    found: dict[str, str] = answer["headers"]
    return found


@pytest.mark.parametrize("origin", [None, SHOP, "null"])
@pytest.mark.parametrize("status", [200, 403])
def test_by_default_no_answer_has_cors_headers(origin: str | None, status: int) -> None:
    assert {name.lower() for name in headers(origin, status)} == HEADERS


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("origin", [SHOP, OTHER])
@pytest.mark.parametrize("status", [200, 403])
def test_a_listed_origin_may_read_answers_and_refusals(origin: str, status: int) -> None:
    found = headers(origin, status)

    assert (found["Access-Control-Allow-Origin"], found["Vary"]) == (origin, "Origin")
    assert "Consistency-Token" in found["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in found


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    "origin",
    [None, "", "null", "*", "https://shop.example.evil", "http://shop.example", "https://SHOP.example", LISTED, ","],
)
def test_another_origin_may_not_and_caches_keep_them_apart(origin: str | None) -> None:
    found = headers(origin)

    assert "Access-Control-Allow-Origin" not in found
    assert found["Vary"] == "Origin"


@pytest.mark.parametrize(("stage", "sent"), [("staging", True), ("production", True), ("local", False)])
def test_browsers_use_tls_only_on_aws(monkeypatch: pytest.MonkeyPatch, stage: str, *, sent: bool) -> None:
    monkeypatch.setenv("STAGE", stage)

    assert headers(None).get("Strict-Transport-Security") == ("max-age=31536000" if sent else None)


def preflight(origin: str) -> dict[str, Any]:
    event = {
        "requestContext": {"requestId": "r"},
        "headers": {"origin": origin, "Access-Control-Request-Method": "PUT"},
    }
    answer: dict[str, Any] = answer_preflight.handle(event, CONTEXT)
    return answer


@pytest.mark.usefixtures("listed")
def test_a_preflight_of_a_listed_origin_allows_what_the_api_takes() -> None:
    answer = preflight(SHOP)

    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"]["Access-Control-Allow-Origin"] == SHOP
    assert answer["headers"]["Access-Control-Allow-Methods"] == "GET, POST, PUT, DELETE"
    assert answer["headers"]["Access-Control-Allow-Headers"] == ", ".join(REQUEST_HEADERS)
    assert answer["headers"]["Access-Control-Max-Age"] == "600"


@pytest.mark.usefixtures("listed")
def test_a_preflight_of_another_origin_allows_nothing() -> None:
    answer = preflight("https://evil.example")

    assert answer["statusCode"] == 204
    assert not [name for name in answer["headers"] if name.startswith("Access-Control")]


@pytest.mark.usefixtures("listed")
def test_a_preflight_without_headers_is_answered() -> None:
    assert answer_preflight.handle({"requestContext": {}, "headers": None}, CONTEXT)["statusCode"] == 204
