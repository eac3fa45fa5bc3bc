"""The fields of a customer as commands accept them: trimmed, normalised and limited.

Limits: an e-mail address has at most 254 characters, its local part 64 (RFC 5321, 4.5.3.1). The limits of the other
fields keep every event far below DynamoDB's 400 KB.
"""

import re
import unicodedata
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationInfo

_OLDEST_BIRTH: Final = date(1900, 1, 1)
_SPACES: Final = re.compile(r"[ \u00a0\u3000]+")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Control characters, line breaks and lone surrogates are never part of a name. Invisible direction marks would make two
# different strings look the same.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# API Gateway replaces bytes that are not UTF-8 with this character before any function sees them.
_UNREADABLE: Final = "\ufffd"

# These patterns mean the same in Python and in JSON Schema (ECMA 262), as the API description includes them.
_REFUSED: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffd"
_TEXT_PATTERN: Final = rf"^[^{_REFUSED}]*[^\s{_REFUSED}][^{_REFUSED}]*$"
# NFC turns U+037E into ; and U+1FEF into `.
_ATOM: Final = rf"[^\s.@<>()\[\]\\,;:\"\u037e{_REFUSED}]+"
_LETTER: Final = rf"\s\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\x7e\u037e\u1fef{_REFUSED}"
_LABEL: Final = rf"[^{_LETTER}-](?:[^{_LETTER}]{{0,61}}[^{_LETTER}-])?"
_EMAIL_PATTERN: Final = rf"^(?![^@]{{65}}){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}$"
_DAY_PATTERN: Final = "^(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
_EMAIL: Final = re.compile(_EMAIL_PATTERN)


def _text(longest: int) -> AfterValidator:
    """Trims, collapses spaces and composes (NFC), so that strings that look the same are stored the same."""

    def check(text: str) -> str:
        cleaned = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
        if not cleaned:
            raise ValueError("must not be empty")
        if len(cleaned) > longest:
            raise ValueError(f"must have at most {longest} characters")
        # Fast path: nearly every text is printable, and no printable character is refused.
        if not cleaned.isprintable() and any(map(_is_refused, cleaned)):
            raise ValueError("must not contain control or invisible characters")
        if _UNREADABLE in cleaned:
            raise ValueError("must be sent in UTF-8: some of its characters could not be decoded")
        return cleaned

    return AfterValidator(check)


def _is_refused(character: str) -> bool:
    return unicodedata.category(character) in _REFUSED_CATEGORIES or character in _DIRECTION_MARKS


def _text_schema(longest: int, pattern: str = _TEXT_PATTERN) -> dict[str, JsonValue]:
    """The JSON Schema of a text. Pydantic cannot derive it from the validators."""
    return {"minLength": 1, "maxLength": longest, "pattern": pattern}


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address such as ada@example.com")
    return text


def _iso_date(value: object) -> object:
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        raise ValueError("must be a date in the form YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a date that exists, in the form YYYY-MM-DD") from None


def _past(birth: date, info: ValidationInfo) -> date:
    today: date = info.context["today"] if info.context else date.max
    if not _OLDEST_BIRTH <= birth < today:
        raise ValueError(f"must be a date in the past, not before {_OLDEST_BIRTH}")
    return birth


FullName = Annotated[
    str,
    _text(200),
    Field(
        description="The name as the person writes it.", examples=["Ada Lovelace"], json_schema_extra=_text_schema(200)
    ),
]
City = Annotated[str, _text(100), Field(examples=["London"], json_schema_extra=_text_schema(100))]
Country = Annotated[str, _text(100), Field(examples=["United Kingdom"], json_schema_extra=_text_schema(100))]
Email = Annotated[
    str,
    _text(254),
    AfterValidator(_email),
    Field(
        description="Unique among all customers, ignoring case. At most 64 characters before the @.",
        examples=["ada@example.com"],
        json_schema_extra=_text_schema(254, _EMAIL_PATTERN),
    ),
]
Birth = Annotated[
    date,
    BeforeValidator(_iso_date),
    AfterValidator(_past),
    Field(
        description=f"A date in the past (UTC), not before {_OLDEST_BIRTH}.",
        examples=["1990-05-17"],
        json_schema_extra={"pattern": _DAY_PATTERN},
    ),
]


class PersonalDetails(BaseModel):
    """All personal data of a customer. A command with personal data always carries all of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    full_name: FullName
    email: Email
    birth: Birth
    city: City
    country: Country
