"""The fields of a customer as commands accept them: trimmed, normalised and limited.

Limits: an e-mail address has at most 254 characters, its local part 64 (RFC 5321, 4.5.3.1). The limits of the other
fields keep every event far below DynamoDB's 400 KB.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from commands import patterns
from commands.characters import BLANK, REFUSED, WHITE_SPACE, is_all_in, is_any_in
from events.mailbox import NotADomain, ascii_domain

_OLDEST_BIRTH: Final = date(1900, 1, 1)
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_PATTERN: Final = "^(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
# API Gateway replaces bytes that are not UTF-8 with this character before any function sees them.
_UNREADABLE: Final = "\ufffd"


def _text(longest: int) -> AfterValidator:
    """Trims, reduces white space and composes (NFC), so that texts that look the same are stored the same."""

    def check(text: str) -> str:
        cleaned = patterns.SPACES.sub(" ", patterns.ENDS.sub("", unicodedata.normalize("NFC", text)))
        if not cleaned:
            raise ValueError("must not be empty")
        if len(cleaned) > longest:
            raise ValueError(f"must have at most {longest} characters")
        # Fast path: nearly every text is printable ASCII, which is visible and never refused.
        if not (cleaned.isascii() and cleaned.isprintable()):
            _require_visible(cleaned)
        return cleaned

    return AfterValidator(check)


def _require_visible(text: str) -> None:
    if _UNREADABLE in text:
        raise ValueError("must be sent in UTF-8: some of its characters could not be decoded")
    if is_any_in(text, REFUSED):
        raise ValueError(
            "must not contain control characters, direction marks or other invisible or unassigned characters"
        )
    if is_all_in(text, WHITE_SPACE, BLANK):
        raise ValueError("must contain a visible character")
    if patterns.STRAY_JOINER.search(text):
        raise ValueError("must not contain a zero-width joiner or non-joiner outside a word")


def _schema(longest: int, pattern: Callable[[], str]) -> Callable[[dict[str, Any]], None]:
    """Completes the JSON Schema of a text, as pydantic cannot derive it from the validators. No function needs it."""
    return lambda schema: schema.update(minLength=1, maxLength=longest, pattern=pattern())


def _email(text: str) -> str:
    if not text.isascii() and is_any_in(text, BLANK):
        raise ValueError("must not contain invisible characters")
    if not patterns.EMAIL_FORM.fullmatch(text):
        raise ValueError("must be an e-mail address such as ada@example.com")
    try:
        ascii_domain(text.rpartition("@")[2])
    except NotADomain:
        raise ValueError("must have a domain name that is valid in DNS, such as example.com") from None
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
        description="The name as the person writes it.",
        examples=["Ada Lovelace"],
        json_schema_extra=_schema(200, patterns.text),
    ),
]
City = Annotated[str, _text(100), Field(examples=["London"], json_schema_extra=_schema(100, patterns.text))]
Country = Annotated[str, _text(100), Field(examples=["United Kingdom"], json_schema_extra=_schema(100, patterns.text))]
Email = Annotated[
    str,
    _text(254),
    AfterValidator(_email),
    Field(
        description="Unique among all customers. Case and the two spellings of an international domain do not matter. "
        "At most 64 characters before the @.",
        examples=["ada@example.com"],
        json_schema_extra=_schema(254, patterns.email),
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

    def content(self) -> str:
        """The command's canonical text, from which its hash is made: what the caller sent, after normalisation.

        A field that was not sent is left out, whatever its default, and so is one that was sent as null. So an optional
        field that a release adds changes no hash, and a repeat is recognised on both sides of a deployment.
        """
        return self.model_dump_json(exclude_unset=True, exclude_none=True)
