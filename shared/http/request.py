"""A request as API Gateway's REST proxy integration passes it to a function."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.http.caller import Caller, caller_of
from shared.http.headers import correlation_id
from shared.http.problems import MalformedBody
from shared.runtime.trace_header import current_trace


@dataclass(frozen=True, slots=True)
class Request:
    """What a use case can read from the request.

    Attributes:
        request_id: API Gateway's id of the request.
        caller: Who sent the request.
        path: Path parameters by name.
        query: Query parameters by name. If a name is repeated, the last value counts.
        headers: Headers by lower-case name.
        trace_id: The X-Ray trace id, or an empty string.
        route: The path as the API declares it, for example `/customers/{customer_id}`.
        stage_variables: The variables of the API's stage by name.
        segment_id: This function's X-Ray segment; empty if the trace is not recorded.
    """

    request_id: str
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    trace_id: str
    route: str = ""
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    segment_id: str = ""

    @property
    def correlation_id(self) -> str:
        """Connects this request to everything it causes; see `headers.correlation_id`."""
        return correlation_id(self.headers, self.request_id)


def parse(event: Mapping[str, Any]) -> Request:
    """Parse API Gateway's event.

    Args:
        event: Payload format 1.0 (REST API, Lambda proxy integration).

    Raises:
        MalformedBody: The body is marked as base64 but is not base64.
    """
    context = event.get("requestContext") or {}
    trace_id, segment_id = current_trace()
    return Request(
        request_id=context.get("requestId", ""),
        caller=caller_of(context),
        path=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=_body(event),
        trace_id=trace_id,
        segment_id=segment_id,
        route=event.get("resource", ""),
        stage_variables=event.get("stageVariables") or {},
    )


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        # Lone surrogates cannot be encoded. Pass them on, so that the JSON parser rejects them.
        return text.encode(errors="surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise MalformedBody("The body cannot be read. Send JSON in UTF-8.") from None
