"""The fields of a customer as commands accept them: trimmed, normalised, bounded.

Limits: an e-mail address has at most 254 characters, its local part 64 (RFC 5321, 4.5.3.1); names are bounded so that
an event always fits DynamoDB's 400 KB many times over.
"""

import re
import unicodedata
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationInfo

_OLDEST_BIRTH: Final = date(1900, 1, 1)
_SPACES: Final = re.compile(r"[ \u00a0\u3000]+")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Control characters, line breaks and lone surrogates are never part of a name; invisible direction marks would let two
# different texts look alike.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# What API Gateway puts for bytes that are no UTF-8, before any function sees them.
_UNREADABLE: Final = "\ufffd"

# Patterns are written so that Python and JSON Schema (ECMA 262) read them alike: the API's description shows them.
_UNFIT: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffd"
_TEXT_PATTERN: Final = rf"^[^{_UNFIT}]*[^\s{_UNFIT}][^{_UNFIT}]*$"
# U+037E and U+1FEF look foreign and become ; and ` when composed.
_ATOM: Final = rf"[^\s.@<>()\[\]\\,;:\"\u037e{_UNFIT}]+"
_LETTER: Final = rf"\s\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\x7e\u037e\u1fef{_UNFIT}"
_LABEL: Final = rf"[^{_LETTER}-](?:[^{_LETTER}]{{0,61}}[^{_LETTER}-])?"
_EMAIL_PATTERN: Final = rf"^(?![^@]{{65}}){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}$"
_DAY_PATTERN: Final = "^(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
_EMAIL: Final = re.compile(_EMAIL_PATTERN)


def _text(longest: int) -> AfterValidator:
    """Trimmed, inner spaces single, composed (NFC): one form for what people see as one text."""

    def check(text: str) -> str:
        cleaned = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
        if not cleaned:
            raise ValueError("must not be empty")
        if len(cleaned) > longest:
            raise ValueError(f"must have at most {longest} characters")
        # Nearly every text is printable, and no printable character is refused: that spares a look at each.
        if not cleaned.isprintable() and any(map(_is_refused, cleaned)):
            raise ValueError("must not contain control or invisible characters")
        if _UNREADABLE in cleaned:
            raise ValueError("must be sent in UTF-8: some of its characters could not be read")
        return cleaned

    return AfterValidator(check)


def _is_refused(character: str) -> bool:
    return unicodedata.category(character) in _REFUSED_CATEGORIES or character in _DIRECTION_MARKS


def _described(longest: int, pattern: str = _TEXT_PATTERN) -> dict[str, JsonValue]:
    """What JSON Schema can say of a text; pydantic cannot look into validators."""
    return {"minLength": 1, "maxLength": longest, "pattern": pattern}


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address such as ada@example.com")
    return text


def _iso_date(value: object) -> object:
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        raise ValueError("must be a date written YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day that exists, written YYYY-MM-DD") from None


def _past(birth: date, info: ValidationInfo) -> date:
    today: date = info.context["today"] if info.context else date.max
    if not _OLDEST_BIRTH <= birth < today:
        raise ValueError(f"must be a day in the past, not before {_OLDEST_BIRTH}")
    return birth


FullName = Annotated[
    str,
    _text(200),
    Field(description="As the person writes it.", examples=["Ada Lovelace"], json_schema_extra=_described(200)),
]
City = Annotated[str, _text(100), Field(examples=["London"], json_schema_extra=_described(100))]
Country = Annotated[str, _text(100), Field(examples=["United Kingdom"], json_schema_extra=_described(100))]
Email = Annotated[
    str,
    _text(254),
    AfterValidator(_email),
    Field(
        description="An address that no other customer has, in whatever case; at most 64 characters before the @.",
        examples=["ada@example.com"],
        json_schema_extra=_described(254, _EMAIL_PATTERN),
    ),
]
Birth = Annotated[
    date,
    BeforeValidator(_iso_date),
    AfterValidator(_past),
    Field(
        description=f"A day in the past (UTC), not before {_OLDEST_BIRTH}.",
        examples=["1990-05-17"],
        json_schema_extra={"pattern": _DAY_PATTERN},
    ),
]


class PersonalDetails(BaseModel):
    """All that a customer tells of themselves; commands that carry it carry all of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    full_name: FullName
    email: Email
    birth: Birth
    city: City
    country: Country
