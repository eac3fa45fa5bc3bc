"""Requests, answers and limits in the documentation are those of the code."""

import json
import re
import shlex
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from pydantic import ValidationError

from commands.create_customer import CreateCustomer
from commands.http import write_response
from commands.update_customer import NewDetails
from events.customer import Customer, CustomerErased, Erased
from queries.get_all_customers import parse_query
from shared.http.body import parse_body
from shared.http.problems import InvalidFields, StaleVersion
from tests.fakes.signing_keys import DOCUMENTED_KEYS, NO_KEYS
from tests.unit.docs.pages import FIRST_REQUESTS, HTTP, names

TODAY = date(2026, 5, 17)
CREATE, UPDATE, TOO_LATE, REFUSED = (
    words[words.index("-d") + 1].replace("$EMAIL", "ada@example.com")
    for block in FIRST_REQUESTS.fences("sh")
    if '"full_name"' in block and (words := shlex.split(block))
)
CREATED, UPDATED, STALE, ERASED, PROBLEM = (block.partition("\n\n") for block in FIRST_REQUESTS.fences("http"))
LISTED = json.loads(FIRST_REQUESTS.fences("json")[0])
LENGTHS = {names(row[0])[0]: row[2] for row in HTTP.table("A customer's fields", "Field")}


def accepted(**changes: str) -> bool:
    try:
        CreateCustomer.model_validate(json.loads(CREATE) | changes, context={"today": TODAY})
    except ValidationError:
        return False
    return True


def longest(field: str) -> int:
    found = re.search(r"to (\d+)$", LENGTHS[field])
    assert found, field
    return int(found[1])


def test_the_request_becomes_the_answer() -> None:
    command = parse_body(CreateCustomer, CREATE.encode(), {"today": TODAY})
    customer = Customer.model_validate_json(CREATED[2])

    assert customer.document() == CREATED[2].strip()
    assert customer.model_dump(include=set(CreateCustomer.model_fields)) == command.model_dump()
    assert customer.version == 1
    assert f"Location: ./customers/{customer.id}" in CREATED[0]


def head(answer: tuple[str, str, str]) -> dict[str, str]:
    """The headers of an answer, without its first line."""
    return dict(line.split(": ", 1) for line in answer[0].strip().splitlines()[1:])


def test_the_update_becomes_its_answer() -> None:
    command = parse_body(NewDetails, UPDATE.encode(), {"today": TODAY})
    before, after = (Customer.model_validate_json(answer[2]) for answer in (CREATED, UPDATED))

    assert after.document() == UPDATED[2].strip()
    assert after.model_dump(include=set(NewDetails.model_fields)) == command.model_dump()
    assert (after.id, after.version, after.created_at) == (before.id, before.version + 1, before.created_at)
    assert all('-H "If-Match: $ETAG"' in block for block in FIRST_REQUESTS.fences("sh") if "-X PUT" in block)


@pytest.mark.parametrize(("answer", "version"), [(CREATED, 1), (UPDATED, 2), (ERASED, 3)])
def test_a_write_answers_with_its_version_and_token(answer: tuple[str, str, str], version: int) -> None:
    customer_id = Customer.model_validate_json(CREATED[2]).id

    response = write_response(HTTPStatus.NO_CONTENT, Erased(customer_id, version), CustomerErased)

    assert response.headers.items() <= head(answer).items()
    assert response.read_after
    assert response.read_after.encode(DOCUMENTED_KEYS) == head(answer)["Consistency-Token"]


def test_the_token_that_is_sent_is_the_one_of_the_answer() -> None:
    create, *reads = (block for block in FIRST_REQUESTS.fences("sh") if "TOKEN" in block)

    assert "TOKEN=$(header Consistency-Token)" in create
    assert len(reads) == 2
    assert all('-H "Consistency-Token: $TOKEN"' in read for read in reads)


def test_the_search_finds_the_customer_of_the_list() -> None:
    found = json.loads(FIRST_REQUESTS.fences("json")[1])

    assert found == {"customers": LISTED["customers"], "next_cursor": None}


