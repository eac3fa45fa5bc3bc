"""How callers prove who they are: OAuth 2.0 at Cognito, or a token that they have already."""

from dataclasses import dataclass
from typing import Any

from contracts.openapi.routes import Route

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a stack is; by default, a place to fill in.

    Attributes:
        api: The stack's output `ApiEndpoint`.
        authorize: `AuthorizeEndpoint`.
        token: `TokenEndpoint`.
    """

    api: str = "https://api.example.com"
    authorize: str = "https://auth.example.com/oauth2/authorize"
    token: str = "https://auth.example.com/oauth2/token"  # noqa: S105 - an address


def schemes(addresses: Addresses, scopes: dict[str, str]) -> dict[str, Json]:
    """The ways to authenticate.

    Args:
        addresses: Where tokens are given.
        scopes: Scope -> what it is for.
    """
    return {
        "oauth": {
            "type": "oauth2",
            "description": "People: authorization code with PKCE. Services: client credentials.",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": addresses.authorize,
                    "tokenUrl": addresses.token,
                    "scopes": scopes,
                },
                "clientCredentials": {"tokenUrl": addresses.token, "scopes": scopes},
            },
        },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of the stack's user pool, with the operation's scope.",
        },
    }


def requirements(route: Route) -> list[Json]:
    """What a route asks for: either way, with its scopes."""
    return [{"oauth": list(route.scopes)}, {"bearer": list(route.scopes)}]
