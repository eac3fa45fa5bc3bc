"""Creating a customer: what is accepted, what is refused, what is decided."""

import json
import unicodedata
import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.context import Context, context_of
from commands.create_customer import CreateCustomer, create_customer
from events.claims import email_claim
from events.customer import Customer
from events.store import VersionConflict
from shared.http.body import parse_body
from shared.http.problems import BodyTooLarge, FieldTaken, Gone, InvalidFields, KeyReused, MalformedBody
from shared.http.request import parse
from tests.event_log import events_of
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import METADATA, START, erased, updated, valid_body

TODAY = date(2026, 5, 17)
CONTEXT = Context(now=START, event_id="e-1", metadata=METADATA)


def read(body: Any) -> CreateCustomer:
    return parse_body(CreateCustomer, json.dumps(body).encode(), {"today": TODAY})


def refused(body: Any) -> dict[str, str]:
    with pytest.raises(InvalidFields) as raised:
        read(body)
    return {error.field: error.detail for error in raised.value.errors}


def create(store: InMemoryEventStore, customer_id: str = "c-1", context: Context = CONTEXT, **changes: Any) -> Customer:
    return create_customer(read(valid_body(**changes)), store, customer_id, context)


def repeat(**metadata: str) -> Context:
    """The context of another attempt: another time, another event id, and the given changes of metadata."""
    return Context(START + timedelta(hours=1), str(uuid.uuid4()), replace(METADATA, **metadata))


def test_given_nothing_when_created_then_one_event_and_the_customer() -> None:
    store = InMemoryEventStore()

    customer = create(store)

    [event] = events_of(store, "c-1")
    assert (event.version, event.type, event.event_id) == (1, "CustomerCreated", "e-1")
    assert event.occurred_at == "2026-05-17T09:30:00.000000Z"
    assert event.metadata == METADATA
    assert (customer.id, customer.version, customer.full_name) == ("c-1", 1, "Ada Lovelace")
    assert store.claims == {email_claim("ada@example.com"): "c-1"}


def test_given_created_when_repeated_then_the_first_response_and_no_second_event() -> None:
    store = InMemoryEventStore()
    first = create(store)

    assert create(store, context=repeat()) == first
    assert len(store.events) == 1


def test_given_an_update_in_between_when_repeated_then_still_the_first_response() -> None:
    store = InMemoryEventStore()
    first = create(store)
    store.append(updated("c-1", 2, city="Paris"))

    assert create(store, context=repeat()) == first


def test_given_created_when_the_key_is_sent_with_another_body_then_refused() -> None:
    store = InMemoryEventStore()
    create(store)

    with pytest.raises(KeyReused):
        create(store, context=repeat(request_hash="other"), city="Paris")

    assert len(store.events) == 1


def test_given_erased_when_repeated_then_gone_and_not_created_repeat() -> None:
    store = InMemoryEventStore()
    create(store)
    store.append(erased("c-1", 2), redact=[1])

    with pytest.raises(Gone):
        create(store, context=repeat())

    assert len(store.events) == 2


def test_given_the_id_belongs_to_another_command_when_created_then_a_conflict_and_no_change() -> None:
    store = InMemoryEventStore()
    create(store)

    with pytest.raises(VersionConflict):
        create(store, context=repeat(command_id="other"), city="Paris", email="other@example.com")

    assert [event.event_id for event in events_of(store, "c-1")] == ["e-1"]


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM", " ada@example.com "])
def test_given_the_email_is_taken_when_created_then_refused_without_naming_the_customer(email: str) -> None:
    store = InMemoryEventStore()
    create(store)

    with pytest.raises(FieldTaken) as raised:
        create(store, "c-2", repeat(command_id="other"), email=email)

    assert "c-1" not in raised.value.body("r")
    assert [error.field for error in raised.value.errors] == ["email"]
    assert len(store.events) == 1


def test_texts_are_trimmed_composed_and_their_spaces_collapsed() -> None:
    command = read(valid_body(full_name="  Zofie\u0301   Nova\u00a0kova\u0301 ", city="\u3000Praha "))

    assert command.full_name == "Zofi\u00e9 Nova kov\u00e1"
    assert command.city == "Praha"


@pytest.mark.parametrize("name", ["李小龍", "عائشة", "O\u2019Brien-Łuków", "👩‍🚀 Mae", "Nguyễn Thị Minh Khai"])
def test_real_names_are_accepted(name: str) -> None:
    assert read(valid_body(full_name=name)).full_name == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(("field", "longest"), [("full_name", 200), ("city", 100), ("country", 100)])
def test_texts_have_a_maximum_length(field: str, longest: int) -> None:
    assert len(getattr(read(valid_body(**{field: "x" * longest})), field)) == longest
    assert refused(valid_body(**{field: "x" * (longest + 1)})) == {
        field: f"{field} must have at most {longest} characters."
    }


@pytest.mark.parametrize("field", ["full_name", "city", "country"])
@pytest.mark.parametrize("bad", ["", "   ", "\u00a0", "a\x00b", "a\nb", "a\u2028b", "a\u202eb", 7, None, ["x"], {}])
def test_invalid_texts_are_refused_by_name(field: str, bad: object) -> None:
    assert set(refused(valid_body(**{field: bad}))) == {field}


@pytest.mark.parametrize(
    "email",
    ["ada@example.com", "Ada.Lovelace+shop@sub.example.co.uk", "ada@bücher.example", "用户@例子.广告", "a@b.co"],
)
def test_valid_addresses(email: str) -> None:
    assert read(valid_body(email=email)).email == unicodedata.normalize("NFC", email)


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "ada@@example.com", "ada@exam ple.com",
     ".ada@example.com", "ada.@example.com", "ada..l@example.com", "ada@-example.com", "ada@example-.com",
     "ada@example..com", "Ada <ada@example.com>", "a" * 65 + "@example.com", "ada@" + "a" * 250 + ".com", 7, None],
)  # fmt: skip
def test_invalid_addresses(email: object) -> None:
    assert set(refused(valid_body(email=email))) == {"email"}


@pytest.mark.parametrize("birth", ["1900-01-01", "2026-05-16", "2024-02-29"])
def test_valid_births(birth: str) -> None:
    assert read(valid_body(birth=birth)).birth.isoformat() == birth


@pytest.mark.parametrize(
    "birth",
    ["2026-05-17", "2027-01-01", "1899-12-31", "2023-02-30", "2023-02-29", "17-05-1990", "1990-5-7", "19900517",
     "1990-05-17T00:00:00Z", "1990-W20-4", "१९९०-०५-१७", "", 642902400, 0, None, True],
)  # fmt: skip
def test_invalid_births(birth: object) -> None:
    assert set(refused(valid_body(birth=birth))) == {"birth"}


def test_every_invalid_field_is_named_at_once_with_its_fix() -> None:
    errors = refused({"full_name": "", "email": "ada", "birth": "tomorrow", "city": 5, "vip": True})

    assert errors == {
        "full_name": "full_name must not be empty.",
        "email": "email must be an e-mail address such as ada@example.com.",
        "birth": "birth must be a date in the form YYYY-MM-DD.",
        "city": "city must be a string.",
        "country": "country is required.",
        "vip": "vip is unknown: remove it.",
    }


@pytest.mark.parametrize("body", [[], "text", 7, None, True])
def test_json_that_is_not_an_object_is_refused_as_body(body: object) -> None:
    assert refused(body) == {"body": "body must be a JSON object."}


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b'{"full_name": "\xff"}', b"{'a': 1}", b'{"city": "\\ud800"}'])
def test_a_body_that_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse_body(CreateCustomer, body, {"today": TODAY})


def test_a_body_that_is_too_large_is_not_parsed() -> None:
    with pytest.raises(BodyTooLarge):
        parse_body(CreateCustomer, b"{" + b" " * 16 * 1024, {"today": TODAY})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x)))
def test_any_body_is_refused_without_another_error(body: object) -> None:
    with pytest.raises((InvalidFields, BodyTooLarge)):
        read(body)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_normalisation_is_idempotent(full_name: str, city: str, country: str) -> None:
    """Sending back the details that were read does not change them."""
    try:
        command = read(valid_body(full_name=full_name, city=city, country=country))
    except InvalidFields:
        return
    assert read(command.model_dump(mode="json")) == command


def test_the_metadata_identifies_the_request() -> None:
    event = {
        "requestContext": {"requestId": "req-9", "authorizer": {"claims": {"sub": "user-9", "scope": "a b"}}},
        "headers": {"X-Correlation-Id": "order-77"},
    }

    metadata = context_of(parse(event), "POST /customers", "{}", START, "e-9").metadata

    assert (metadata.correlation_id, metadata.causation_id, metadata.command_id) == ("order-77", "req-9", "e-9")
    assert metadata.actor == "user-9"
