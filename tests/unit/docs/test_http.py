"""The page of the HTTP API lists the routes and scopes of the template and of the OpenAPI document."""

import json
import re

import pytest

from local.environments import ROOT
from local.template import load_template
from tests.unit.docs.pages import HTTP, PAGES, Page, names

EVENTS = [
    event["Properties"]
    for each in load_template()["Resources"].values()
    if each["Type"] == "AWS::Serverless::Function" and each.get("Condition") != "HasAllowedOrigins"
    for event in each["Properties"].get("Events", {}).values()
    if event["Type"] == "Api"
]
ROWS = {names(row[0])[0]: row for row in HTTP.table("Routes", "Route")}
# The page names the views that count.
COUNTS = re.compile(r"/statistics/[a-z]+$")
ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/\S*)")


def test_the_page_lists_exactly_the_routes_of_the_template() -> None:
    assert sorted(ROWS) == sorted(f"{event['Method']} {event['Path']}" for event in EVENTS)


def test_the_page_lists_exactly_the_routes_of_the_openapi_document() -> None:
    paths = json.loads((ROOT / "docs/openapi.json").read_text())["paths"]
    documented = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}

    assert {route for route, row in ROWS.items() if names(row[1])} == documented


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_page_names_a_route_that_does_not_exist(page: Page) -> None:
    named = {f"{method} {path}" for span in page.spans for method, path in ROUTE.findall(span)}
    assert {COUNTS.sub("/statistics/{view}", route) for route in named} <= ROWS.keys()


def test_each_route_names_its_required_scope() -> None:
    scopes = {f"{event['Method']} {event['Path']}": event["Auth"].get("AuthorizationScopes", []) for event in EVENTS}

    assert {route: names(row[1]) for route, row in ROWS.items()} == scopes
