"""API Gateway's own errors have the form of all others. The local gateway ignores them, so they are checked here."""

import json
import re
from typing import Any

import pytest

from local.template import load_template
from shared.http import problems

RESPONSES: dict[str, Any] = load_template()["Resources"]["CustomersApi"]["Properties"]["GatewayResponses"]
GATEWAYS = (problems.Unauthorized, problems.Forbidden, problems.NotFound, problems.BodyTooLarge,
            problems.TooManyRequests, problems.Unavailable, problems.Unexpected)  # fmt: skip
KINDS: dict[str, type[problems.Problem]] = {f"/docs/problems/{kind.slug}": kind for kind in GATEWAYS}


def test_every_kind_of_gateway_error_is_covered() -> None:
    assert {"UNAUTHORIZED", "EXPIRED_TOKEN", "ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN", "REQUEST_TOO_LARGE",
            "THROTTLED", "QUOTA_EXCEEDED", "INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE", "WAF_FILTERED",
            "DEFAULT_4XX", "DEFAULT_5XX"} <= set(RESPONSES)  # fmt: skip


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_is_problem_json_that_names_its_request(name: str) -> None:
    response = RESPONSES[name]
    body = json.loads(response["ResponseTemplates"]["application/json"])

    assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"
    assert body["instance"] == "urn:request:$context.requestId"
    assert body["title"]
    assert body["detail"]


@pytest.mark.parametrize("name", sorted(set(RESPONSES) - {"DEFAULT_4XX"}))
def test_a_response_is_the_same_problem_as_the_functions_return(name: str) -> None:
    response = RESPONSES[name]
    body = json.loads(response["ResponseTemplates"]["application/json"])
    kind = KINDS[body["type"]]

    assert (body["status"], body["title"]) == (int(kind.status), kind.title)
    assert response["StatusCode"] == int(kind.status)
    assert bool(response["ResponseParameters"]["Headers"].get("Retry-After")) == (kind.status in (429, 503))


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_has_the_security_headers_of_the_functions(name: str) -> None:
    headers = RESPONSES[name]["ResponseParameters"]["Headers"]

    assert headers["Cache-Control"] == "'no-store'"
    assert headers["X-Content-Type-Options"] == "'nosniff'"
    assert headers["Strict-Transport-Security"] == "'max-age=31536000'"


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_can_be_read_by_pages_only_if_origins_are_allowed(name: str) -> None:
    headers = RESPONSES[name]["ResponseParameters"]["Headers"]

    for header in ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers"):
        condition, _, otherwise = headers[header]["If"]
        assert (condition, otherwise) == ("HasAllowedOrigins", {"Ref": "AWS::NoValue"})


def test_options_methods_exist_only_if_origins_are_allowed() -> None:
    resources = load_template()["Resources"]

    assert resources["AnswerPreflight"]["Condition"] == "HasAllowedOrigins"
    # SAM's transformation cannot see that the parameter has changed, so every update deploys the stage.
    assert resources["CustomersApi"]["Properties"]["AlwaysDeploy"] is True
    events = [
        event["Properties"]
        for resource in resources.values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Api"
    ]
    paths = {event["Path"] for event in events if "AuthorizationScopes" in event["Auth"]}
    preflights = resources["AnswerPreflight"]["Properties"]["Events"].values()
    assert {event["Properties"]["Path"] for event in preflights} == paths


@pytest.mark.parametrize(
    "value", ["", "https://a.example", "http://localhost:3000", "https://a.example,https://b.example:8443"]
)
def test_origins_are_accepted(value: str) -> None:
    assert re.fullmatch(load_template()["Parameters"]["AllowedOrigins"]["AllowedPattern"], value)


@pytest.mark.parametrize("value", ["*", "null", "https://*", "https://a.example/", "https://a.example, https://b.example",
                                   "https://A.example", "a.example", "https://a.example,"])  # fmt: skip
def test_what_no_browser_sends_as_origin_is_refused(value: str) -> None:
    assert not re.fullmatch(load_template()["Parameters"]["AllowedOrigins"]["AllowedPattern"], value)
