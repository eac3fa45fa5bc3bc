"""The parameters of requests and the headers of responses."""

from typing import Any, Final

from contracts.openapi.schemas import EXAMPLE_ID, ID
from projections.counting import CountingView
from projections.views import VIEWS
from queries.get_all_customers import DEFAULT_LIMIT, LARGEST_LIMIT
from shared.http import consistency
from shared.http.headers import DEFAULT_WAIT_SECONDS, IDEMPOTENCY_KEY, LONGEST_WAIT_SECONDS
from shared.http.preconditions import CONDITION

Json = dict[str, Any]

_URL_SAFE: Final = "^[A-Za-z0-9_-]+$"
_EXAMPLE: Final = "gGDbOtMh829Pv5_DXzvA3y7ybqQ4N2YwYjg0ZC1jNTRmLTU2OTEtYjBhYi1jMjEyMmFiOGFhOGIgMQ"
_TOKEN: Final[Json] = {"type": "string", "pattern": _URL_SAFE, "examples": [_EXAMPLE]}
_ETAG: Final[Json] = {"type": "string", "pattern": '^"[0-9]{1,9}"$', "examples": ['"1"']}
_CONDITION: Final[Json] = {"type": "string", "pattern": f"^{CONDITION.pattern}$", "examples": ['"1"']}
_LOCATION: Final[Json] = {
    "type": "string",
    "format": "uri-reference",
    "pattern": f"^\\./customers/{ID['pattern'][1:]}",
    "examples": [f"./customers/{EXAMPLE_ID}"],
}
_CORRELATION_ID: Final = "order-4711"
_TEXT: Final[Json] = {"type": "string"}


def _parameter(place: str, name: str, description: str, schema: Json, **more: Any) -> Json:
    return {"name": name, "in": place, "description": description, "schema": schema, **more}


PARAMETERS: Final[dict[str, Json]] = {
    "customer_id": _parameter("path", "customer_id", "The id of the customer.", ID, required=True),
    "view": _parameter(
        "path",
        "view",
        "What customers are counted by.",
        {"type": "string", "enum": [view.name for view in VIEWS if isinstance(view, CountingView)]},
        required=True,
    ),
    "limit": _parameter(
        "query",
        "limit",
        "The largest number of customers to return.",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    ),
    "cursor": _parameter(
        "query",
        "cursor",
        "The `next_cursor` of the previous page. Any other value is rejected.",
        {"type": "string", "pattern": _URL_SAFE},
    ),
    "Idempotency-Key": _parameter(
        "header",
        "Idempotency-Key",
        "Identifies this request of the caller. The same request with the same key returns the same response and "
        "changes nothing again; another request with the same key is rejected.",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
    ),
    "If-Match": _parameter(
        "header",
        "If-Match",
        "Carry out the request only if the customer's current version has one of these ETags. `*`, or no header, "
        "accepts any version. A weak ETag matches nothing.",
        _CONDITION,
    ),
    "If-None-Match": _parameter(
        "header",
        "If-None-Match",
        "Carry out the request only if the customer's current version has none of these ETags. Otherwise the response "
        "to a GET is 304, and to a change 412. `*` names every version.",
        _CONDITION,
    ),
    consistency.HEADER: _parameter(
        "header",
        consistency.HEADER,
        "The token of a write. The response includes that write. Any other value is rejected.",
        _TOKEN,
    ),
    "Prefer": _parameter(
        "header",
        "Prefer",
        f"`wait=N`: the number of seconds to wait for the write of the Consistency-Token, at most "
        f"{LONGEST_WAIT_SECONDS} (default: {DEFAULT_WAIT_SECONDS}). Other values are ignored (RFC 7240).",
        {**_TEXT, "examples": [f"wait={DEFAULT_WAIT_SECONDS}"]},
    ),
    "X-Correlation-Id": _parameter(
        "header",
        "X-Correlation-Id",
        "Connects this request with everything that it causes: at most 128 letters, digits and `._:/+=-`. Other values "
        "are ignored.",
        {**_TEXT, "examples": [_CORRELATION_ID]},
    ),
    "traceparent": _parameter(
        "header",
        "traceparent",
        "W3C Trace Context. Its trace id becomes the correlation id if there is no X-Correlation-Id. Other values are "
        "ignored.",
        {**_TEXT, "examples": ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]},
    ),
}


def _header(description: str, schema: Json, *, required: bool = True) -> Json:
    return {"description": description, "required": required, "schema": schema}


HEADERS: Final[dict[str, Json]] = {
    "Location": _header("The URL of the customer, relative to the URL of the request.", _LOCATION),
    "ETag": _header("The version of the customer, for If-Match.", _ETAG),
    "Consistency-Token": _header(
        "Identifies this write. Send it with a GET to read data that includes the write.", _TOKEN
    ),
    "X-Correlation-Id": _header(
        "Connects this request with everything that it caused: the id from the request, or a generated one.",
        {**_TEXT, "examples": [_CORRELATION_ID]},
    ),
    "Retry-After": _header(
        "The number of seconds to wait before the next attempt.", {"type": "integer", "minimum": 0, "examples": [1]}
    ),
    "Accept": _header("The media type of a body.", {"const": "application/json"}),
    "Accept-Encoding": _header("The content coding of a body.", {"const": "identity"}),
    "WWW-Authenticate": _header(
        "The required authentication scheme.", {**_TEXT, "examples": ["Bearer"]}, required=False
    ),
}


def parameters(*names: str) -> list[Json]:
    """Return references to parameters.

    Args:
        *names: Keys of `PARAMETERS`.
    """
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def optional_headers(*names: str) -> dict[str, Json]:
    """Return response headers that not every response with this status has.

    Args:
        *names: Keys of `HEADERS`.
    """
    return {name: {**HEADERS[name], "required": False} for name in names}


def headers(*names: str) -> dict[str, Json]:
    """Return references to response headers.

    Args:
        *names: Keys of `HEADERS`.
    """
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
