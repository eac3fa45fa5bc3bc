"""Parses request headers. All functions take the headers by lower-case name."""

import re
from collections.abc import Mapping
from typing import Final

from shared.http.problems import FieldError, InvalidFields

IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
ETAGS: Final = re.compile(r'"[0-9]{1,9}"(\s*,\s*"[0-9]{1,9}")*')
_WAIT: Final = re.compile(r"(?:^|,)\s*wait=(\d{1,4})\s*(?:,|;|$)", re.IGNORECASE)
_CORRELATION_ID: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

DEFAULT_WAIT_SECONDS: Final = 2
LONGEST_WAIT_SECONDS: Final = 10


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The caller's name for this command, or None.

    Raises:
        InvalidFields: The key is empty, too long, or not visible ASCII.
    """
    key = headers.get("idempotency-key")
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidFields(
            [
                FieldError(
                    "Idempotency-Key", "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID."
                )
            ]
        )
    return key


def if_match(headers: Mapping[str, str]) -> frozenset[int] | None:
    """The versions that the caller has seen. The current version must be one of them (RFC 9110, 13.1.1).

    Returns:
        None if any version is accepted: the header is absent or `*`.

    Raises:
        InvalidFields: The header is not a list of ETags of this API.
    """
    text = headers.get("if-match", "*").strip()
    if text == "*":
        return None
    if not ETAGS.fullmatch(text):
        raise InvalidFields([FieldError("If-Match", 'If-Match must be an ETag that GET returned, such as "3".')])
    return frozenset(int(version) for version in re.findall(r"[0-9]+", text))


def wait_seconds(headers: Mapping[str, str]) -> int:
    """How many seconds the caller is willing to wait (RFC 7240, 4.3), at most `LONGEST_WAIT_SECONDS`.

    A preference that cannot be parsed is ignored, as the RFC requires.
    """
    found = _WAIT.search(headers.get("prefer", ""))
    return min(int(found[1]), LONGEST_WAIT_SECONDS) if found else DEFAULT_WAIT_SECONDS


def correlation_id(headers: Mapping[str, str], request_id: str) -> str:
    """Connects a call to everything it causes: the caller's own id, its trace (W3C Trace Context), or the request id.

    The caller's id is copied into every event and log line, so it is ignored unless it is short and plain.

    Args:
        request_id: API Gateway's id of the request.
    """
    if _CORRELATION_ID.fullmatch(headers.get("x-correlation-id", "")):
        return headers["x-correlation-id"]
    traced = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return traced[1] if traced else request_id
