"""Parameters that requests take, and headers that answers carry."""

from typing import Any, Final

from contracts.openapi.schemas import ID
from queries.get_all_customers import DEFAULT_LIMIT, LARGEST_LIMIT
from shared.http import consistency
from shared.http.headers import DEFAULT_WAIT_SECONDS, ETAGS, IDEMPOTENCY_KEY, LONGEST_WAIT_SECONDS

Json = dict[str, Any]

_URL_SAFE: Final = "^[A-Za-z0-9_-]+$"
_TOKEN: Final[Json] = {"type": "string", "pattern": _URL_SAFE, "examples": ["ZmQyMzhkYWItNWMxYS00OGYxIDE"]}
_ETAG: Final[Json] = {"type": "string", "pattern": '^"[0-9]{1,9}"$', "examples": ['"1"']}
_LOCATION: Final[Json] = {"type": "string", "format": "uri-reference", "pattern": f"^\\./customers/{ID['pattern'][1:]}"}
_TEXT: Final[Json] = {"type": "string"}


def _parameter(place: str, name: str, description: str, schema: Json, **more: Any) -> Json:
    return {"name": name, "in": place, "description": description, "schema": schema, **more}


# Name -> the parameter, as OpenAPI has it.
PARAMETERS: Final[dict[str, Json]] = {
    "customer_id": _parameter("path", "customer_id", "Which customer.", ID, required=True),
    "limit": _parameter(
        "query",
        "limit",
        "At most so many customers.",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    ),
    "cursor": _parameter(
        "query",
        "cursor",
        "The `next_cursor` of the page before. Any other text is refused.",
        {"type": "string", "pattern": _URL_SAFE},
    ),
    "Idempotency-Key": _parameter(
        "header",
        "Idempotency-Key",
        "Names this command for its caller. Sent again with the same request, it gives the same answer and no second "
        "change; with another request, it is refused.",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
    ),
    "If-Match": _parameter(
        "header",
        "If-Match",
        "The ETags of the versions that may be changed; `*`, or no header, means any.",
        {"type": "string", "pattern": rf"^(?:\*|{ETAGS.pattern})$", "examples": ['"1"']},
    ),
    consistency.HEADER: _parameter(
        "header",
        consistency.HEADER,
        "From a write's answer: this read shall contain that write. Any other text is refused.",
        _TOKEN,
    ),
    "Prefer": _parameter(
        "header",
        "Prefer",
        f"`wait=N`: how many seconds to wait for that write, at most {LONGEST_WAIT_SECONDS}; "
        f"{DEFAULT_WAIT_SECONDS} without it. What cannot be read is passed over (RFC 7240).",
        {**_TEXT, "examples": [f"wait={DEFAULT_WAIT_SECONDS}"]},
    ),
    "X-Correlation-Id": _parameter(
        "header",
        "X-Correlation-Id",
        "Ties this call to what it causes: at most 128 letters, digits and `._:/+=-`. Another text is passed over.",
        {**_TEXT, "examples": ["order-4711"]},
    ),
    "traceparent": _parameter(
        "header",
        "traceparent",
        "W3C Trace Context; its trace id is the correlation id where there is no other. What cannot be read is passed "
        "over.",
        {**_TEXT, "examples": ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]},
    ),
}


def _header(description: str, schema: Json, *, required: bool = True) -> Json:
    return {"description": description, "required": required, "schema": schema}


HEADERS: Final[dict[str, Json]] = {
    "Location": _header("The customer, relative to the request's address.", _LOCATION),
    "ETag": _header("The customer's version, for If-Match.", _ETAG),
    "Consistency-Token": _header("Names the newest write: a GET that sends it back contains it.", _TOKEN),
    "X-Correlation-Id": _header("What ties this call to what it caused: the caller's own id, or one made here.", _TEXT),
    "Retry-After": _header("Seconds to wait before sending it again.", {"type": "integer", "minimum": 0}),
    "WWW-Authenticate": _header("How to authenticate.", _TEXT, required=False),
}


def parameters(*names: str) -> list[Json]:
    """References to parameters.

    Args:
        *names: Keys of `PARAMETERS`.
    """
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def headers(*names: str) -> dict[str, Json]:
    """References to an answer's headers.

    Args:
        *names: Keys of `HEADERS`.
    """
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
