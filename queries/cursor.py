"""The list's cursor: where the next page starts, signed so that clients cannot make one up or use it elsewhere."""

import json
from dataclasses import dataclass
from typing import Final

from shared.runtime.signing import InvalidSignature, Keyring, sign, verify

# Part of what is signed: a cursor of another query, or of another version of this one, does not verify.
_PURPOSE: Final = "GET /customers newest-first 2"


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


def encode_cursor(cursor: Cursor, keys: Keyring) -> str:
    """Sign a cursor and encode it as URL-safe text."""
    return sign(_PURPOSE, json.dumps([cursor.generation, cursor.after], separators=(",", ":")).encode(), keys)


def decode_cursor(text: str, keys: Keyring) -> Cursor:
    """Verify and decode a cursor that a client sent.

    Raises:
        InvalidCursor: The text was not made by `encode_cursor` with a valid key.
    """
    try:
        # A later release may add parts at the end.
        generation, after, *_ = json.loads(verify(_PURPOSE, text, keys))
    except InvalidSignature:
        raise InvalidCursor from None
    return Cursor(generation, after)
