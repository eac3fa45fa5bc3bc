"""Bodies that POST /customers must refuse: nothing is created, each bad field is named, no value is repeated."""

import json
from typing import Any

import httpx
import pytest

from tests.e2e.bad_values import BAD, MARK, assert_silent, soon, with_value
from tests.e2e.customers import a_person, assert_nobody_has, new_email
from tests.e2e.problems import assert_problem, refused_fields
from tests.e2e.target import Target
from tests.samples import PERSONAL_FIELDS


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_field_is_named_and_its_value_is_not_repeated(api: httpx.Client, field: str, value: object) -> None:
    answer = api.post("/customers", json=with_value(field, value))
    assert refused_fields(answer) == [field]
    assert_silent(answer)


def test_several_bad_fields_are_all_named_at_once(api: httpx.Client) -> None:
    body = a_person(full_name="", email=MARK, birth=soon(400), country=7391, nickname=MARK)
    del body["city"]
    answer = api.post("/customers", json=body)
    assert sorted(refused_fields(answer)) == sorted([*PERSONAL_FIELDS, "nickname"])
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
        pytest.param(f'{{"full_name": "{MARK}", "full_name": "{MARK}"}}', id="repeated-member"),
        pytest.param('{"full_name": NaN}', id="not-a-number"),
        pytest.param('{"full_name": -Infinity}', id="infinity"),
        pytest.param('\ufeff{"full_name": "Ada"}', id="byte-order-mark"),
    ],
)
def test_what_is_not_json_is_refused(api: httpx.Client, content: str) -> None:
    answer = api.post("/customers", content=content.encode(), headers={"Content-Type": "application/json"})
    problem = assert_problem(answer, 400, "malformed-body")
    assert "errors" not in problem
    assert_silent(answer)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
    ids=str,
)
def test_what_is_not_sent_as_plain_json_is_refused(api: httpx.Client, headers: dict[str, str]) -> None:
    answer = api.post("/customers", content=json.dumps(a_person()), headers=headers)
    assert_problem(answer, 415, "unsupported-media-type")
    assert (answer.headers["accept"], answer.headers["accept-encoding"]) == ("application/json", "identity")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("place", ["/customers", "/customers/0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"])
def test_other_methods_are_not_offered(api: httpx.Client, target: Target, method: str, place: str) -> None:
    """Like an unknown route, as docs/reference/http.md says. The local gateway ignores gateway responses."""
    answer = api.request(method, place)
    assert answer.status_code in ((403, 404, 405) if target.is_local else (404,))


def test_a_refusal_names_at_most_twenty_fields(api: httpx.Client) -> None:
    answer = api.post("/customers", json=a_person(**{f"field_{number:03}": 1 for number in range(500)}))
    assert len(refused_fields(answer)) <= 20
    assert len(answer.content) <= 2 * (len(answer.request.content) + len(str(api.headers)))
    assert " more." in answer.json()["detail"]


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


def test_no_refused_request_created_a_customer(api: httpx.Client) -> None:
    emails = []
    for case in BAD:
        field, value = case.values
        body = with_value(str(field), value)
        if field != "email":
            emails.append(str(body["email"]))
        assert api.post("/customers", json=body).status_code == 422
    unknown, oversized = new_email(), new_email()
    assert api.post("/customers", json=a_person(email=unknown, nickname="Ada")).status_code == 422
    assert api.post("/customers", json=a_person(email=oversized, city="c" * 17 * 1024)).status_code == 413
    assert_nobody_has(api, unknown, oversized, *emails)
