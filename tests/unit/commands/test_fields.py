"""The fields' JSON Schemas agree with their validators, character by character."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

import idna
import pytest
from idna.intranges import intranges_contain
from pydantic import TypeAdapter, ValidationError

from commands import fields
from commands.characters import BLANK, JOIN_CONTROL, REFUSED, is_any_in
from tests.corpus import EMAILS, ONLY_CODE_REFUSES, TEXTS

NAME: TypeAdapter[str] = TypeAdapter(fields.FullName)
EMAIL: TypeAdapter[str] = TypeAdapter(fields.Email)
TODAY = date(2026, 5, 17)
BIRTH: TypeAdapter[Any] = TypeAdapter(fields.Birth)
# All controls, spaces and marks of Unicode, the edges of the surrogates and of the basic plane, and some beyond it.
CODE_POINTS = [
    *range(0x3100),
    *range(0xD7F0, 0xD800),
    *range(0xE000, 0xE010),
    *range(0xF8F0, 0x10010),
    0x1E900,
    0x1F600,
]


def accepts(adapter: TypeAdapter[Any], value: object) -> bool:
    try:
        adapter.validate_python(value, context={"today": TODAY})
    except ValidationError:
        return False
    return True


def described(adapter: TypeAdapter[Any], text: str) -> bool:
    schema = adapter.json_schema()
    long_enough = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 10)
    return long_enough and bool(re.search(schema["pattern"], text))


def disagreements(adapter: TypeAdapter[Any], form: str) -> Iterator[str]:
    pattern = re.compile(adapter.json_schema()["pattern"])
    for code_point in CODE_POINTS:
        text = form.replace("?", chr(code_point))
        if accepts(adapter, text) != bool(pattern.search(text)):
            yield f"U+{code_point:04X}"


@pytest.mark.parametrize("form", ["?", "a?a"])
def test_a_text_accepts_the_characters_that_its_schema_allows(form: str) -> None:
    assert list(disagreements(NAME, form)) == []


@pytest.mark.parametrize("form", ["?@example.com", "a?a@example.com"])
def test_a_local_part_accepts_the_characters_that_its_schema_allows(form: str) -> None:
    assert list(disagreements(EMAIL, form)) == []


@pytest.mark.parametrize("form", ["a@exam?le.com", "a@?.com", "a@example.?"])
def test_a_domain_accepts_the_characters_that_its_schema_allows_unless_idna_asks_for_more(form: str) -> None:
    """A label's direction, its first character and some neighbours are rules of IDNA that no pattern can express."""
    assert [name for name in disagreements(EMAIL, form) if not needs_its_context(name, form)] == []


def needs_its_context(name: str, form: str) -> bool:
    character = chr(int(name.removeprefix("U+"), 16))
    mapped = idna.uts46_remap(character)
    first = form.rpartition("?")[0].endswith(("@", "."))
    return (
        any(unicodedata.bidirectional(part) in ("R", "AL", "AN", "NSM", "") for part in mapped)
        or any(intranges_contain(ord(part), idna.idnadata.codepoint_classes["CONTEXTO"]) for part in mapped)
        or (first and unicodedata.category(mapped[0]).startswith("M"))
        or mapped.isdecimal()
        or mapped == "-"
    )


def test_every_printable_ascii_text_is_accepted_without_a_look_at_the_sets() -> None:
    printable = [chr(code_point) for code_point in range(0x7F) if chr(code_point).isprintable()]

    assert not any(is_any_in(character, REFUSED, BLANK, JOIN_CONTROL) for character in printable)


def test_the_corpus_is_accepted_or_refused_as_it_says() -> None:
    texts = [what for text, good, what in TEXTS if accepts(NAME, text) != good]
    emails = [what for email, good, what in EMAILS if accepts(EMAIL, email) != good]
    idna_says = [what for email, what in ONLY_CODE_REFUSES if accepts(EMAIL, email)]

    assert (texts, emails, idna_says) == ([], [], [])


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Ada\u2003Lovelace", "Ada Lovelace"),
        ("Ada\u00a0\u3000 Lovelace", "Ada Lovelace"),
        ("\u2003Ada\u1680", "Ada"),
        ("\tAda\r\n", "Ada"),
        ("Jose\u0301", "Jos\u00e9"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
    ],
)
def test_a_text_is_stored_trimmed_with_single_spaces_and_composed(text: str, stored: str) -> None:
    assert NAME.validate_python(text) == stored


def test_an_email_is_stored_as_the_person_writes_it() -> None:
    assert EMAIL.validate_python(" Ada@B\u00dccher.example ") == "Ada@B\u00dccher.example"


@pytest.mark.parametrize(
    ("adapter", "value", "sentence"),
    [
        (NAME, "a\u200bb", "must not contain control characters, direction marks or other invisible"),
        (NAME, "\u3164", "must contain a visible character"),
        (NAME, "a\u200d", "must not contain a zero-width joiner or non-joiner outside a word"),
        (EMAIL, "a\u200db@example.com", "must not contain invisible characters"),
        (EMAIL, "ada@1.2.3.4", "must be an e-mail address such as"),
        (EMAIL, "ada@i\u2764.example", "must have a domain name that is valid in DNS"),
    ],
)
def test_a_refusal_says_what_to_fix(adapter: TypeAdapter[str], value: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        adapter.validate_python(value)


@pytest.mark.parametrize(
    ("email", "good"),
    [
        ("a@b.c", True),
        (f"{'a' * 64}@example.com", True),
        (f"{'a' * 65}@example.com", False),
        (f"{'.'.join('a' * 32)}@example.com", True),
        (f"a@{'b' * 63}.com", True),
        (f"a@{'b' * 64}.com", False),
        (f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 60}", True),
        (f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 61}", False),
        ("a@example", False),
        ("a@-b.com", False),
        ("a@b-.com", False),
        ("a@b-b.com", True),
        (".a@b.com", False),
        ("a.@b.com", False),
        ("a..b@b.com", False),
        ("a@b..com", False),
        ("a@b.com.", False),
        ("ada@em\u2003space.com", False),
        ("ada@example.\U0001e900\U0001e901", True),
        ("jos\u00e9@ex\u00e1mple.com", True),
    ],
)
def test_an_email_is_accepted_as_its_schema_says(email: str, good: bool) -> None:
    assert (accepts(EMAIL, email), described(EMAIL, email)) == (good, good)


@pytest.mark.parametrize("longest", [1, 200, 201])
def test_a_text_has_the_maximum_length_of_its_schema(longest: int) -> None:
    text = "\u00e9" * longest

    assert accepts(NAME, text) == described(NAME, text) == (longest <= 200)


@pytest.mark.parametrize(
    ("birth", "good"),
    [("1900-01-01", True), ("2019-12-31", True), ("1899-12-31", False), ("2100-01-01", False), ("1990-13-01", False),
     ("1990-00-10", False), ("1990-01-32", False), ("1990-1-01", False), ("1990-01-01T00:00:00Z", False)],
)  # fmt: skip
def test_a_birth_is_accepted_as_its_schema_says(birth: str, good: bool) -> None:
    assert described(BIRTH, birth) == good
    assert accepts(BIRTH, birth) == good


@pytest.mark.parametrize("adapter", [NAME, EMAIL], ids=["full_name", "email"])
def test_a_text_that_was_not_sent_in_utf_8_is_refused(adapter: TypeAdapter[str]) -> None:
    """API Gateway replaces each byte that it cannot decode with U+FFFD."""
    with pytest.raises(ValidationError, match="must be sent in UTF-8"):
        adapter.validate_python("Jos\ufffd@example.com")
