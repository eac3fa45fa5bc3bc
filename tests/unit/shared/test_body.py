"""What is JSON and what is not: nothing on which two parsers could disagree is accepted."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from shared.http.body import parse_body, parse_request
from shared.http.problems import InvalidFields, MalformedBody, Problem, UnsupportedMedia
from shared.http.request import parse


class Named(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


GOOD = b'{"name": "Ada"}'


def read(body: bytes) -> Named:
    return parse_body(Named, body, {})


def sent(headers: dict[str, str], **more: Any) -> Named:
    return parse_request(Named, parse({"headers": headers, "body": GOOD.decode(), **more}), {})


@pytest.mark.parametrize("body", [
    b'{"name": "Ada", "name": "Ada"}',
    b'{"name": "Ada", "n\\u0061me": "Grace"}',
    b'{"name": {"a": 1, "a": 2}}',
    b'{"name": [{"a": 1, "a": 2}]}',
])  # fmt: skip
def test_a_repeated_member_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody, match="repeated"):
        read(body)


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_number_that_json_does_not_have_is_malformed(value: bytes) -> None:
    with pytest.raises(MalformedBody, match="is not JSON"):
        read(b'{"name": ' + value + b"}")


def test_a_byte_order_mark_is_named() -> None:
    with pytest.raises(MalformedBody, match="byte-order mark"):
        read(b"\xef\xbb\xbf" + GOOD)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nan", b"{'name': 1}", b"[" * 16_000, b"\xff", b'{"name": "\xed\xa0\x80"}']
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody, match="one JSON object"):
        read(body)


@pytest.mark.parametrize("number", [b"1" * 4_000, b"1e999", b"-0", b"1E+2"])
def test_any_number_that_json_has_is_a_matter_of_the_field(number: bytes) -> None:
    with pytest.raises(InvalidFields, match="name"):
        read(b'{"name": ' + number + b"}")


@pytest.mark.parametrize("content_type", [
    "application/json", "Application/JSON", " application/json ", "application/json; charset=utf-8",
    'application/json;charset="UTF-8"', "application/json;",
])  # fmt: skip
def test_json_is_accepted(content_type: str) -> None:
    assert sent({"Content-Type": content_type}).name == "Ada"


def test_a_body_without_a_content_type_is_taken_for_json() -> None:
    assert sent({}).name == "Ada"


@pytest.mark.parametrize("content_type", [
    "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "json",
    "application/jsonp", "application/merge-patch+json", "application/json; charset=iso-8859-1",
    "application/json, text/html",
])  # fmt: skip
def test_any_other_type_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMedia, match="application/json") as raised:
        sent({"Content-Type": content_type})
    assert raised.value.headers["Accept"] == "application/json"


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip"])
def test_a_compressed_body_is_refused(coding: str) -> None:
    with pytest.raises(UnsupportedMedia, match="Content-Encoding") as raised:
        sent({"Content-Encoding": coding})
    assert raised.value.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "Identity"])
def test_identity_is_no_compression(coding: str) -> None:
    assert sent({"Content-Encoding": coding}).name == "Ada"


@pytest.mark.parametrize("body", [GOOD.decode(), "eyJuYW1lIjogIkFkYSJ9", "%%%"])
def test_what_the_gateway_takes_for_binary_is_refused(body: str) -> None:
    with pytest.raises(UnsupportedMedia):
        sent({}, body=body, isBase64Encoded=True)


def test_base64_that_is_not_declared_is_not_json() -> None:
    with pytest.raises(MalformedBody):
        sent({}, body="eyJuYW1lIjogIkFkYSJ9")


@pytest.mark.parametrize("count", [1, 20, 21, 700])
def test_a_refusal_names_at_most_twenty_fields(count: int) -> None:
    body = json.dumps({"name": "Ada", **{f"f{number:03}": 1 for number in range(count)}}).encode()

    with pytest.raises(InvalidFields) as raised:
        read(body)

    document = json.loads(raised.value.body("r-1"))
    assert len(document["errors"]) == min(count, 20)
    assert (f"and {count - 20} more." in document["detail"]) == (count > 20)


def test_a_long_unknown_name_is_cut() -> None:
    with pytest.raises(Problem) as raised:
        read(json.dumps({"name": "Ada", "x" * 15_000: 1}).encode())

    assert len(raised.value.body("r-1")) < 600
