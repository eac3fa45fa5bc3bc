"""The fields of a customer as commands accept them: trimmed, normalised, bounded.

Limits: an e-mail address has at most 254 characters, its local part 64 (RFC 5321, 4.5.3.1); names are bounded so that
an event always fits DynamoDB's 400 KB many times over.
"""

import re
import unicodedata
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

_OLDEST_BIRTH: Final = date(1900, 1, 1)
_SPACES: Final = re.compile(r"[ \u00a0\u3000]+")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LABEL: Final = r"[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]{0,61}[a-z0-9\u00a1-\uffff])?"
_EMAIL: Final = re.compile(rf"(?P<local>[^\s@<>()\[\]\\,;:\"]{{1,64}})@(?:{_LABEL}\.)+{_LABEL}", re.IGNORECASE)
# Control characters, line breaks and lone surrogates are never part of a name; invisible direction marks would let two
# different texts look alike.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _text(longest: int) -> AfterValidator:
    """Trimmed, inner spaces single, composed (NFC): one form for what people see as one text."""

    def check(text: str) -> str:
        cleaned = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
        if not cleaned:
            raise ValueError("must not be empty")
        if len(cleaned) > longest:
            raise ValueError(f"must have at most {longest} characters")
        if any(unicodedata.category(c) in _REFUSED_CATEGORIES or c in _DIRECTION_MARKS for c in cleaned):
            raise ValueError("must not contain control or invisible characters")
        return cleaned

    return AfterValidator(check)


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text) or ".." in text or text.startswith(".") or ".@" in text:
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


FullName = Annotated[str, _text(200), Field(description="As the person writes it.", examples=["Ada Lovelace"])]
City = Annotated[str, _text(100), Field(examples=["London"])]
Country = Annotated[str, _text(100), Field(examples=["United Kingdom"])]
Email = Annotated[str, _text(254), AfterValidator(_email), Field(examples=["ada@example.com"])]
Birth = Annotated[date, BeforeValidator(_iso_date), AfterValidator(_past), Field(examples=["1990-05-17"])]


class PersonalDetails(BaseModel):
    """All that a customer tells of themselves; commands that carry it carry all of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    full_name: FullName
    email: Email
    birth: Birth
    city: City
    country: Country
