"""The fields' JSON Schemas agree with their validators, character by character."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from commands import fields

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


@pytest.mark.parametrize("form", ["?@example.com", "a?a@example.com", "a@exam?le.com", "a@?.com", "a@example.?"])
def test_an_email_accepts_the_characters_that_its_schema_allows(form: str) -> None:
    assert list(disagreements(EMAIL, form)) == []


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
