"""docs/openapi.json is up to date, is OpenAPI 3.1, and fits the requests and responses of the code."""

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from commands.create_customer import CreateCustomer
from contracts.errors import ContractError
from contracts.openapi import operations
from contracts.openapi.document import FILE, RoutesDiffer, openapi_document
from contracts.openapi.files import files
from contracts.openapi.problem_examples import problem_example
from contracts.openapi.schemas import EXAMPLE_ID, customer_schema, request_schema
from contracts.openapi.security import Addresses
from contracts.project import contact, project
from contracts.sample import SampleMissing, sample_of
from events.customer import Customer
from local.template import load_template
from shared.http import problems
from shared.http.consistency import ConsistencyToken
from shared.http.problems import Contended, FieldError, InvalidFields, Problem

Json = dict[str, Any]
PERSON, CUSTOMER = sample_of(CreateCustomer), sample_of(Customer)
API: Json = openapi_document()
OPERATIONS = {f"{method} {path}": each for path, item in API["paths"].items() for method, each in item.items()}
RESPONSES: Json = API["components"]["responses"]
KINDS = {
    kind.slug: kind
    for kind in vars(problems).values()
    if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
}


def fits(value: object, schema: Json) -> bool:
    """Whether a value is valid for a schema, which may refer to other schemas of the document."""
    return bool(OAS31Validator({**schema, "components": API["components"]}).is_valid(value))


def example(kind: type[Problem]) -> Problem:
    """An instance of a problem."""
    if kind is problems.StaleVersion:
        return problems.StaleVersion(3, ConsistencyToken("c-1", 3))
    if kind is problems.FieldTaken:
        return problems.FieldTaken("email")
    if kind is InvalidFields:
        return InvalidFields([FieldError("birth", "birth must be a day.")])
    if kind is problems.UnsupportedMedia:
        return problems.UnsupportedMedia("Send JSON.")
    own = kind.__init__ is not Problem.__init__
    return kind() if own else kind("Fix this.")  # type: ignore[call-arg]


def problems_of(response: Json) -> Iterator[str]:
    schema = response["content"]["application/problem+json"]["schema"]
    for reference in schema.get("oneOf", [schema]):
        name = reference["$ref"].rpartition("/")[2]
        yield API["components"]["schemas"][name]["properties"]["type"]["const"]


@pytest.mark.parametrize(("path", "text"), files().items(), ids=[path.name for path in files()])
def test_the_file_is_up_to_date(path: Path, text: str) -> None:
    assert path.read_text() == text, f"{path} is out of date: run make openapi"


def test_the_file_is_openapi_3_1() -> None:
    validate(json.loads(FILE.read_text()), cls=OpenAPIV31SpecValidator)


def test_a_route_that_is_not_described_is_an_error() -> None:
    template = copy.deepcopy(load_template())
    template["Resources"]["GetCustomer"]["Properties"]["Events"]["Get"]["Properties"]["Path"] = "/customers/{_id}"

    with pytest.raises(RoutesDiffer, match=r"GET /customers/\{_id\}, GET /customers/\{customer_id\}"):
        openapi_document(template=template)


def test_each_operation_requires_the_scope_of_the_template() -> None:
    asked = {name: each["security"] for name, each in OPERATIONS.items()}

    assert {name: scopes[0]["oauth"] for name, scopes in asked.items()} == {
        name: ["customers/read" if name.startswith("get") or name.endswith("/search") else "customers/write"]
        for name in OPERATIONS
    }
    assert all(scopes[1:] == [{"bearer": []}] for scopes in asked.values())


def test_a_scope_changes_with_the_template() -> None:
    template = copy.deepcopy(load_template())
    event = template["Resources"]["GetCustomer"]["Properties"]["Events"]["Get"]["Properties"]
    event["Auth"]["AuthorizationScopes"] = ["customers/admin"]

    operation = openapi_document(template=template)["paths"]["/customers/{customer_id}"]["get"]

    assert operation["security"][0] == {"oauth": ["customers/admin"]}


def test_every_problem_is_a_response_of_some_route() -> None:
    answered = {kind for response in RESPONSES.values() for kind in problems_of(response)}

    assert answered == {f"/docs/problems/{slug}" for slug in KINDS}


