"""The Postman collection and the `.http` file have a request for every operation, with what it needs."""

import copy
import json
import re
from typing import Any

import pytest

from contracts.errors import ContractError
from contracts.openapi.document import openapi_document
from contracts.openapi.http_file import http_file
from contracts.openapi.postman import FORMAT, postman_collection
from contracts.openapi.requests import SampleRequest, sample_requests

Json = dict[str, Any]
SETS = re.compile(r"^@(\w+) =|client\.global\.set\(\"(\w+)\"")
API: Json = openapi_document()
COLLECTION: Json = postman_collection(API)
REQUESTS = {request.id: request for request in sample_requests(API)}
OPERATION_IDS = {each["operationId"] for item in API["paths"].values() for each in item.values()}


def with_route(path: str, method: str, operation: Json) -> Json:
    """The document with one more operation."""
    document = copy.deepcopy(API)
    route = {"operationId": "added", "summary": "S", "description": "D", "parameters": [], "responses": {"200": {}}}
    document["paths"].setdefault(path, {})[method] = {**route, **operation}
    return document


def added(document: Json) -> SampleRequest:
    return next(request for request in sample_requests(document) if request.id == "added")


def parameter(place: str, **more: Any) -> Json:
    return {"name": "view", "in": place, "description": "D", "schema": {"type": "string"}, **more}


def test_there_is_a_request_for_every_operation_and_for_signing_in() -> None:
    named = re.findall(r"^# @name (\w+)$", http_file(API), re.MULTILINE)

    assert REQUESTS.keys() == OPERATION_IDS
    assert set(named) == {"signIn", *OPERATION_IDS}
    assert [item["name"] for item in COLLECTION["item"]] == ["Sign in", *(each.summary for each in REQUESTS.values())]


def test_a_customer_is_erased_last() -> None:
    after_the_route_that_erases = with_route("/statistics", "get", {})

    assert next(iter(REQUESTS)) == "createCustomer"
    assert [request.id for request in sample_requests(after_the_route_that_erases)][-1] == "eraseCustomer"


def test_the_collection_names_its_format_and_defines_every_variable() -> None:
    used = set(re.findall(r"\{\{(\w+)\}\}", json.dumps(COLLECTION["item"]) + json.dumps(COLLECTION["auth"])))

    assert COLLECTION["info"]["schema"] == FORMAT
    assert used == {each["key"] for each in COLLECTION["variable"]}


def test_the_file_sets_every_variable_before_it_is_used() -> None:
    known: set[str] = set()
    for line in http_file(API).splitlines():
        assert set(re.findall(r"\{\{(\w+)\}\}", line)) <= known, line
        known |= {name for pair in SETS.findall(line) for name in pair if name}


def test_a_new_route_needs_no_more_than_its_description() -> None:
    schema = {"type": "string", "enum": ["countries", "ages"]}
    document = with_route(
        "/statistics/{view}", "get", {"parameters": [parameter("path", schema=schema, required=True)]}
    )

    assert added(document).sent("path")[0].value == "countries"
    assert "GET {{ApiEndpoint}}/statistics/countries\n" in http_file(document)
    [item] = [each for each in postman_collection(document)["item"] if each["name"] == "S"]
    assert item["request"]["url"]["raw"] == "{{ApiEndpoint}}/statistics/:view"
    assert item["request"]["url"]["variable"][0]["value"] == "countries"


def test_a_required_query_is_sent_and_an_optional_one_is_offered() -> None:
    schema = {"type": "string", "examples": ["countries"]}
    for required in (True, False):
        document = with_route("/search", "get", {"parameters": [parameter("query", schema=schema, required=required)]})
        [item] = [each for each in postman_collection(document)["item"] if each["name"] == "S"]

        assert ("/search?view=countries\n" in http_file(document)) is required
        assert item["request"]["url"]["query"][0].get("disabled", False) is not required


def test_the_address_in_a_later_body_is_that_of_the_created_customer() -> None:
    body = {"content": {"application/json": {"schema": {"examples": [{"email": "ada@example.com"}]}}}}
    document = with_route("/customers/search", "post", {"requestBody": body})

    assert '"email": "ada+{{$timestamp}}@example.com"' in http_file(document)
    assert http_file(document).count('"email": "{{email}}"') == 2  # the update and the search


def test_a_required_parameter_without_an_example_is_reported_with_the_file_to_change() -> None:
    document = with_route("/statistics/{view}", "get", {"parameters": [parameter("path", required=True)]})

    with pytest.raises(ContractError, match=r"'view' of GET /statistics/\{view\} has no example: .*headers.py"):
        sample_requests(document)


def test_a_body_without_an_example_is_reported_with_the_file_to_change() -> None:
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}

    with pytest.raises(ContractError, match=r"The body of POST /search has no example: .*schemas.py"):
        sample_requests(with_route("/search", "post", {"requestBody": body}))
