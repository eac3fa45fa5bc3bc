"""The table of headers is complete, and its numbers are the code's."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.environments import ROOT
from local.template import load_template
from queries.read_your_writes import parse_read_after
from shared.http import headers
from shared.http.consistency import HEADER
from shared.http.problems import InvalidFields
from tests.fakes.signing_keys import KEYS
from tests.unit.docs.pages import HTTP, names

ROWS = {names(row[0])[0]: row for row in HTTP.table("Headers", "Header")}
# Of every answer, and told of in the text.
ALWAYS = {"content-type", "cache-control"}
# Of the documentation's page, for browsers.
OF_THE_PAGE = {"content-security-policy", "referrer-policy", "x-content-type-options"}
GIVEN = re.compile(r"[A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)+|ETag|Location")


def in_the_code() -> Iterator[str]:
    """Every header that the functions read or give, in lower case."""
    for path in (path for package in ("shared", "commands", "queries") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and GIVEN.fullmatch(node.value):
                yield node.value.lower()
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("headers.get"):
                yield from (str(word.value).lower() for word in node.args[:1] if isinstance(word, ast.Constant))


def by_the_gateway() -> set[str]:
    """Every header of API Gateway's own answers, in lower case."""
    api: dict[str, Any] = load_template()["Resources"]["CustomersApi"]["Properties"]
    return {
        name.lower()
        for response in api["GatewayResponses"].values()
        for name in response["ResponseParameters"]["Headers"]
    }


def number(pattern: str, name: str) -> int:
    [found] = re.findall(pattern, " ".join(ROWS[name]))
    return int(found)


def test_the_table_has_every_header_and_no_other() -> None:
    assert {name.lower() for name in ROWS} == set(in_the_code()) - ALWAYS - OF_THE_PAGE
    assert by_the_gateway() - ALWAYS - {"www-authenticate"} <= {name.lower() for name in ROWS}


def test_an_idempotency_key_has_the_stated_length() -> None:
    longest = number(r"1 to (\d+) visible", "Idempotency-Key")

    assert headers.idempotency_key({"idempotency-key": "k" * longest})
    with pytest.raises(InvalidFields):
        headers.idempotency_key({"idempotency-key": "k" * (longest + 1)})


def test_a_wait_has_the_stated_seconds() -> None:
    assert headers.wait_seconds({}) == int(ROWS["Prefer"][3].split()[0])
    assert headers.wait_seconds({"prefer": "wait=9999"}) == number(r"at most (\d+)", "Prefer")


def test_the_correlation_id_is_chosen_as_stated() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    traceparent = f"00-{trace}-00f067aa0ba902b7-01"

    assert "trace id of `traceparent`, or the request's id" in ROWS["X-Correlation-Id"][3]
    assert headers.correlation_id({"x-correlation-id": "c", "traceparent": traceparent}, "r") == "c"
    assert headers.correlation_id({"traceparent": traceparent}, "r") == trace
    assert headers.correlation_id({}, "r") == "r"


def test_what_cannot_be_read_is_refused_or_passed_over_as_stated() -> None:
    [stated] = re.findall(r"^An (.+) that cannot be read is 422", HTTP.section("Headers"), re.MULTILINE)

    assert names(stated) == ["Idempotency-Key", "If-Match", HEADER]
    with pytest.raises(InvalidFields):
        headers.idempotency_key({"idempotency-key": "two words"})
    with pytest.raises(InvalidFields):
        headers.if_match({"if-match": 'W/"3"'})
    with pytest.raises(InvalidFields):
        parse_read_after({"consistency-token": "nonsense"}, KEYS)
    assert headers.wait_seconds({"prefer": "wait=soon"}) == headers.DEFAULT_WAIT_SECONDS
    assert headers.correlation_id({"x-correlation-id": "two words", "traceparent": "00"}, "r") == "r"


def test_all_etags_of_a_list_count_and_a_star_is_any() -> None:
    assert headers.if_match({"if-match": '"3", "4"'}) == frozenset({3, 4})
    assert headers.if_match({"if-match": "*"}) is None
    assert "or several" in ROWS["If-Match"][2]
