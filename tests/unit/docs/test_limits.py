"""The table of limits is complete, and each limit is where it says."""

import json
from collections.abc import Callable
from http import HTTPStatus

import pytest

from commands.create_customer import CreateCustomer
from commands.http import customer_id_of
from queries.get_all_customers import DEFAULT_LIMIT, LARGEST_LIMIT, parse_query
from queries.read_your_writes import parse_read_after
from queries.search_customers import LONGEST_ADDRESS, SearchCustomers
from shared.http import headers
from shared.http.body import LONGEST_BODY_BYTES, parse_body
from shared.http.consistency import HEADER, ConsistencyToken
from shared.http.endpoint import endpoint
from shared.http.problems import MOST_NAMED, BodyTooLarge, FieldError, InvalidFields, MalformedBody, NotFound, Problem
from shared.http.request import Request, parse
from shared.http.response import Response
from tests.fakes.signing_keys import KEYS
from tests.unit.docs.pages import HTTP
from tests.unit.docs.test_problems import CONTEXT

ROWS = {row[0]: row for row in HTTP.table("Limits", "What")}
ID = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"


def request(**event: object) -> Request:
    return parse({"headers": {}, "requestContext": {}, **event})


def of_the_gateway() -> None:
    """API Gateway's quota: nothing here can show it."""
    assert ROWS["Request line and headers together"][1] == "10,240 bytes (API Gateway)"


def of_the_body() -> None:
    assert ROWS["Body"][1] == f"{LONGEST_BODY_BYTES:,} bytes"
    refused(MalformedBody, lambda: parse_body(CreateCustomer, b" " * LONGEST_BODY_BYTES, {}))
    refused(BodyTooLarge, lambda: parse_body(CreateCustomer, b" " * (LONGEST_BODY_BYTES + 1), {}))


def of_the_path() -> None:
    assert ROWS["`customer_id` in the path"][1] == f"a UUID, {len(ID)} characters"
    assert customer_id_of(request(pathParameters={"customer_id": ID})) == ID
    refused(NotFound, lambda: customer_id_of(request(pathParameters={"customer_id": ID + "0"})))


def of_the_address() -> None:
    assert ROWS["`email` of a search"][1] == f"{LONGEST_ADDRESS:,} characters"
    body = json.dumps({"email": "x" * LONGEST_ADDRESS}).encode()
    assert len(parse_body(SearchCustomers, body, {}).email) == LONGEST_ADDRESS
    refused(InvalidFields, lambda: parse_body(SearchCustomers, body.replace(b"x", b"xx", 1), {}))


def of_the_page() -> None:
    assert ROWS["`limit` in the query"][1] == f"1 to {LARGEST_LIMIT}; {DEFAULT_LIMIT} without it"
    assert parse_query({"limit": str(LARGEST_LIMIT)}, KEYS).limit == LARGEST_LIMIT
    refused(InvalidFields, lambda: parse_query({"limit": "0"}, KEYS))
    refused(InvalidFields, lambda: parse_query({"limit": str(LARGEST_LIMIT + 1)}, KEYS))


def of_the_cursor() -> None:
    refused(InvalidFields, lambda: parse_query({"cursor": "A" * 5000}, KEYS))


def of_the_key() -> None:
    longest = int(ROWS["`Idempotency-Key`"][1].split()[0])
    assert headers.idempotency_key({"idempotency-key": "k" * longest})
    refused(InvalidFields, lambda: headers.idempotency_key({"idempotency-key": "k" * (longest + 1)}))


def of_the_token() -> None:
    token = ConsistencyToken(ID, 1).encode(KEYS)
    refused(InvalidFields, lambda: parse_read_after({HEADER.lower(): token + "A" * 5000}, KEYS))


def of_the_correlation_id() -> None:
    longest = int(ROWS["`X-Correlation-Id`"][1].split()[0])
    assert headers.correlation_id({"x-correlation-id": "c" * longest}, "r") != "r"
    assert headers.correlation_id({"x-correlation-id": "c" * (longest + 1)}, "r") == "r"


def of_the_wait() -> None:
    longest = int(ROWS["`Prefer: wait=N`"][1].split()[0])
    assert [headers.wait_seconds({"prefer": f"wait={n}"}) for n in (longest, longest + 1)] == [longest, longest]


def of_the_names() -> None:
    problem = InvalidFields([FieldError(f"f{number}", "Fix it.") for number in range(MOST_NAMED + 2)])
    assert int(ROWS["Fields or parameters that a refusal names"][1]) == MOST_NAMED
    assert len(json.loads(problem.body("r"))["errors"]) == MOST_NAMED
    assert problem.detail.endswith("and 2 more.")


def of_the_refusal() -> None:
    """Sixty characters in each of twenty names would be longer than the limit."""
    [least] = [int(word.replace(",", "")) for word in ROWS["Length of a refusal"][1].split() if word[0].isdigit()]

    def answer(sent: str) -> str:
        event = {
            "requestContext": {},
            "headers": {"Authorization": sent},
            "queryStringParameters": {chr(0x1F600 + number) * 60: "" for number in range(30)},
        }
        handle = endpoint(scope=None, parameters=())(lambda _: Response(HTTPStatus.OK))
        return str(handle(event, CONTEXT)["body"])

    sent_bytes = 60 * 30 * 4
    for token in ("", "t" * 500, "t" * 5000):
        assert len(answer(token)) <= max(2 * (sent_bytes + len(token) + 13), least)


def refused(kind: type[Problem], act: Callable[[], object]) -> None:
    with pytest.raises(kind):
        act()


CHECKS = {
    "Request line and headers together": of_the_gateway,
    "Body": of_the_body,
    "`customer_id` in the path": of_the_path,
    "`email` of a search": of_the_address,
    "`limit` in the query": of_the_page,
    "`cursor` in the query": of_the_cursor,
    "`Idempotency-Key`": of_the_key,
    "`Consistency-Token`": of_the_token,
    "`X-Correlation-Id`": of_the_correlation_id,
    "`Prefer: wait=N`": of_the_wait,
    "Fields or parameters that a refusal names": of_the_names,
    "Length of a refusal": of_the_refusal,
}


def test_every_limit_is_checked() -> None:
    assert list(ROWS) == list(CHECKS)


@pytest.mark.parametrize("what", CHECKS)
def test_a_limit_is_where_the_table_says(what: str) -> None:
    CHECKS[what]()
