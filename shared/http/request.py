"""A request as API Gateway's REST proxy integration hands it to a function."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.http.headers import correlation_id
from shared.http.problems import Forbidden, MalformedBody


@dataclass(frozen=True, slots=True)
class Request:
    """What a use case may know of the call.

    Attributes:
        request_id: API Gateway's name for this call.
        subject: Who calls: the token's `sub` (for a machine client, its client id).
        scopes: What the token allows.
        path: Path parameters by name.
        query: Query parameters by name, the last one where a name was repeated.
        headers: Headers by lower-case name.
        body: The body's bytes.
        trace_id: The X-Ray trace, or an empty text.
        route: The path as the API declares it, for instance `/customers/{customer_id}`.
        stage_variables: What the API's stage says by name.
    """

    request_id: str
    subject: str
    scopes: frozenset[str]
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    trace_id: str
    route: str = ""
    stage_variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def correlation_id(self) -> str:
        """What ties this call to everything it causes: the caller's own id, or this request's."""
        return correlation_id(self.headers, self.request_id)

    def require(self, scope: str) -> None:
        """Refuse a token that lacks a scope.

        Args:
            scope: For instance `customers/read`.

        Raises:
            Forbidden: The token does not carry it.
        """
        if scope not in self.scopes:
            raise Forbidden(f"This needs an access token with the scope {scope}.")


def parse(event: Mapping[str, Any]) -> Request:
    """Read API Gateway's event.

    Args:
        event: Payload format 1.0 (REST API, Lambda proxy integration).

    Raises:
        MalformedBody: The body is said to be base64 and is not.
    """
    context = event.get("requestContext") or {}
    claims = (context.get("authorizer") or {}).get("claims") or {}
    return Request(
        request_id=context.get("requestId", ""),
        subject=claims.get("sub", ""),
        scopes=frozenset(claims.get("scope", "").split()),
        path=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=_body(event),
        trace_id=_trace_id(),
        route=event.get("resource", ""),
        stage_variables=event.get("stageVariables") or {},
    )


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        # Lone surrogates cannot be encoded: let the JSON parser refuse them rather than fail here.
        return text.encode(errors="surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise MalformedBody("The body is not readable: send it as JSON in UTF-8.") from None


def _trace_id() -> str:
    """The root of `Root=1-...;Parent=...;Sampled=1`, which Lambda sets anew for each invocation."""
    header = os.environ.get("_X_AMZN_TRACE_ID", "")
    return next((part[5:] for part in header.split(";") if part.startswith("Root=")), "")
