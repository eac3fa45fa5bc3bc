"""The list's cursor cannot be forged."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.cursor import Cursor, InvalidCursor, decode_cursor, encode_cursor
from tests.fakes.signing_keys import KEYS, keyring_with

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CURSOR = Cursor(3, "2026-05-17T09:30:00.000000Z#0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77")


def test_a_cursor_is_decoded_to_what_was_encoded() -> None:
    assert decode_cursor(encode_cursor(CURSOR, KEYS), KEYS) == CURSOR


def test_a_cursor_is_url_safe() -> None:
    assert set(encode_cursor(CURSOR, KEYS)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_another_stages_cursor_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor(CURSOR, keyring_with("another key")), KEYS)


@given(st.integers(0))
def test_any_change_is_refused(place: int) -> None:
    token = bytearray(base64.urlsafe_b64decode(encode_cursor(CURSOR, KEYS) + "=="))
    token[place % len(token)] ^= 1 << (place % 8)

    with pytest.raises(InvalidCursor):
        decode_cursor(base64.urlsafe_b64encode(token).decode().rstrip("="), KEYS)


@given(st.text() | st.text("ABCabc019-_"))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(text, KEYS)


@pytest.mark.parametrize("length", [29, 30, 31])
def test_only_the_canonical_spelling_is_accepted(length: int) -> None:
    """Base64 ignores padding bits, and knows two alphabets and optional padding."""
    token = encode_cursor(Cursor(3, "x" * length), KEYS)
    last = _ALPHABET.index(token[-1])
    spellings = {token[:-1] + _ALPHABET[last ^ bit] for bit in (1, 2, 3)} | {token + "=" * n for n in (1, 2, 3)}
    spellings |= {token.swapcase(), token.upper(), token + "\n", " " + token, token[:5] + "\n" + token[5:]}

    for spelling in spellings - {token}:
        with pytest.raises(InvalidCursor):
            decode_cursor(spelling, KEYS)
    assert decode_cursor(token, KEYS).after == "x" * length


def test_the_other_alphabet_is_refused() -> None:
    tokens = [encode_cursor(Cursor(number, "~~~???"), KEYS) for number in range(200)]

    spelt = [token.replace("-", "+").replace("_", "/") for token in tokens]
    assert spelt != tokens
    for other in set(spelt) - set(tokens):
        with pytest.raises(InvalidCursor):
            decode_cursor(other, KEYS)
