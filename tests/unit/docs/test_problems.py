"""Every kind of problem has its page, the page says what the code answers, and which routes answer it."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ReadTimeoutError

from commands.create_customer import CreateCustomer, create_customer
from events.claims import NO_CLAIMS, ClaimChange
from events.envelope import Event
from events.store import StoreBusy
from local.template import load_template
from queries.read_your_writes import Clock, ReadAfter, wait_for
from shared.http.body import LONGEST_BODY_BYTES, parse_body, parse_request
from shared.http.consistency import ConsistencyToken
from shared.http.endpoint import endpoint
from shared.http.preconditions import EntityTags, Preconditions
from shared.http.request import Request, parse
from shared.http.response import Response
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.read_model import InMemoryReadModel
from tests.fakes.signing_keys import DOCUMENTED_KEYS
from tests.samples import created, machine_claims, updated, valid_body
from tests.unit.commands.scenario import CUSTOMER, Scenario, attempt
from tests.unit.docs.pages import HTTP, PAGES, PROBLEMS, Page, names
from tests.unit.docs.reach import KINDS, reachable

FOLDER = PROBLEMS.path.parent
RESOURCES = load_template()["Resources"]
GATEWAY = {
    body["type"].removeprefix("/docs/problems/"): (response, body)
    for response in RESOURCES["CustomersApi"]["Properties"]["GatewayResponses"].values()
    if (body := json.loads(response["ResponseTemplates"]["application/json"]))["type"] != "about:blank"
}
HANDLERS = {
    f"{event['Properties']['Method']} {event['Properties']['Path']}": each["Properties"]["Handler"].rpartition(".")
    for each in RESOURCES.values()
    if each["Type"] == "AWS::Serverless::Function"
    for event in each["Properties"].get("Events", {}).values()
    if "AuthorizationScopes" in event["Properties"].get("Auth", {})  # the others are the documentation
}
ROUTES = set(HANDLERS)
OF_THE_ENDPOINT = reachable("shared.http.endpoint", "_answer")
# What the search finds and no call can bring about: a DELETE takes no claim, and has always the same content, none.
IMPOSSIBLE = {"DELETE /customers/{customer_id}": {"field-taken", "key-reused"}}
OF_THE_FUNCTION = {
    route: (reachable(module, handler) | OF_THE_ENDPOINT) - IMPOSSIBLE.get(route, set())
    for route, (module, _, handler) in HANDLERS.items()
}
# These two come from API Gateway where there is no route, or a body beyond its own limit.
OF_THE_GATEWAY = set(GATEWAY) - {"not-found", "body-too-large"}
EVERY = "every route"


class BusyStore(InMemoryEventStore):
    def append(self, event: Event, claims: ClaimChange = NO_CLAIMS, redact: Sequence[int] = ()) -> None:
        raise StoreBusy


def create(scenario: Scenario, customer_id: str, name: str) -> None:
    create_customer(CreateCustomer.model_validate(valid_body()), scenario.store, customer_id, attempt(name))


def take_an_address() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    create(scenario, "another", "other")


def repeat_after_erasure() -> None:
    scenario = Scenario()
    create(scenario, CUSTOMER, "first")
    scenario.erase(attempt())
    create(scenario, CUSTOMER, "first")


def change_unseen() -> None:
    Scenario().given(created(CUSTOMER), updated(CUSTOMER, 2)).update(attempt(seen={1}), city="Paris")


def change_except_this() -> None:
    conditions = Preconditions(if_none_match=EntityTags(any=True))
    Scenario().given(created(CUSTOMER)).update(replace(attempt(), conditions=conditions), city="Paris")


def send_a_form() -> None:
    event = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}, "body": "city=Paris"}
    parse_request(CreateCustomer, parse(event), {})


def reuse_a_key() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.update(attempt("key", content="one"), city="Paris")
    scenario.update(attempt("key", content="other"), city="Rome")


def meet_a_busy_store() -> None:
    create(Scenario(BusyStore()), CUSTOMER, "name")


def change_what_a_newer_release_wrote() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.store.append(replace(updated(CUSTOMER, 2), schema_version=99))
    scenario.update(attempt(), city="Paris")


def time_out() -> NoReturn:
    raise ReadTimeoutError(endpoint_url="https://dynamodb.eu-west-1.amazonaws.com")


def break_down() -> NoReturn:
    raise KeyError("ada@example.com")


def read_too_soon() -> None:
    wait_for(ReadAfter(ConsistencyToken(CUSTOMER, 1), 0), InMemoryReadModel(), 1, Clock(lambda: 0.0, lambda _: None))


def send(body: bytes) -> Callable[[], object]:
    return lambda: parse_body(CreateCustomer, body, {"today": date(2026, 5, 17)})


# How to get each problem out of the code. None: out of the endpoint, for want of the scope.
CAUSES: dict[str, Callable[[], object] | None] = {
    "malformed-body": send(b"{"),
    "forbidden": None,
    "not-found": lambda: Scenario().erase(attempt()),
    "field-taken": take_an_address,
    "gone": repeat_after_erasure,
    "stale-version": change_unseen,
    "precondition-failed": change_except_this,
    "unsupported-media-type": send_a_form,
    "body-too-large": send(b" " * (LONGEST_BODY_BYTES + 1)),
    "invalid-fields": send(json.dumps(valid_body(birth="1990-02-30")).encode()),
    "key-reused": reuse_a_key,
    "unexpected": break_down,
    "contended": meet_a_busy_store,
    "newer-release": change_what_a_newer_release_wrote,
    "unavailable": time_out,
    "not-yet-readable": read_too_soon,
}
CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")


def of_the_function(slug: str, request_id: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and body as a function answers."""
    cause = CAUSES[slug]

    def use_case(_: Request) -> Response:
        assert cause
        cause()
        raise AssertionError(f"{slug} did not come about")

    scope = "customers/write" if cause else "customers/read"
    event = {"requestContext": {"requestId": request_id, "authorizer": {"claims": machine_claims(scope)}}}
    event["headers"] = {}
    answer: Any = endpoint(scope="customers/write", keys=DOCUMENTED_KEYS)(use_case)(event, CONTEXT)
    return answer["statusCode"], answer["headers"], json.loads(answer["body"])


