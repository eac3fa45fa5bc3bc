"""The read side as API Gateway calls it: real-shaped events against a read model in memory."""

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
from tests.fakes.read_model import InMemoryReadModel, reader_over
from tests.samples import created

ID = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"
CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
SAMPLE = json.loads((ROOT / "events/get-all-customers-request.json").read_text())


@pytest.fixture(autouse=True)
def _one_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read model with one customer at version 1."""
    monkeypatch.setenv("READ_TABLE", "test")
    monkeypatch.setenv("SIGNING_SECRET", "literal:a key of the tests")
    read_model, event = InMemoryReadModel(), created(ID)
    read_model.stored[ID, FIRST_GENERATION] = row_of(evolve(None, event, decode(event)), FIRST_GENERATION)
    for name in ("get_customer", "get_all_customers"):
        monkeypatch.setattr(import_module(f"queries.handlers.{name}"), "reader", reader_over(read_model))


def get(customer_id: str = "", query: dict[str, list[str]] | None = None, **headers: str) -> dict[str, Any]:
    event: dict[str, Any] = copy.deepcopy(SAMPLE)
    event["multiValueHeaders"] |= {name.replace("_", "-"): [value] for name, value in headers.items()}
    event["pathParameters"] = {"customer_id": customer_id} if customer_id else None
    event["multiValueQueryStringParameters"] = query
    event["queryStringParameters"] = {name: values[-1] for name, values in query.items()} if query else None
    module = import_module(f"queries.handlers.{'get_customer' if customer_id else 'get_all_customers'}")
    answer: dict[str, Any] = module.handle(event, CONTEXT)
    return answer


def kind(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["type"].rpartition("/")[2]


@pytest.mark.parametrize("value", ['"1"', 'W/"1"', "*", '"7", "1"'])
def test_a_customer_who_has_not_changed_is_304_with_the_etag_and_no_body(value: str) -> None:
    answer = get(ID, If_None_Match=value)

    assert (answer["statusCode"], answer["body"], answer["headers"]["ETag"]) == (304, "", '"1"')
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert "Content-Type" not in answer["headers"]


@pytest.mark.parametrize("value", ['"2"', '"01"', '"foreign"', ""])
def test_a_customer_who_has_changed_is_200(value: str) -> None:
    answer = get(ID, If_None_Match=value)

    assert (answer["statusCode"], answer["headers"]["ETag"]) == (200, '"1"')
    assert json.loads(answer["body"])["id"] == ID


def test_if_match_holds_for_reads_too() -> None:
    assert get(ID, If_Match='"1"')["statusCode"] == 200
    assert get(ID, If_Match='"1"', If_None_Match='"1"')["statusCode"] == 304
    stale = get(ID, If_Match='W/"1"', If_None_Match='"1"')
    assert (kind(stale), stale["headers"]["ETag"]) == ((412, "stale-version"), '"1"')


def test_conditions_are_ignored_if_there_is_no_customer() -> None:
    """RFC 9110, 13.2.1."""
    other = ID.replace("0", "1")

    assert kind(get(other, If_None_Match="*")) == (404, "not-found")
    assert kind(get(other, If_Match='"1"')) == (404, "not-found")


def test_a_page_of_the_list_has_no_etag() -> None:
    assert "ETag" not in get()["headers"]
    assert get(If_None_Match='"1"')["statusCode"] == 200
    assert get(If_Match="*")["statusCode"] == 200
    assert get(If_None_Match="*")["statusCode"] == 304
    assert kind(get(If_Match='"1"')) == (412, "precondition-failed")


def test_an_id_in_capitals_finds_its_customer() -> None:
    assert json.loads(get(ID.upper())["body"])["id"] == ID


@pytest.mark.parametrize("customer_id", ["", ID])
@pytest.mark.parametrize("query", [{"offset": ["1"]}, {"limit": ["1", "2"]}, {"LIMIT": ["1"]}, {"": [""]}])
def test_unknown_and_repeated_parameters_are_refused_on_all_routes(
    customer_id: str, query: dict[str, list[str]]
) -> None:
    assert kind(get(customer_id, query)) == (422, "invalid-fields")
