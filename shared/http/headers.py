"""Parses request headers. All functions take the headers by lower-case name."""

import re
from collections.abc import Mapping
from typing import Final

from shared.http.problems import FieldError, InvalidFields

IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
# RFC 7240, 2: a preference is a name with a value, which may be quoted, and white space may surround the "=".
_PREFERENCE: Final = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')
_WAIT: Final = re.compile(r'[\t ]*wait[\t ]*=[\t ]*("?)([0-9]{1,9})\1[\t ]*(?:;.*)?', re.IGNORECASE)
_IS_WAIT: Final = re.compile(r"[\t ]*wait[\t ]*(?:[=;]|$)", re.IGNORECASE)
_CORRELATION_ID: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
# W3C Trace Context, 3.2: version ff and ids of zeros are invalid, and later versions may have more fields.
_TRACEPARENT: Final = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)

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


def wait_seconds(headers: Mapping[str, str]) -> int:
    """How many seconds the caller is willing to wait (RFC 7240, 4.3), at most `LONGEST_WAIT_SECONDS`.

    A preference that cannot be parsed is ignored, as the RFC requires.
    """
    preferences = _PREFERENCE.findall(headers.get("prefer", ""))
    # If a preference is repeated, the first one counts (RFC 7240, 2).
    first = next(filter(_IS_WAIT.match, preferences), "")
    found = _WAIT.fullmatch(first)
    return min(int(found[2]), LONGEST_WAIT_SECONDS) if found else DEFAULT_WAIT_SECONDS


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
