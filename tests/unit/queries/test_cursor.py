"""The list's cursor cannot be forged."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.cursor import Cursor, InvalidCursor, decode_cursor, encode_cursor

KEY = b"key-of-this-stage"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CURSOR = Cursor(3, "2026-05-17T09:30:00.000000Z#0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77")


def test_a_cursor_is_decoded_to_what_was_encoded() -> None:
    assert decode_cursor(encode_cursor(CURSOR, KEY), KEY) == CURSOR


def test_a_cursor_is_url_safe() -> None:
    assert set(encode_cursor(CURSOR, KEY)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_another_stages_cursor_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor(CURSOR, b"another key"), KEY)


@given(st.integers(0))
def test_any_change_is_refused(place: int) -> None:
    token = bytearray(base64.urlsafe_b64decode(encode_cursor(CURSOR, KEY) + "=="))
    token[place % len(token)] ^= 1 << (place % 8)

    with pytest.raises(InvalidCursor):
        decode_cursor(base64.urlsafe_b64encode(token).decode().rstrip("="), KEY)


@given(st.text() | st.text("ABCabc019-_"))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(text, KEY)


@pytest.mark.parametrize("length", [29, 30, 31])
def test_only_the_canonical_spelling_is_accepted(length: int) -> None:
    """Base64 ignores padding bits, and knows two alphabets and optional padding."""
    token = encode_cursor(Cursor(3, "x" * length), KEY)
    last = _ALPHABET.index(token[-1])
    spellings = {token[:-1] + _ALPHABET[last ^ bit] for bit in (1, 2, 3)} | {token + "=" * n for n in (1, 2, 3)}
    spellings |= {token.swapcase(), token.upper(), token + "\n", " " + token, token[:5] + "\n" + token[5:]}

    for spelling in spellings - {token}:
        with pytest.raises(InvalidCursor):
            decode_cursor(spelling, KEY)
    assert decode_cursor(token, KEY).after == "x" * length


def test_the_other_alphabet_is_refused() -> None:
    tokens = [encode_cursor(Cursor(number, "~~~???"), KEY) for number in range(200)]

    spelt = [token.replace("-", "+").replace("_", "/") for token in tokens]
    assert spelt != tokens
    for other in set(spelt) - set(tokens):
        with pytest.raises(InvalidCursor):
            decode_cursor(other, KEY)
