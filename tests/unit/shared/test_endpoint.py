"""From API Gateway's event to the response: every failure is a problem, and no personal data is logged."""

import io
import json
import logging
from collections.abc import Iterator
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from shared.http.endpoint import endpoint
from shared.http.problems import FieldError, InvalidFields, NotFound
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.observability import logger
from tests.samples import machine_claims, person_claims

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """The function's log output."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(io.StringIO())
    yield handler.stream
    if before:
        handler.setStream(before)


def event(scope: str | None = "customers/read", **extra: Any) -> dict[str, Any]:
    authorizer = {"claims": person_claims(scope)} if scope is not None else None
    return {"requestContext": {"requestId": "req-1", "authorizer": authorizer}, **extra}


def call(use_case: Any, sent: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = endpoint(scope="customers/read")(use_case)(sent, CONTEXT)
    return answer


def seen_by_the_use_case(sent: dict[str, Any]) -> Request:
    seen: list[Request] = []

    def use_case(request: Request) -> Response:
        seen.append(request)
        return Response(HTTPStatus.OK)

    call(use_case, sent)
    return seen[0]


def test_a_use_case_returns_a_response() -> None:
    answer = call(lambda _: Response(HTTPStatus.CREATED, "{}", {"Location": "./x"}), event())

    assert answer["statusCode"] == 201
    assert answer["headers"] == {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "Location": "./x",
        "X-Correlation-Id": "req-1",
    }
    assert answer["body"] == "{}"


def test_the_use_case_sees_the_caller_and_the_request() -> None:
    sent = event(
        headers={"X-Correlation-ID": "order-1"},
        queryStringParameters={"limit": "5"},
        pathParameters={"customer_id": "c-1"},
        body="e30=",
        isBase64Encoded=True,
    )

    request = seen_by_the_use_case(sent)

    assert (request.caller.subject, request.correlation_id, request.body) == ("user-1", "order-1", b"{}")
    assert (request.query, request.path) == ({"limit": "5"}, {"customer_id": "c-1"})


@pytest.mark.parametrize("correlation_id", ["", "x" * 129, "a b", "a\nb", "é"])
def test_an_invalid_correlation_id_is_replaced(correlation_id: str) -> None:
    request = seen_by_the_use_case(event(headers={"x-correlation-id": correlation_id}))

    assert request.correlation_id == "req-1"


@pytest.mark.parametrize("scope", [None, "", "customers/write", "customers/reader", "read"])
def test_without_the_scope_the_use_case_is_not_called(scope: str | None) -> None:
    def use_case(_: Request) -> Response:
        raise AssertionError("called")

    answer = call(use_case, event(scope))

    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["type"] == "/docs/problems/forbidden"


@pytest.mark.parametrize("scope", [["customers/read"], None, 7, {"customers/read": True}], ids=str)
def test_malformed_claims_are_forbidden_and_not_an_error(scope: object) -> None:
    claims = {**machine_claims(), "scope": scope}

    answer = call(lambda _: Response(HTTPStatus.OK), {"requestContext": {"authorizer": {"claims": claims}}})

    assert answer["statusCode"] == 403


@pytest.mark.parametrize(("groups", "status"), [("", 403), ("[readers]", 403), ("[writers]", 200)])
def test_a_person_needs_the_group_of_the_route(groups: str, status: int) -> None:
    handler: Any = endpoint(scope="write", group="writers")(lambda _: Response(HTTPStatus.OK))
    claims = person_claims("write", groups=groups)

    answer = handler({"requestContext": {"authorizer": {"claims": claims}}}, CONTEXT)

    assert answer["statusCode"] == status


def test_a_problem_is_returned_in_full() -> None:
    def use_case(_: Request) -> Response:
        raise InvalidFields([FieldError("birth", "birth must be a date in the past.")])

    answer = call(use_case, event())

    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(answer["body"]) == {
        "type": "/docs/problems/invalid-fields",
        "title": "Some fields are invalid",
        "status": 422,
        "detail": "Fix these fields and send the request again: birth.",
        "instance": "urn:request:req-1",
        "errors": [{"field": "birth", "detail": "birth must be a date in the past."}],
    }


def test_a_body_that_is_not_base64_is_malformed() -> None:
    answer = call(lambda _: Response(HTTPStatus.OK), event(body="%%%", isBase64Encoded=True))

    assert answer["statusCode"] == 400


def test_an_unexpected_error_discloses_no_message(logged: io.StringIO) -> None:
    def use_case(_: Request) -> Response:
        raise ValueError("ada@example.com is broken")

    answer = call(use_case, event())

    assert answer["statusCode"] == 500
    assert "ada@example.com" not in answer["body"] + logged.getvalue()
    assert '"error":"ValueError"' in logged.getvalue()


def test_a_refusal_is_logged_by_problem_and_field_only(logged: io.StringIO) -> None:
    def use_case(_: Request) -> Response:
        raise NotFound("no ada@example.com here")

    call(use_case, event())

    assert '"problem":"not-found"' in logged.getvalue()
    assert "ada@example.com" not in logged.getvalue()


def test_every_response_and_log_line_has_the_correlation_id(logged: io.StringIO) -> None:
    def use_case(_: Request) -> Response:
        raise NotFound("no")

    answer = call(use_case, event(headers={"X-Correlation-Id": "order-1"}))

    assert answer["headers"]["X-Correlation-Id"] == "order-1"
    assert '"correlation_id":"order-1"' in logged.getvalue()


def test_a_service_that_does_not_respond_is_unavailable() -> None:
    def use_case(_: Request) -> Response:
        raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    answer = call(use_case, event())

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "1")
    assert json.loads(answer["body"])["type"] == "/docs/problems/unavailable"


def test_a_response_without_a_body_has_no_content_type() -> None:
    answer = call(lambda _: Response(HTTPStatus.NO_CONTENT), event())

    assert "Content-Type" not in answer["headers"]


def test_a_field_that_the_caller_invented_is_not_logged(logged: io.StringIO) -> None:
    def use_case(_: Request) -> Response:
        raise InvalidFields([FieldError("ada@example.com", "ada@example.com is unknown.", unknown=True)])

    answer = call(use_case, event())

    assert "ada@example.com" in answer["body"]
    assert "ada@example.com" not in logged.getvalue()
