"""The Consistency-Token identifies a write, so that a later read can wait for it.

It is signed. A made-up one would otherwise hold a function for as long as a reader may wait.
"""

import re
from dataclasses import dataclass
from typing import Final

from shared.runtime.signing import InvalidSignature, Keyring, sign, verify

HEADER: Final = "Consistency-Token"
_PURPOSE: Final = "Consistency-Token 1"
# A later release may add words at the end.
_CONTENT: Final = re.compile(r"([A-Za-z0-9-]{1,64}) ([1-9][0-9]{0,8})( .*)?")


@dataclass(frozen=True, slots=True)
class ConsistencyToken:
    """Identifies one write.

    Attributes:
        key: The id of the record.
        version: The record's version after the write.
    """

    key: str
    version: int

    def encode(self, keys: Keyring) -> str:
        """Sign the token and encode it as opaque text for the caller."""
        return sign(_PURPOSE, f"{self.key} {self.version}".encode(), keys)


def parse_token(text: str, keys: Keyring) -> ConsistencyToken:
    """Verify and parse a token.

    Raises:
        InvalidSignature: The text is not a token that a write returned.
    """
    found = _CONTENT.fullmatch(verify(_PURPOSE, text, keys).decode("ascii", errors="replace"))
    if not found:
        raise InvalidSignature
    return ConsistencyToken(found[1], int(found[2]))
