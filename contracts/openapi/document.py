"""The whole description, and the file that it is kept in."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from contracts.openapi import routes, security
from contracts.openapi.described import LINKS, OPERATIONS
from contracts.openapi.headers import HEADERS, PARAMETERS
from contracts.openapi.problems import all_responses
from contracts.openapi.schemas import all_schemas
from contracts.openapi.security import Addresses
from local.environments import ROOT
from local.template import load_template

Json = dict[str, Any]

FILE: Final = ROOT / "docs" / "openapi.json"


class RoutesDiffer(Exception):
    """The template has routes that are not described, or lacks some that are."""


def described_api(addresses: Addresses | None = None, template: Mapping[str, Any] | None = None) -> Json:
    """The API's description.

    Args:
        addresses: Where the stack is; by default, a place to fill in.
        template: As `local.load_template` gives it, which is the default.

    Raises:
        RoutesDiffer: Names the routes.
    """
    addresses, template = addresses or Addresses(), template or load_template()
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [_server(addresses)],
        "tags": [{"name": "customers", "description": "The shop's customers."}],
        "paths": _paths(routes.of_template(template)),
        "components": {
            "schemas": all_schemas(),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": all_responses(operation.problems for operation in OPERATIONS.values()),
            "links": LINKS,
            "securitySchemes": security.schemes(addresses, routes.scopes_of_template(template)),
        },
    }


def rendered(document: Json) -> str:
    """The description as text, the same for the same code."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _info() -> Json:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "title": "Customers API",
        "version": project["version"],
        "summary": project["description"],
        "description": "Every refusal is `application/problem+json`; programs branch on its `type`. "
        "Answers may gain fields; requests with unknown fields are refused. A body is read as JSON in UTF-8, whatever "
        "its Content-Type says.",
        "license": {"name": project["license"], "identifier": project["license"]},
    }


def _server(addresses: Addresses) -> Json:
    address = {"default": addresses.api, "description": "The stack's output ApiEndpoint."}
    return {"url": "{ApiEndpoint}", "description": "Any stage.", "variables": {"ApiEndpoint": address}}


def _paths(found: list[routes.Route]) -> dict[str, Json]:
    if differing := {route.name for route in found} ^ OPERATIONS.keys():
        raise RoutesDiffer(f"only in template.yml, or only described: {', '.join(sorted(differing))}")
    paths: dict[str, Json] = {}
    for route in sorted(found, key=lambda route: list(OPERATIONS).index(route.name)):
        operation = {**OPERATIONS[route.name].as_json(), "security": security.requirements(route)}
        paths.setdefault(route.path, {})[route.method] = operation
    return paths
