"""The Consistency-Token identifies a write, so that a later read can wait for it."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from shared.http.problems import FieldError, InvalidFields

HEADER: Final = "Consistency-Token"
_CONTENT: Final = re.compile(r"([A-Za-z0-9-]{1,64}) ([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class ConsistencyToken:
    """Identifies one write.

    Attributes:
        key: The id of the record.
        version: The record's version after the write.
    """

    key: str
    version: int

    def encode(self) -> str:
        """The token as opaque text for the caller."""
        return base64.urlsafe_b64encode(f"{self.key} {self.version}".encode()).decode().rstrip("=")


def parse_token(text: str) -> ConsistencyToken:
    """Parse a token.

    A forged token can only make its own caller wait, so tokens are not signed.

    Raises:
        InvalidFields: The text is not a token.
    """
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        content = ""
    found = _CONTENT.fullmatch(content)
    if not found:
        raise _refusal()
    token = ConsistencyToken(found[1], int(found[2]))
    if token.encode() != text:
        # Base64 has several spellings of the same bytes. Only the one that we issue is a token.
        raise _refusal()
    return token


def _refusal() -> InvalidFields:
    return InvalidFields([FieldError(HEADER, f"{HEADER} must be a token that a write returned.")])
