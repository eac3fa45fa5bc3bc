"""What responses tell browsers: to use TLS only (RFC 6797), and which pages may call the API (CORS)."""

import os
from typing import Final

METHODS: Final = ("GET", "POST", "PUT", "DELETE")
# Headers that a page may send besides those that Fetch always allows, and those that it may read.
REQUEST_HEADERS: Final = (
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Consistency-Token", "Prefer",
    "X-Correlation-Id", "traceparent",
)  # fmt: skip
RESPONSE_HEADERS: Final = (
    "ETag", "Location", "Consistency-Token", "Retry-After", "X-Correlation-Id", "WWW-Authenticate",
)  # fmt: skip
# How long a browser may remember a preflight.
_PREFLIGHT_SECONDS: Final = 600
# A year, as hstspreload.org and OWASP recommend.
_TLS_ONLY_SECONDS: Final = 31_536_000


def allowed_origins() -> frozenset[str]:
    """The origins that the stack's parameter `AllowedOrigins` lists; none by default."""
    return frozenset(filter(None, os.environ.get("ALLOWED_ORIGINS", "").split(",")))


def browser_headers(origin: str | None) -> dict[str, str]:
    """The headers of a response to a request.

    Args:
        origin: The request's Origin, if it has one.
    """
    headers = {}
    # RFC 6797, 7.2 forbids this over plain HTTP, which only the local stage speaks.
    if os.environ.get("STAGE", "local") != "local":
        headers["Strict-Transport-Security"] = f"max-age={_TLS_ONLY_SECONDS}"
    allowed = allowed_origins()
    if allowed:
        # Whether listed or not: a cache must not give one origin the response to another.
        headers["Vary"] = "Origin"
    if origin in allowed:
        headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": ", ".join(RESPONSE_HEADERS)}
    return headers


def preflight_headers(origin: str | None) -> dict[str, str]:
    """The headers that tell a browser which requests a page may send, besides `browser_headers`.

    Args:
        origin: The page's origin.
    """
    if origin not in allowed_origins():
        return {}
    return {
        "Access-Control-Allow-Methods": ", ".join(METHODS),
        "Access-Control-Allow-Headers": ", ".join(REQUEST_HEADERS),
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }
