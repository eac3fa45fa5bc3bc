"""Values that POST and PUT must refuse, by field."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import pytest

from tests.e2e.customers import a_person

MARK: Final = "Zebra7391"
MISSING: Final = object()


def soon(days: float) -> str:
    """The date that many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def _bad_texts(longest: int) -> Iterator[tuple[str, object]]:
    yield "missing", MISSING
    yield "empty", ""
    yield "blank", " \u3000\u00a0"
    yield "too-long", (MARK * longest)[: longest + 1]
    yield "number", 7391
    yield "null", None
    yield "flag", True
    yield "list", [MARK]
    yield "object", {"is": MARK}
    yield "line-break", f"{MARK}\n{MARK}"
    yield "null-character", f"{MARK}\u0000"
    yield "escape-character", f"{MARK}\u001b[31m{MARK}"
    yield "c1-control-character", f"{MARK}\u0085{MARK}"
    yield "line-separator", f"{MARK}\u2028{MARK}"
    yield "direction-override", f"{MARK}\u202e{MARK}"
    yield "left-to-right-mark", f"{MARK}\u200e{MARK}"
    yield "zero-width-space", f"{MARK}\u200b{MARK}"
    yield "nothing-visible", "\u3164\u2800"
    yield "joiner-at-the-end", f"{MARK}\u200d"
    yield "tag-character", f"{MARK}\U000e0041"
    yield "private-use", f"{MARK}\ue000"
    yield "noncharacter", f"{MARK}\ufffe"


_LONG_IN_PUNYCODE: Final = "\u00fc" * 60
_BAD_ADDRESSES: Final = {
    "no-at": f"{MARK}.example.com",
    "no-local-part": f"@{MARK}.com",
    "no-domain": f"{MARK}@",
    "no-dot-in-domain": f"{MARK}@localhost",
    "two-ats": f"{MARK}@a@example.com",
    "blank-inside": f"{MARK} a@example.com",
    "dot-first": f".{MARK}@example.com",
    "dot-last": f"{MARK}.@example.com",
    "dots-together": f"{MARK}..a@example.com",
    "domain-dots-together": f"{MARK}@example..com",
    "domain-dot-last": f"{MARK}@example.com.",
    "domain-hyphen-first": f"{MARK}@-example.com",
    "local-part-of-65": f"{MARK.ljust(65, 'x')}@example.com",
    "length-of-255": f"{MARK}@{'d' * 63}.{'e' * 63}.{'f' * 63}.{'g' * 49}.com",
    "ip-address": f"{MARK}@1.2.3.4",
    "address-literal": f"{MARK}@[1.2.3.4]",
    "numeric-top-level": f"{MARK}@example.123",
    "joiner": f"{MARK[0]}\u200d{MARK[1:]}@example.com",
    "variation-selector": f"{MARK}\ufe0f@example.com",
    "not-in-dns": f"{MARK}@i\u2764.example",
    "long-in-punycode": f"{MARK}@{_LONG_IN_PUNYCODE}.example",
    "display-name": f"Ada <{MARK}@example.com>",
    "two-addresses": f"{MARK}@example.com,b@example.com",
}
_BAD_BIRTHS: Final = {
    "missing": MISSING,
    "empty": "",
    "today": soon(1 / 288),  # midnight may pass before the request arrives
    "tomorrow": soon(1),
    "far-future": "9999-12-31",
    "before-1900": "1899-12-31",
    "year-1800": "1800-01-01",
    "no-such-day": "2023-02-30",
    "no-such-leap-day": "1900-02-29",
    "day-first": "17-05-1990",
    "short": "1990-5-17",
    "with-time": "1990-05-17T00:00:00Z",
    "basic-form": "19900517",
    "other-digits": "\u0661\u0669\u0669\u0660-05-17",
    "words": f"{MARK}",
    "number": 19900517,
    "timestamp": 642902400.5,
    "null": None,
    "list": [MARK],
}
BAD: Final = [
    *(pytest.param("full_name", value, id=f"full_name-{name}") for name, value in _bad_texts(200)),
    *(pytest.param("city", value, id=f"city-{name}") for name, value in _bad_texts(100)),
    *(pytest.param("country", value, id=f"country-{name}") for name, value in _bad_texts(100)),
    *(pytest.param("email", value, id=f"email-{name}") for name, value in _bad_texts(254)),
    *(pytest.param("email", value, id=f"email-{name}") for name, value in _BAD_ADDRESSES.items()),
    *(pytest.param("birth", value, id=f"birth-{name}") for name, value in _BAD_BIRTHS.items()),
]


def with_value(field: str, value: object) -> dict[str, object]:
    """A request body with one bad field.

    Args:
        field: The field's name.
        value: One of the values in `BAD`.
    """
    body = a_person(**{field: value})
    return {name: value for name, value in body.items() if value is not MISSING}


def assert_silent(answer: httpx.Response) -> None:
    """The response contains nothing of what was sent."""
    assert MARK.lower() not in answer.text.lower()
    assert MARK.lower() not in str(answer.headers).lower()
