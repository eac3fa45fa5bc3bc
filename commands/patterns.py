"""The regular expressions of a customer's fields: for the validators, and as the API description publishes them.

A published pattern means the same in ECMA-262 with the `u` flag, in Python and in Java. So it uses neither the class of
white space, which each of them defines differently, nor classes of properties, which Python lacks. It escapes nothing
but syntax, and contains each large character class once: the other rules are lookaheads.
"""

import re
from functools import cache
from typing import Final

from commands.characters import BLANK, JOIN_CONTROL, NOT_IN_DOMAIN, REFUSED, WHITE_SPACE, character_class

_W: Final = character_class(WHITE_SPACE)
_J: Final = character_class(JOIN_CONTROL)
_B: Final = character_class(BLANK)
ENDS: Final = re.compile(rf"^[{_W}]+|[{_W}]+\Z")
# White space that is also a control character or a line break is refused instead.
SPACES: Final = re.compile(r"[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# Joiners change how the characters beside them are drawn, so a joiner needs a character on either side.
_STRAY_JOINER: Final = rf"(?:^|[{_W}{_J}])[{_J}]|[{_J}](?:[{_W}]|$)"
STRAY_JOINER: Final = re.compile(_STRAY_JOINER)

# RFC 5321, 4.1.2: what an address may contain only within quotation marks, which nobody uses. NFC turns U+037E into ;
_SPECIALS: Final = r'<>()\[\]\\,;:"\u037e'
_END: Final = rf"[{_W}]*$"
# At most 64 characters, and dots between atoms only (RFC 5321, 4.5.3.1.1).
_LOCAL_FORM: Final = r"(?![^@]{65})(?!\.)(?![^@]*\.[.@])"
# Labels of at most 63 characters with dots between them and no hyphen at their ends (RFC 1035, 2.3.1). The last one is
# not a number, so that an IP address is not a domain (RFC 3696, 2).
_DOMAIN_FORM: Final = (
    rf"(?![.-])(?=[^@]*\.)(?![^@]*(?:[.-]\.|\.-|[.-]{_END}))(?![^@]*[^.@{_W}]{{64}})(?![^@]*\.[0-9]+{_END})"
)


def _address(refused: str, not_in_domain: str) -> str:
    domain = rf"{_DOMAIN_FORM}[^{not_in_domain}]+{_END}"
    return rf"^[{_W}]*{_LOCAL_FORM}(?=[^@]+@{domain})[^{refused}{_SPECIALS}]+{_END}"


# An address, apart from its invisible characters and from what IDNA disallows.
EMAIL_FORM: Final = re.compile(_address(_W, r"\x00-,/:-@\[-`{-\x7f"))


@cache
def email() -> str:
    """The published pattern of an address.

    It cannot express what IDNA asks of a whole label: its direction (RFC 5893), characters
    that need others beside them (RFC 5892, A), its length in Punycode, and that Punycode can be decoded.
    """
    refused = character_class(REFUSED, WHITE_SPACE, BLANK, JOIN_CONTROL)
    return _address(refused, character_class(NOT_IN_DOMAIN))


@cache
def text() -> str:
    """The published pattern of a text: no refused character, a visible one, and joiners inside words only."""
    visible = rf"(?=[{_W}{_B}]*[^{_W}{_B}])"
    # [\d\D] is any character in every dialect; a dot is not.
    return rf"^(?![\d\D]*(?:{_STRAY_JOINER}))[{_W}]*{visible}[^{character_class(REFUSED)}]*{_END}"
