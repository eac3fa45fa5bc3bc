"""API Gateway's own errors have the form of all others. The local gateway ignores them, so they are checked here."""

import json
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