def of_the_gateway(slug: str, request_id: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """The same as API Gateway answers."""
    response, body = GATEWAY[slug]
    # The conditional ones are those of CORS, which is off by default.
    sent = {name: value for name, value in response["ResponseParameters"]["Headers"].items() if isinstance(value, str)}
    headers = {name: value.strip("'") for name, value in sent.items()}
    return response["StatusCode"], headers, {**body, "instance": f"urn:request:{request_id}"}


def page_of(slug: str) -> Page:
    return Page(FOLDER / f"{slug}.md")


def test_every_problem_has_a_page_and_every_page_a_problem() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == set(KINDS)


@pytest.mark.parametrize("slug", KINDS)
def test_a_page_says_what_the_code_answers(slug: str) -> None:
    page, kind = page_of(slug), KINDS[slug]
    attributes = {names(row[0])[0]: row[1] for row in page.table(kind.title, "")}

    assert attributes == {"type": f"`/docs/problems/{slug}`", "title": kind.title, "status": str(int(kind.status))}


@pytest.mark.parametrize("slug", KINDS)
def test_a_page_shows_an_answer_as_the_code_makes_it(slug: str) -> None:
    page = page_of(slug)
    [head], [body] = page.fences("http"), map(json.loads, page.fences("json"))
    first, *headers = head.strip().splitlines()
    made = of_the_function if slug in CAUSES else of_the_gateway
    status, made_headers, made_body = made(slug, body["instance"].removeprefix("urn:request:"))

    assert body == made_body
    assert dict(line.split(": ", 1) for line in headers) == made_headers
    assert first.startswith(f"HTTP/1.1 {status} ")


@pytest.mark.parametrize("slug", KINDS)
def test_a_page_tells_what_to_do(slug: str) -> None:
    for heading in ("When", "What to do"):
        assert page_of(slug).section(heading).strip()


@pytest.mark.parametrize("slug", KINDS)
def test_a_page_names_the_routes_that_can_answer_it(slug: str) -> None:
    stated = {who: (names(routes), routes) for who, routes in page_of(slug).table(KINDS[slug].title, "Answered by")}
    routes, words = stated.pop("The function", ([], ""))
    by_the_gateway = bool(stated.pop("API Gateway", None))

    assert not stated
    assert (ROUTES if words == EVERY else set(routes)) == {
        route for route, slugs in OF_THE_FUNCTION.items() if slug in slugs
    }
    assert by_the_gateway == (slug in GATEWAY)


def test_the_index_lists_them_all() -> None:
    listed = {(int(status), names(link)[0], title) for status, link, title in PROBLEMS.table("Problems", "Status")}

    assert listed == {(int(kind.status), f"/docs/problems/{slug}", kind.title) for slug, kind in KINDS.items()}


def by_route() -> dict[str, set[str]]:
    """Each route's problems, as the index has them."""
    rows = {route.strip("`"): set(names(slugs)) for route, slugs in PROBLEMS.table("By route", "Route")}
    every = rows.pop(EVERY)
    return {route: slugs | every for route, slugs in rows.items()}


def test_the_index_names_the_problems_of_each_route() -> None:
    assert by_route() == {route: slugs | OF_THE_GATEWAY for route, slugs in OF_THE_FUNCTION.items()}


def test_the_contract_names_every_status() -> None:
    stated = {int(text) for row in HTTP.table("Routes", "Route") for text in re.findall(r"\d{3}", row[3])}

    assert stated == {int(kind.status) for kind in KINDS.values()}


def test_the_contract_names_the_statuses_of_each_route() -> None:
    stated = {
        names(row[0])[0]: [int(text) for text in row[3].split(", ")]
        for row in HTTP.table("Routes", "Route")
        if names(row[1])  # the others are the documentation
    }

    assert stated == {route: sorted({int(KINDS[slug].status) for slug in slugs}) for route, slugs in by_route().items()}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_status_beside_a_problem_is_its_own(page: Page) -> None:
    for status, slug in re.findall(r"(\d{3}) `([a-z]+(?:-[a-z]+)*)`", page.prose):
        assert int(status) == int(KINDS[slug].status), slug
