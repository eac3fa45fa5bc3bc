"""A request as API Gateway's REST proxy integration passes it to a function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.http.caller import Caller, caller_of
from shared.http.headers import correlation_id
from shared.http.problems import FieldError, InvalidFields
from shared.runtime.trace_header import current_trace


@dataclass(frozen=True, slots=True)
class Request:
    """What a use case can read from the request.

    Attributes:
        request_id: API Gateway's id of the request.
        caller: Who sent the request.
        path: Path parameters by name.
        query: Query parameters by name.
        headers: Headers by lower-case name. Repeated lines are joined with commas (RFC 9110, 5.3).
        trace_id: The X-Ray trace id, or an empty string.
        route: The path as the API declares it, for example `/customers/{customer_id}`.
        address: The path as the caller sent it, with the stage or the base path of a custom domain.
        stage_variables: The variables of the API's stage by name.
        segment_id: This function's X-Ray segment; empty if the trace is not recorded.
        repeated: The names of query parameters that were sent more than once.
        is_binary: Whether API Gateway took the body for something other than text. It is then empty here.
        size_bytes: About how long the request is: its headers, parameters and body.
    """

    request_id: str
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    trace_id: str
    route: str = ""
    address: str = ""
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    segment_id: str = ""
    repeated: frozenset[str] = frozenset()
    is_binary: bool = False
    size_bytes: int = 0

    @property
    def correlation_id(self) -> str:
        """Connects this request to everything it causes; see `headers.correlation_id`."""
        return correlation_id(self.headers, self.request_id)


def parse(event: Mapping[str, Any]) -> Request:
    """Parse API Gateway's event.

    Args:
        event: Payload format 1.0 (REST API, Lambda proxy integration).
    """
    context = event.get("requestContext") or {}
    trace_id, segment_id = current_trace()
    headers, query = _headers(event), event.get("queryStringParameters") or {}
    body = _body(event)
    return Request(
        request_id=context.get("requestId", ""),
        caller=caller_of(context),
        path=event.get("pathParameters") or {},
        query=query,
        headers=headers,
        body=body,
        trace_id=trace_id,
        segment_id=segment_id,
        route=event.get("resource", ""),
        address=context.get("path", ""),
        stage_variables=event.get("stageVariables") or {},
        repeated=_repeated(event),
        is_binary=bool(event.get("isBase64Encoded")),
        size_bytes=len(body) + sum(len(name) + len(value) for name, value in (*headers.items(), *query.items())),
    )


def require_headers(event: Mapping[str, Any]) -> None:
    """Check that the event has headers, even if only an empty set.

    API Gateway always passes some on. Without them, a command's name and conditions are unknown, not absent.

    Raises:
        InvalidFields: It has none.
    """
    if event.get("headers") is None and event.get("multiValueHeaders") is None:
        raise InvalidFields([FieldError("headers", "headers must be those of an HTTP request.")])


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """All headers by lower-case name. API Gateway's `headers` has only the last of repeated lines."""
    lines: Mapping[str, Sequence[str]] | None = event.get("multiValueHeaders")
    if not lines:
        lines = {name: [value] for name, value in (event.get("headers") or {}).items()}
    joined: dict[str, list[str]] = {}
    for name, values in lines.items():
        joined.setdefault(name.lower(), []).extend(values)
    return {name: ", ".join(values) for name, values in joined.items()}


def _repeated(event: Mapping[str, Any]) -> frozenset[str]:
    values: Mapping[str, Sequence[str]] = event.get("multiValueQueryStringParameters") or {}
    return frozenset(name for name, sent in values.items() if len(sent) > 1)


def _body(event: Mapping[str, Any]) -> bytes:
    if event.get("isBase64Encoded"):
        return b""
    # Lone surrogates cannot be encoded. Pass them on, so that the JSON parser rejects them.
    return (event.get("body") or "").encode(errors="surrogatepass")