def test_the_late_change_gets_the_problem_shown() -> None:
    shown: dict[str, Any] = json.loads(STALE[2])
    problem = StaleVersion(2)
    parse_body(NewDetails, TOO_LATE.encode(), {"today": TODAY})

    assert json.loads(problem.body(shown["instance"].removeprefix("urn:request:"))) == shown
    assert STALE[0].startswith(f"HTTP/1.1 {int(problem.status)} ")
    assert problem.headers.items() <= head(STALE).items()


def test_the_page_is_made_of_customers() -> None:
    assert set(LISTED) == {"customers", "next_cursor"}
    for listed in LISTED["customers"]:
        assert json.loads(Customer.model_validate(listed).document()) == listed


def test_the_bad_request_gets_the_problem_shown() -> None:
    with pytest.raises(InvalidFields) as refused:
        parse_body(CreateCustomer, REFUSED.encode(), {"today": TODAY})

    shown: dict[str, Any] = json.loads(PROBLEM[2])
    assert json.loads(refused.value.body(shown["instance"].removeprefix("urn:request:"))) == shown
    assert PROBLEM[0].startswith(f"HTTP/1.1 {int(refused.value.status)} ")


def test_the_table_has_every_field() -> None:
    assert list(LENGTHS) == list(CreateCustomer.model_fields)


@pytest.mark.parametrize("field", ["full_name", "city", "country"])
def test_texts_have_the_stated_lengths(field: str) -> None:
    assert LENGTHS[field].startswith("1 to ")
    assert not accepted(**{field: ""})
    assert accepted(**{field: "a"})
    assert accepted(**{field: "a" * longest(field)})
    assert not accepted(**{field: "a" * (longest(field) + 1)})


def test_an_email_has_the_stated_length() -> None:
    [local] = map(int, re.findall(r"at most (\d+) characters before", HTTP.section("A customer's fields")))
    host = ".".join(["a" * 61] * 4)

    def address(length: int) -> str:
        return f"{'a' * 60}@{host[: length - 61]}"

    assert len(address(longest("email"))) == longest("email")
    assert accepted(email=address(longest("email")))
    assert not accepted(email=address(longest("email") + 1))
    assert accepted(email=f"{'a' * local}@example.com")
    assert not accepted(email=f"{'a' * (local + 1)}@example.com")


def test_a_birth_is_in_the_stated_range() -> None:
    [oldest] = map(date.fromisoformat, re.findall(r"from (\d{4}-\d\d-\d\d)", HTTP.section("A customer's fields")))

    assert accepted(birth=str(oldest))
    assert not accepted(birth=str(oldest - timedelta(days=1)))
    assert accepted(birth=str(TODAY - timedelta(days=1)))
    assert not accepted(birth=str(TODAY))


def test_unknown_and_missing_fields_are_refused() -> None:
    assert not accepted(vip="yes")
    for field in (name for name, each in CreateCustomer.model_fields.items() if each.is_required()):
        whole = json.loads(CREATE)
        del whole[field]
        with pytest.raises(ValidationError):
            CreateCustomer.model_validate(whole, context={"today": TODAY})


def test_texts_are_cleaned_as_stated() -> None:
    command = CreateCustomer.model_validate(
        json.loads(CREATE) | {"city": "  Sa\u0303o   Paulo "}, context={"today": TODAY}
    )

    assert command.city == "S\u00e3o Paulo"
    assert not accepted(city="Lon\u0000don")
    assert not accepted(city="Lon\u202edon")


def test_a_page_has_the_stated_limits() -> None:
    found = re.search(r"`limit` is from (\d+) to (\d+) and (\d+) by default", HTTP.section("Routes"))
    assert found
    least, most, usual = map(int, found.groups())

    assert parse_query({}, NO_KEYS).limit == usual
    assert parse_query({"limit": str(least)}, NO_KEYS).limit == least
    assert parse_query({"limit": str(most)}, NO_KEYS).limit == most
    for query in ({"limit": str(least - 1)}, {"limit": str(most + 1)}, {"page": "1"}):
        with pytest.raises(InvalidFields):
            parse_query(query, NO_KEYS)
