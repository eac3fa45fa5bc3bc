"""Every route that writes asks a person for the group, and no other route does."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from commands.http import WRITERS
from local.template import load_template
from tests.samples import machine_claims, person_claims

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
SCOPES = ("customers/read", "customers/write")
ROUTES = {
    f"{event['Properties']['Method']} {event['Properties']['Path']}": each["Properties"]
    for each in load_template()["Resources"].values()
    if each["Type"] == "AWS::Serverless::Function"
    for event in each["Properties"].get("Events", {}).values()
    if "AuthorizationScopes" in event["Properties"].get("Auth", {})
}


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for properties in ROUTES.values():
        for name in properties["Environment"]["Variables"]:
            monkeypatch.setenv(name, "literal:a key of the tests" if name == "SIGNING_SECRET" else "test")


def answer(route: str, claims: dict[str, Any]) -> dict[str, Any]:
    """The response of a route's function to a request that it cannot carry out, because nothing is there."""
    module, _, name = ROUTES[route]["Handler"].rpartition(".")
    event = {
        "requestContext": {"requestId": "r", "authorizer": {"claims": claims}},
        "pathParameters": {"customer_id": "none"},
        "queryStringParameters": {"limit": "none"},
        "body": "none",
    }
    answered: dict[str, Any] = getattr(importlib.import_module(module), name)(event, CONTEXT)
    return answered


@pytest.mark.parametrize("route", ROUTES)
def test_a_person_outside_the_group_may_only_read(route: str) -> None:
    status = answer(route, person_claims(*SCOPES, groups="[others]"))["statusCode"]

    reads = route.startswith("GET") or route == "POST /customers/search"
    assert (status == 403) == (not reads)


@pytest.mark.parametrize("claims", [person_claims(*SCOPES, groups=f"[{WRITERS}]"), machine_claims(*SCOPES)])
@pytest.mark.parametrize("route", ROUTES)
def test_members_and_machines_get_through(route: str, claims: dict[str, Any]) -> None:
    assert answer(route, claims)["statusCode"] in (400, 404, 422)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "change", [{"token_use": "id"}, {"sub": "", "client_id": ""}, {"scope": list(SCOPES)}], ids=str
)
def test_a_function_does_not_rely_on_the_gateway(route: str, change: dict[str, Any]) -> None:
    assert answer(route, machine_claims(*SCOPES) | change)["statusCode"] == 403
