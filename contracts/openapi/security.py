"""How callers authenticate: OAuth 2.0 at Cognito, or an access token that they have already."""

from dataclasses import dataclass
from typing import Any, Final

from contracts.openapi.routes import Route

Json = dict[str, Any]

# The flow of services is not offered: a page in a browser is no place for a client's secret.
_FOR_PEOPLE: Final = (
    "For people: authorization code with PKCE. Outside production you may sign up; an administrator must confirm you "
    "before you can sign in. In production administrators create the users, unless the stack allows signing up. "
    "Everybody who can sign in may read. Only members of the group customer-writers may create, change and erase "
    "customers."
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The URLs of a stack; placeholders by default.

    Attributes:
        api: The stack's output `ApiEndpoint`.
        authorize: The stack's output `AuthorizeEndpoint`.
        token: The stack's output `TokenEndpoint`.
    """

    api: str = "https://api.example.com"
    authorize: str = "https://auth.example.com/oauth2/authorize"
    token: str = "https://auth.example.com/oauth2/token"  # noqa: S105 - a URL


def schemes(addresses: Addresses, scopes: dict[str, str]) -> dict[str, Json]:
    """Return the security schemes.

    Args:
        addresses: The URLs of the stack.
        scopes: The description of each scope.
    """
    return {
        "oauth": {
            "type": "oauth2",
            "description": _FOR_PEOPLE,
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": addresses.authorize,
                    "tokenUrl": addresses.token,
                    "scopes": scopes,
                },
            },
        },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of the stack's user pool with the scope that the operation requires of "
            "`oauth`. Services get one with client credentials.",
        },
    }


def requirements(route: Route) -> list[Json]:
    """Return the security requirements of a route: either scheme. Only an OAuth scheme declares scopes."""
    return [{"oauth": list(route.scopes)}, {"bearer": []}]
