"""From API Gateway's event to the response: every failure is a problem, and no personal data is logged."""

import hashlib
import io
import json
import logging
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from shared.http.consistency import ConsistencyToken, parse_token
from shared.http.endpoint import endpoint
from shared.http.problems import FieldError, InvalidFields, NotFound, NotYetReadable, StaleVersion
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.ids import fingerprint
from shared.runtime.observability import logger
from shared.runtime.signing import KeyPair, Keyring, KeysUnavailable
from tests.fakes.signing_keys import KEYS, NO_KEYS
from tests.samples import machine_claims, person_claims

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The function's log output."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    # Not setStream, which flushes the one before: it may be of an earlier run, and closed.
    monkeypatch.setattr(handler, "stream", stream)
    return stream


def event(scope: str | None = "customers/read", **extra: Any) -> dict[str, Any]:
    authorizer = {"claims": person_claims(scope)} if scope is not None else None
    return {"requestContext": {"requestId": "req-1", "authorizer": authorizer}, "headers": {}, **extra}


def call(use_case: Any, sent: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = endpoint(scope="customers/read", parameters={"limit"})(use_case)(sent, CONTEXT)
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
        "X-Content-Type-Options": "nosniff",
        "Location": "./x",
        "X-Correlation-Id": "req-1",
    }
    assert answer["body"] == "{}"


