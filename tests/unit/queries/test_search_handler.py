"""POST /customers/search as API Gateway calls it: what it accepts, what it refuses, and what it logs."""

import copy
import json
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from events.codec import decode
from events.customer import evolve
from local.environments import ROOT
from projections.generations import FIRST_GENERATION
from projections.row import row_of
from shared.runtime.ids import fingerprint
from shared.runtime.observability import logger
from tests.fakes.read_model import InMemoryReadModel, reader_over
from tests.samples import PERSON, created, person_claims

ID = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"
CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
SAMPLE = json.loads((ROOT / "events/search-customers-request.json").read_text())


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """A read model with one customer, and the log."""
    monkeypatch.setenv("READ_TABLE", "test")
    monkeypatch.setenv("SIGNING_SECRET", "literal:a key of the tests")
    read_model, event = InMemoryReadModel(), created(ID)
    read_model.stored[ID, FIRST_GENERATION] = row_of(evolve(None, event, decode(event)), FIRST_GENERATION)
    monkeypatch.setattr(import_module("queries.handlers.search_customers"), "reader", reader_over(read_model))
    lines: list[tuple[str, dict[str, Any]]] = []
    for level in ("info", "error", "warning"):
        monkeypatch.setattr(logger, level, lambda message, extra=None: lines.append((message, extra or {})))
    return lines


def post(body: object, claims: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
    event: dict[str, Any] = copy.deepcopy(SAMPLE)
    event["body"] = body if isinstance(body, str) else json.dumps(body)
    event["multiValueHeaders"] |= {name.replace("_", "-"): [value] for name, value in headers.items()}
    if claims:
        event["requestContext"]["authorizer"]["claims"] = claims
    answer: dict[str, Any] = import_module("queries.handlers.search_customers").handle(event, CONTEXT)
    return answer


def kind(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["type"].rpartition("/")[2]


def fields(answer: dict[str, Any]) -> list[str]:
    assert kind(answer) == (422, "invalid-fields")
    return [error["field"] for error in json.loads(answer["body"])["errors"]]


def test_a_customer_is_found_and_the_log_has_a_fingerprint_only(logged: list[tuple[str, dict[str, Any]]]) -> None:
    answer = post({"email": PERSON["email"].upper()})

    assert answer["statusCode"] == 200
    assert [found["id"] for found in json.loads(answer["body"])["customers"]] == [ID]
    assert "ETag" not in answer["headers"]
    assert logged == [("answered", {"status": 200, "customers": [fingerprint(ID)]})]


def test_nobody_is_200(logged: list[tuple[str, dict[str, Any]]]) -> None:
    answer = post({"email": "nobody@example.com"})

    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"customers": [], "next_cursor": None})
    assert logged == [("answered", {"status": 200, "customers": []})]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["email"]),
        ({"email": None}, ["email"]),
        ({"email": ""}, ["email"]),
        ({"email": "x" * 1017}, ["email"]),
        ({"email": "ada@example.com", "limit": 1}, ["limit"]),
        ({"email": 7, "city": "London"}, ["city", "email"]),
        ([], ["body"]),
    ],
)
def test_each_wrong_field_is_named(body: object, named: list[str], logged: list[tuple[str, dict[str, Any]]]) -> None:
    answer = post(body)

    assert sorted(fields(answer)) == named
    assert "ada@example.com" not in answer["body"] + json.dumps(logged)


@pytest.mark.parametrize("body", ["", "email", '{"email":"a@b.example","email":"c@d.example"}', '{"email":"\ud800"}'])
def test_what_is_not_one_json_object_is_refused(body: str) -> None:
    assert kind(post(body)) == (400, "malformed-body")


def test_a_body_is_as_limited_as_that_of_a_create() -> None:
    assert kind(post({"email": "x" * 20_000})) == (413, "body-too-large")
    assert kind(post({"email": "a@b.example"}, Content_Type="text/plain")) == (415, "unsupported-media-type")


def test_a_group_is_not_needed_and_the_scope_is() -> None:
    """A caller who may list all customers may search."""
    assert post({"email": "a@b.example"}, person_claims("customers/read"))["statusCode"] == 200
    assert kind(post({"email": "a@b.example"}, person_claims("customers/write"))) == (403, "forbidden")


def test_a_search_has_no_etag() -> None:
    known = {"email": PERSON["email"]}

    assert post(known, If_None_Match='"1"')["statusCode"] == 200
    assert post(known, If_Match="*")["statusCode"] == 200
    # 304 is an answer to GET alone.
    assert kind(post(known, If_None_Match="*")) == (412, "precondition-failed")
    assert kind(post(known, If_Match='"1"')) == (412, "precondition-failed")


def test_a_token_that_no_write_returned_is_refused() -> None:
    assert fields(post({"email": PERSON["email"]}, Consistency_Token="x")) == ["Consistency-Token"]


@pytest.mark.parametrize("query", [{"email": ["ada@example.com"]}, {"limit": ["1"]}])
def test_no_query_parameter_is_known(query: dict[str, list[str]], logged: list[tuple[str, dict[str, Any]]]) -> None:
    event: dict[str, Any] = copy.deepcopy(SAMPLE)
    event["multiValueQueryStringParameters"] = query
    event["queryStringParameters"] = {name: values[-1] for name, values in query.items()}

    answer = import_module("queries.handlers.search_customers").handle(event, CONTEXT)

    assert kind(answer) == (422, "invalid-fields")
    assert "ada@example.com" not in answer["body"] + json.dumps(logged)
