"""Who sends a request, according to the claims of their access token."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.http.problems import Forbidden

# A name with a separator in it could pose as two groups, so no such name counts.
_GROUP: Final = r"[^\s,\[\]]+"
_BY_COMMAS: Final = re.compile(rf"{_GROUP}(,{_GROUP})*")
_IN_BRACKETS: Final = re.compile(rf"\[({_GROUP}( {_GROUP})*)\]")


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or a machine, as their token describes them. A claim that cannot be read counts as missing.

    Attributes:
        subject: The token's `sub`; for a machine, its client id.
        client_id: The client that got the token.
        token_use: `access` or `id`.
        scopes: The token's scopes.
        groups: The groups of the user pool that a person is in.
    """

    subject: str = ""
    client_id: str = ""
    token_use: str = ""
    scopes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def is_machine(self) -> bool:
        """Whether the token comes from client credentials: Cognito then sets `sub` to the client's id."""
        return bool(self.subject) and self.subject == self.client_id

    def require(self, scope: str, group: str = "") -> None:
        """Check that the caller may use a route.

        Args:
            scope: A scope that the token must have, for example `customers/read`.
            group: A group that a person must be in as well. A machine is in no groups: its scopes decide.

        Raises:
            Forbidden: They may not, or the token is no access token of an identified caller.
        """
        if self.token_use != "access":  # noqa: S105 - a kind of token
            raise Forbidden("This request requires an access token. A token for another use is not accepted.")
        if not self.subject.strip():
            raise Forbidden("This request requires an access token with a subject.")
        if scope not in self.scopes:
            raise Forbidden(f"This request requires an access token with the scope {scope}.")
        if group and not self.is_machine and group not in self.groups:
            raise Forbidden(f"This request requires the group {group}. An administrator can add you to it.")


def caller_of(context: Mapping[str, Any]) -> Caller:
    """Read the caller from the claims in API Gateway's event. It never fails: an unknown caller has no rights.

    Args:
        context: The `requestContext` of the event.
    """
    authorizer = context.get("authorizer")
    claims = authorizer.get("claims") if isinstance(authorizer, Mapping) else None
    if not isinstance(claims, Mapping):
        return Caller()
    return Caller(
        subject=_text(claims.get("sub")),
        client_id=_text(claims.get("client_id")),
        token_use=_text(claims.get("token_use")),
        scopes=frozenset(_text(claims.get("scope")).split()),
        groups=groups_of(claims.get("cognito:groups")),
    )


def groups_of(claim: object) -> frozenset[str]:
    """Return the groups in the claim `cognito:groups`, or none if the claim has any other form than these three.

    Authorizers pass a token's list on as a list, or as a string with commas or in brackets:

    >>> groups_of(["a", "b"]) == groups_of("a,b") == groups_of("[a b]") == {"a", "b"}
    True
    """
    if isinstance(claim, list):
        names = claim if all(isinstance(name, str) and re.fullmatch(_GROUP, name) for name in claim) else []
    elif not isinstance(claim, str):
        names = []
    elif found := _IN_BRACKETS.fullmatch(claim):
        names = found[1].split(" ")
    else:
        names = claim.split(",") if _BY_COMMAS.fullmatch(claim) else []
    return frozenset(names)


def _text(claim: object) -> str:
    return claim if isinstance(claim, str) else ""