@pytest.mark.parametrize("slug", KINDS)
def test_a_problem_is_valid_for_the_responses_that_name_it(slug: str) -> None:
    problem = example(KINDS[slug])
    named = [response for response in RESPONSES.values() if problem.type in problems_of(response)]

    assert named
    for response in named:
        assert fits(json.loads(problem.body("r-1")), response["content"]["application/problem+json"]["schema"])
        assert set(problem.headers) <= set(response.get("headers", {}))


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_shows_an_example_of_each_of_its_problems(name: str) -> None:
    content = RESPONSES[name]["content"]["application/problem+json"]
    shown = [API["components"]["examples"][each["$ref"].rpartition("/")[2]] for each in content["examples"].values()]

    assert {each["value"]["type"] for each in shown} == set(problems_of(RESPONSES[name]))
    assert all(fits(each["value"], content["schema"]) for each in shown)


def test_a_problem_without_a_page_is_reported_with_the_file_to_write() -> None:
    class Teapot(Problem):
        slug = "teapot"

    with pytest.raises(ContractError, match=r"'teapot' has no example: docs/reference/problems/teapot.md must show"):
        problem_example(Teapot)


def test_each_schema_of_a_problem_is_flat_and_names_its_constants() -> None:
    """A client generator drops a response if it has to merge schemas with a constant."""
    for kind in KINDS.values():
        schema = API["components"]["schemas"][kind.__name__]
        properties = schema["properties"]

        assert "allOf" not in schema
        assert properties["status"] == {"type": "integer", "const": int(kind.status)}
        assert properties["type"]["const"] == f"/docs/problems/{kind.slug}"


def test_the_contact_is_the_project_s_maintainer() -> None:
    assert API["info"]["contact"] == contact() == dict(project()["maintainers"][0])


def test_a_problem_is_not_valid_for_the_response_of_another_problem() -> None:
    schema = RESPONSES["NotFound"]["content"]["application/problem+json"]["schema"]

    assert not fits(json.loads(Contended().body("r-1")), schema)


@pytest.mark.parametrize("name", ["CreateCustomer", "UpdateCustomer", "Customer", "CustomerPage"])
def test_each_example_is_valid(name: str) -> None:
    schema = API["components"]["schemas"][name]

    assert all(fits(example, schema) for example in schema["examples"])


def test_the_code_accepts_and_returns_the_examples() -> None:
    command = CreateCustomer.model_validate_json(json.dumps(PERSON), context={"today": date(2026, 5, 17)})
    assert command.model_dump(mode="json", exclude_none=True) == PERSON
    assert json.loads(Customer.model_validate(CUSTOMER).document()) == CUSTOMER
    assert CUSTOMER["id"] == EXAMPLE_ID


@pytest.mark.parametrize(
    "change", [{"nickname": "Ada"}, {"city": ""}, {"city": " "}, {"birth": "17-05-1990"}, {"email": 1}]
)
def test_a_request_that_the_api_rejects_is_not_valid(change: Json) -> None:
    schema = API["components"]["schemas"]["CreateCustomer"]

    assert fits(PERSON, schema)
    assert not fits(PERSON | change, schema)


def test_the_document_can_have_the_urls_of_a_stack() -> None:
    own = openapi_document(Addresses("https://a.example", "https://b.example/authorize", "https://b.example/token"))

    flows = own["components"]["securitySchemes"]["oauth"]["flows"]
    assert own["servers"][0]["variables"]["ApiEndpoint"]["default"] == "https://a.example"
    assert flows["authorizationCode"]["authorizationUrl"] == "https://b.example/authorize"
    assert {flow["tokenUrl"] for flow in flows.values()} == {"https://b.example/token"}


def test_links_lead_to_operations_that_exist() -> None:
    ids = {each["operationId"] for each in OPERATIONS.values()}

    assert {link["operationId"] for link in API["components"]["links"].values()} <= ids
    assert operations.OPERATIONS.keys() == {f"{name.split()[0].upper()} {name.split()[1]}" for name in OPERATIONS}


class NamedCreate(CreateCustomer):
    nickname: str | None = None


class NamedCustomer(Customer):
    nickname: str


def test_an_optional_field_of_a_request_is_in_the_schema_and_may_be_missing_from_the_example() -> None:
    schema = request_schema(NamedCreate, "The details.")

    assert schema["properties"]["nickname"]
    assert schema["examples"] == [PERSON]
    assert fits(schema["examples"][0], schema)


def test_a_required_field_without_a_sample_value_is_reported_with_the_file_to_change() -> None:
    with pytest.raises(
        SampleMissing, match=r"^The field 'nickname' of NamedCustomer has no .* in contracts/sample.py\.$"
    ):
        customer_schema(NamedCustomer)
