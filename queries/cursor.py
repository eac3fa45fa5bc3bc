"""The list's cursor: where the next page starts, signed so that clients cannot make one up or use it elsewhere."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final

# Part of what is signed: a token of another query, or of another version of this one, does not verify.
_PURPOSE: Final = b"GET /customers newest-first 1\n"
_TAG_BYTES: Final = 16


class InvalidCursor(Exception):
    """The text is not a cursor that this query issued."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the list.

    Attributes:
        generation: The generation that the first page was read from. Later pages read from the same one.
        after: `Listing.order` of the last customer on the page.
    """

    generation: int
    after: str


def encode_cursor(cursor: Cursor, key: bytes) -> str:
    """Sign a cursor and encode it as URL-safe text."""
    payload = json.dumps([cursor.generation, cursor.after], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_tag(payload, key) + payload).decode().rstrip("=")


def decode_cursor(text: str, key: bytes) -> Cursor:
    """Verify and decode a cursor that a client sent.

    Raises:
        InvalidCursor: The text was not made by `encode_cursor` with this key.
    """
    try:
        token = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    if base64.urlsafe_b64encode(token).decode().rstrip("=") != text:
        # Base64 has several spellings of the same bytes. Only the one that we issue is a cursor.
        raise InvalidCursor
    tag, payload = token[:_TAG_BYTES], token[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(payload, key)):
        raise InvalidCursor
    generation, after = json.loads(payload)
    return Cursor(generation, after)


def _tag(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + payload, hashlib.sha256)[:_TAG_BYTES]
