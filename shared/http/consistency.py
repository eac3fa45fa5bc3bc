"""The Consistency-Token: names a write, so that a later read can ask to see it."""

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
    """One write.

    Attributes:
        key: Which record.
        version: The version that the write gave it.
    """

    key: str
    version: int

    def encode(self) -> str:
        """The token's text for the caller, to whom it means nothing."""
        return base64.urlsafe_b64encode(f"{self.key} {self.version}".encode()).decode().rstrip("=")


def parse_token(text: str) -> ConsistencyToken:
    """Read a token.

    A made-up one can only make its own caller wait, so it carries no signature.

    Args:
        text: As sent.

    Raises:
        InvalidFields: It is not one.
    """
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        content = ""
    found = _CONTENT.fullmatch(content)
    if not found:
        raise InvalidFields([FieldError(HEADER, f"{HEADER} must be one that a write answered with.")])
    return ConsistencyToken(found[1], int(found[2]))
