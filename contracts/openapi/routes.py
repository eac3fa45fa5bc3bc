"""The routes of the API and the scopes that they require, from template.yml."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.template import load_template

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Attributes:
        name: Method and path, such as `GET /customers`.
        scopes: The scopes of which a token must have at least one.
    """

    name: str
    scopes: tuple[str, ...]

    @property
    def method(self) -> str:
        """The method in lower case, as OpenAPI writes it."""
        return self.name.split()[0].lower()

    @property
    def path(self) -> str:
        """The path, with parameters in braces."""
        return self.name.split()[1]


def routes_of(template: Mapping[str, Any] | None = None) -> list[Route]:
    """Return every route that requires a token, in the template's order. Only the documentation requires none.

    Args:
        template: The parsed template; `load_template()` by default.
    """
    resources = (template or load_template())["Resources"].values()
    events = [event for resource in resources for event in resource.get("Properties", {}).get("Events", {}).values()]
    return [
        _route(event["Properties"])
        for event in events
        if event["Type"] == "Api" and "AuthorizationScopes" in event["Properties"]["Auth"]
    ]


def scopes_of(template: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return every scope of the template's resource servers, with its description.

    Args:
        template: The parsed template; `load_template()` by default.
    """
    resources = (template or load_template())["Resources"].values()
    servers = [
        resource["Properties"] for resource in resources if resource["Type"] == "AWS::Cognito::UserPoolResourceServer"
    ]
    return {
        f"{server['Identifier']}/{scope['ScopeName']}": scope["ScopeDescription"]
        for server in servers
        for scope in server["Scopes"]
    }


def _route(event: Json) -> Route:
    return Route(f"{event['Method'].upper()} {event['Path']}", tuple(event["Auth"]["AuthorizationScopes"]))
