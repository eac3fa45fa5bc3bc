"""The API's routes and the scopes that they ask for, as template.yml has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.template import load_template

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Attributes:
        name: For instance `GET /customers`.
        scopes: What a token must allow; one of them is enough.
    """

    name: str
    scopes: tuple[str, ...]

    @property
    def method(self) -> str:
        """In lower case, as the description has it."""
        return self.name.split()[0].lower()

    @property
    def path(self) -> str:
        """With its parameters in braces."""
        return self.name.split()[1]


def of_template(template: Mapping[str, Any] | None = None) -> list[Route]:
    """Every route of the template that wants a token, in its order: what is open is the documentation itself.

    Args:
        template: As `local.load_template` gives it, which is the default.
    """
    resources = (template or load_template())["Resources"].values()
    events = [event for each in resources for event in each.get("Properties", {}).get("Events", {}).values()]
    return [
        _route(event["Properties"])
        for event in events
        if event["Type"] == "Api" and "AuthorizationScopes" in event["Properties"]["Auth"]
    ]


def scopes_of_template(template: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Every scope of the template's resource servers, with what it is for.

    Args:
        template: As for `of_template`.
    """
    resources = (template or load_template())["Resources"].values()
    servers = [each["Properties"] for each in resources if each["Type"] == "AWS::Cognito::UserPoolResourceServer"]
    return {
        f"{server['Identifier']}/{scope['ScopeName']}": scope["ScopeDescription"]
        for server in servers
        for scope in server["Scopes"]
    }


def _route(event: Json) -> Route:
    return Route(f"{event['Method'].upper()} {event['Path']}", tuple(event["Auth"]["AuthorizationScopes"]))
