"""The whole OpenAPI document, and its file."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from contracts.errors import ContractError
from contracts.openapi import routes, security
from contracts.openapi.headers import HEADERS, PARAMETERS
from contracts.openapi.operations import LINKS, OPERATIONS
from contracts.openapi.problems import all_examples, all_responses, problem_schemas
from contracts.openapi.schemas import all_schemas
from contracts.openapi.security import Addresses
from contracts.project import contact, project
from local.environments import ROOT
from local.template import load_template

Json = dict[str, Any]

FILE: Final = ROOT / "docs" / "openapi.json"
_BEYOND_THE_BASIC_PLANE: Final = re.compile("[\U00010000-\U0010ffff]")


class RoutesDiffer(ContractError):
    """The template has routes that are not described, or the other way round."""


def openapi_document(addresses: Addresses | None = None, template: Mapping[str, Any] | None = None) -> Json:
    """Return the OpenAPI document.

    Args:
        addresses: The URLs of the stack; placeholders by default.
        template: The parsed template; `load_template()` by default.

    Raises:
        RoutesDiffer: A route is not described, or a described route does not exist.
        SampleMissing: A required field has no sample value.
    """
    addresses, template = addresses or Addresses(), template or load_template()
    kinds = [operation.problems for operation in OPERATIONS.values()]
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [_server(addresses)],
        "tags": [{"name": "customers", "description": "The customers of the shop."}],
        "paths": _paths(routes.routes_of(template)),
        "components": {
            "schemas": {**all_schemas(), **problem_schemas(kinds)},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": all_responses(kinds),
            "examples": all_examples(kinds),
            "links": LINKS,
            "securitySchemes": security.schemes(addresses, routes.scopes_of(template)),
        },
    }


def rendered(document: Json) -> str:
    """Return the document as text."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # The patterns contain characters that editors cannot show, such as tags and unassigned ones.
    return _BEYOND_THE_BASIC_PLANE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _info() -> Json:
    known = project()
    return {
        "title": "Customers API",
        "version": known["version"],
        "summary": known["description"],
        "description": "Every error is `application/problem+json`; branch on its `type`. Responses may gain fields; "
        "requests with unknown fields or query parameters are rejected. A request body is JSON in UTF-8, uncompressed, "
        "without repeated members. Responses are never cached (`Cache-Control: no-store`).",
        "contact": contact(),
        "license": {"name": known["license"], "identifier": known["license"]},
    }


def _server(addresses: Addresses) -> Json:
    address = {"default": addresses.api, "description": "The output ApiEndpoint of the stack."}
    return {"url": "{ApiEndpoint}", "description": "A stack of any stage.", "variables": {"ApiEndpoint": address}}


def _paths(found: list[routes.Route]) -> dict[str, Json]:
    if differing := {route.name for route in found} ^ OPERATIONS.keys():
        raise RoutesDiffer(
            f"These routes are only in template.yml or only in contracts/openapi/operations.py: "
            f"{', '.join(sorted(differing))}. Add or remove them there."
        )
    paths: dict[str, Json] = {}
    for route in sorted(found, key=lambda route: list(OPERATIONS).index(route.name)):
        operation = {**OPERATIONS[route.name].as_json(), "security": security.requirements(route)}
        paths.setdefault(route.path, {})[route.method] = operation
    return paths