def test_the_use_case_sees_the_caller_and_the_request() -> None:
    sent = event(
        headers={"X-Correlation-ID": "order-1"},
        queryStringParameters={"limit": "5"},
        pathParameters={"customer_id": "c-1"},
        body="{}",
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

    answer = handler({"requestContext": {"authorizer": {"claims": claims}}, "headers": {}}, CONTEXT)

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


def never(_: Request) -> Response:
    raise AssertionError("called")


@pytest.mark.parametrize("missing", ["headers", "headers and authorizer"])
def test_an_event_without_headers_is_refused(missing: str) -> None:
    """Such an event did not come through the gateway, and the command's name and conditions are unknown."""
    sent = event(headers=None, multiValueHeaders=None)
    if missing != "headers":
        sent["requestContext"]["authorizer"] = None

    assert call(never, sent)["statusCode"] == (422 if missing == "headers" else 403)


@pytest.mark.parametrize(
    "context", [None, {}, {"authorizer": None}, {"authorizer": {}}, {"authorizer": {"claims": None}}]
)
def test_an_event_without_an_authorizer_is_forbidden(context: Any) -> None:
    assert call(never, {"requestContext": context, "headers": {}})["statusCode"] == 403


def test_repeated_header_lines_are_joined() -> None:
    """As API Gateway passes them on: the last line in `headers`, all of them in `multiValueHeaders`."""
    request = seen_by_the_use_case(
        event(
            headers={"If-Match": '"3"', "prefer": "wait=1"},
            multiValueHeaders={"If-Match": ['"1"', '"3"'], "prefer": ["wait=1"], "Prefer": ["respond-async"]},
        )
    )

    assert request.headers == {"if-match": '"1", "3"', "prefer": "wait=1, respond-async"}


@pytest.mark.parametrize("kept", ["5", "6"])
def test_a_repeated_parameter_is_refused_whichever_of_its_values_the_gateway_keeps(kept: str) -> None:
    sent = event(queryStringParameters={"limit": kept}, multiValueQueryStringParameters={"limit": ["5", "6"]})

    problem = json.loads(call(never, sent)["body"])

    assert problem["errors"] == [{"field": "limit", "detail": "limit is repeated: send it once."}]


def test_an_unknown_parameter_is_refused() -> None:
    sent = event(queryStringParameters={"limit": "5", "offset": "1"}, multiValueQueryStringParameters={"offset": ["1"]})

    problem = json.loads(call(never, sent)["body"])

    assert problem["errors"] == [{"field": "offset", "detail": "offset is unknown: remove it."}]


def test_a_refusal_names_twenty_parameters_and_counts_the_others(logged: io.StringIO) -> None:
    sent = event(queryStringParameters={f"p{number:03}": "" for number in range(133)}, headers={"token": "t" * 1000})

    problem = json.loads(call(never, sent)["body"])

    assert len(problem["errors"]) == 20
    assert problem["detail"].endswith(": p000, p001, p002, p003, p004, p005, p006, p007, p008, p009, p010, p011, p012, "
                                      "p013, p014, p015, p016, p017, p018, p019 and 113 more.")  # fmt: skip
    [line] = [json.loads(line) for line in logged.getvalue().splitlines() if '"refused"' in line]
    assert (len(line["fields"]), line["more_fields"]) == (20, 113)


@given(
    st.dictionaries(st.text(max_size=300) | st.sampled_from(["\U0001f600" * 300, "x" * 16_000]), st.text(max_size=9))
)
def test_a_refusal_is_at_most_twice_as_long_as_its_request(parameters: dict[str, str]) -> None:
    token = "t" * 1000
    answer = call(never, event(queryStringParameters={"zzz": "", **parameters}, headers={"Authorization": token}))

    assert answer["statusCode"] == 422
    sent = len(token) + sum(len((name + value).encode("utf-8", "surrogatepass")) for name, value in parameters.items())
    assert len(answer["body"]) <= 2 * sent + 100


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


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The metrics that were sent, by name."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    names = [metric["Name"] for metric in lines[-1]["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    return {name: lines[-1][name] for name in names}


def wait_in_vain(_: Request) -> Response:
    raise NotYetReadable


def test_a_reader_who_waited_in_vain_is_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    sent = event(headers={"consistency-token": "t"})
    assert call(wait_in_vain, sent)["statusCode"] == 503

    # Neither among the errors nor among the times that roll a version back.
    assert measured(capsys) == {"NotYetReadable": [1.0]}


def test_the_time_to_answer_is_measured_without_waits(capsys: pytest.CaptureFixture[str]) -> None:
    call(lambda _: Response(HTTPStatus.OK), event())

    found = measured(capsys)
    assert set(found) == {"Answers2xx", "AnswerMilliseconds"}
    assert 0 <= found["AnswerMilliseconds"][0] < 1000


def test_the_log_line_says_who_read_whom_without_an_id(logged: io.StringIO) -> None:
    call(lambda _: Response(HTTPStatus.OK, log={"customer": fingerprint("c-1")}), event())

    line = json.loads(logged.getvalue().splitlines()[-1])
    assert line["caller"] == hashlib.sha256(b"user-1").hexdigest()[:32]
    assert line["customer"] == hashlib.sha256(b"c-1").hexdigest()[:32]
    assert "user-1" not in logged.getvalue()


def test_a_refusal_says_who_asked_and_the_next_request_starts_afresh(logged: io.StringIO) -> None:
    def refuse(_: Request) -> Response:
        raise NotFound("no")

    call(refuse, event())
    assert json.loads(logged.getvalue().splitlines()[-1])["caller"] == fingerprint("user-1")
    call(refuse, {"requestContext": None})
    assert json.loads(logged.getvalue().splitlines()[-1])["caller"] == ""


WRITTEN = ConsistencyToken("c-1", 2)


def write(_: Request) -> Response:
    return Response(HTTPStatus.CREATED, read_after=WRITTEN)


def test_a_write_is_answered_with_a_signed_token() -> None:
    answer: Any = endpoint(scope="customers/read", keys=KEYS)(write)(event(), CONTEXT)

    assert parse_token(answer["headers"]["Consistency-Token"], KEYS) == WRITTEN


def test_a_refusal_that_names_a_write_is_signed_too() -> None:
    def refuse(_: Request) -> Response:
        raise StaleVersion(2, WRITTEN)

    answer: Any = endpoint(scope="customers/read", keys=KEYS)(refuse)(event(), CONTEXT)

    assert answer["statusCode"] == 412
    assert parse_token(answer["headers"]["Consistency-Token"], KEYS) == WRITTEN


def test_nothing_is_written_if_its_token_cannot_be_signed() -> None:
    def fail(_: KeyPair | None) -> KeyPair:
        raise KeysUnavailable

    def never(_: Request) -> Response:
        raise AssertionError("the write was carried out")

    answer: Any = endpoint(scope="customers/read", keys=Keyring(fail, lambda: 0.0))(never)(event(), CONTEXT)

    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (503, "/docs/problems/unavailable")


def test_a_caller_without_the_scope_fetches_no_key() -> None:
    answer: Any = endpoint(scope="customers/write", keys=NO_KEYS)(write)(event(), CONTEXT)

    assert answer["statusCode"] == 403
