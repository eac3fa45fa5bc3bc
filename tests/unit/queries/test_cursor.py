"""The list's cursor cannot be forged."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.cursor import Cursor, InvalidCursor, decode_cursor, encode_cursor
from tests.fakes.signing_keys import KEYS, keyring_with

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
