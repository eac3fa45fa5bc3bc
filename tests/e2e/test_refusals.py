"""POST /customers with what it must not accept: nothing is created, each bad field is named, no value comes back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from tests.e2e.customers import a_person, assert_nobody_has, new_email
from tests.e2e.problems import assert_problem, refused_fields

MARK: Final = "Zebra7391"
MISSING: Final = object()


def _soon(days: float) -> str:
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
    "display-name": f"Ada <{MARK}@example.com>",
    "two-addresses": f"{MARK}@example.com,b@example.com",
}
_BAD_BIRTHS: Final = {
    "missing": MISSING,
    "empty": "",
    "today": _soon(1 / 288),  # by the time that it arrives, midnight may have passed
    "tomorrow": _soon(1),
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


def _with(field: str, value: object) -> dict[str, object]:
    body = a_person(**{field: value})
    return {name: value for name, value in body.items() if value is not MISSING}


def assert_silent(answer: httpx.Response) -> None:
    """Nothing of what was sent comes back."""
    assert MARK.lower() not in answer.text.lower()
    assert MARK.lower() not in str(answer.headers).lower()


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_field_is_named_and_its_value_is_not_repeated(api: httpx.Client, field: str, value: object) -> None:
    answer = api.post("/customers", json=_with(field, value))
    assert refused_fields(answer) == [field]
    assert_silent(answer)


def test_several_bad_fields_are_all_named_at_once(api: httpx.Client) -> None:
    body = a_person(full_name="", email=MARK, birth=_soon(400), country=7391, nickname=MARK)
    del body["city"]
    answer = api.post("/customers", json=body)
    assert sorted(refused_fields(answer)) == ["birth", "city", "country", "email", "full_name", "nickname"]
    assert_silent(answer)


@pytest.mark.parametrize(
    "field", ["id", "version", "created_at", "updated_at", "nickname", "Full_Name", "__class__", ""]
)
def test_an_unknown_field_is_named(api: httpx.Client, field: str) -> None:
    answer = api.post("/customers", json=a_person(**{field: MARK}))
    assert refused_fields(answer) == [field or "body"]
    assert_silent(answer)


@pytest.mark.parametrize(
    "document",
    [[], [a_person()], MARK, 7391, None, True],
    ids=["empty-list", "list-of-one", "text", "number", "null", "flag"],
)
def test_json_that_is_not_an_object_is_refused(api: httpx.Client, document: Any) -> None:
    answer = api.post("/customers", content=json.dumps(document), headers={"Content-Type": "application/json"})
    assert refused_fields(answer) == ["body"]
    assert_silent(answer)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="nothing"),
        pytest.param(MARK, id="word"),
        pytest.param(f'{{"full_name": "{MARK}"', id="cut-off"),
        pytest.param(f"{{'full_name': '{MARK}'}}", id="single-quotes"),
        pytest.param(f'{{"full_name": "{MARK}",}}', id="trailing-comma"),
        pytest.param(f'{{"full_name": "{MARK}"}}{{}}', id="two-documents"),
        pytest.param(f'{{"full_name": "{MARK}\n"}}', id="raw-line-break"),
        pytest.param(f'{{"full_name": "{MARK}\\ud800"}}', id="lone-surrogate"),
        pytest.param(f"full_name={MARK}&city=London", id="form"),
        pytest.param("[" * 8000, id="deeply-nested"),
    ],
)
def test_what_is_not_json_is_refused(api: httpx.Client, content: str) -> None:
    answer = api.post("/customers", content=content.encode(), headers={"Content-Type": "application/json"})
    problem = assert_problem(answer, 400, "malformed-body")
    assert "errors" not in problem
    assert_silent(answer)


@pytest.mark.parametrize("kilobytes", [17, 200])
@pytest.mark.parametrize("field", ["full_name", "nickname"])
def test_an_oversized_body_is_refused(api: httpx.Client, kilobytes: int, field: str) -> None:
    text = (MARK * kilobytes * 1024)[: kilobytes * 1024]
    answer = api.post("/customers", json=a_person(**{field: text}))
    assert_problem(answer, 413, "body-too-large")
    assert_silent(answer)


def test_a_long_body_below_the_limit_is_judged_by_its_fields(api: httpx.Client) -> None:
    answer = api.post("/customers", json=a_person(city=MARK * 1600))
    assert refused_fields(answer) == ["city"]
    assert_silent(answer)


def test_no_refused_request_made_a_customer(api: httpx.Client) -> None:
    emails = []
    for case in BAD:
        field, value = case.values
        body = _with(str(field), value)
        if field != "email":
            emails.append(str(body["email"]))
        assert api.post("/customers", json=body).status_code == 422
    unknown, oversized = new_email(), new_email()
    assert api.post("/customers", json=a_person(email=unknown, nickname="Ada")).status_code == 422
    assert api.post("/customers", json=a_person(email=oversized, city="c" * 17 * 1024)).status_code == 413
    assert_nobody_has(api, unknown, oversized, *emails)
