"""The list's cursor: where the next page starts, signed, so that no client can make one up or use it elsewhere."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final

# What this key signs: a token of another query, or of a later form of this one, does not verify here.
_PURPOSE: Final = b"GET /customers newest-first 1\n"
_TAG_BYTES: Final = 16


class InvalidCursor(Exception):
    """Not a cursor that this query gave out."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list.

    Attributes:
        generation: The generation of the projection that the first page was read from; later pages stay with it.
        after: The place of the last customer already seen.
    """

    generation: int
    after: str


def seal(cursor: Cursor, key: bytes) -> str:
    """Write a cursor for the client.

    Args:
        cursor: The place.
        key: The signing key.

    Returns:
        URL-safe text.
    """
    payload = json.dumps([cursor.generation, cursor.after], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_tag(payload, key) + payload).decode().rstrip("=")


def unseal(text: str, key: bytes) -> Cursor:
    """Read a cursor from a client.

    Args:
        text: As sent.
        key: The signing key.

    Raises:
        InvalidCursor: It is not one that `seal` made with this key.
    """
    try:
        token = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    tag, payload = token[:_TAG_BYTES], token[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(payload, key)):
        raise InvalidCursor
    generation, after = json.loads(payload)
    return Cursor(generation, after)


def _tag(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + payload, hashlib.sha256)[:_TAG_BYTES]
