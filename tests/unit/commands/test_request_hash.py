"""A command's hash is the same in every release, so that a repeat across a deployment is recognised."""

import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from commands.context import context_of
from commands.create_customer import CreateCustomer
from commands.update_customer import NewDetails
from shared.http.request import parse
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import PERSON
from tests.unit.commands.test_handlers import CONTEXT, gateway_event

# The text of the sample person in every release since 0.1.0, and the hash that is stored with its event. The operation
# is made up, because a copy of the project under another name has other routes.
OPERATION = "POST /things"
TEXT = (
    '{"full_name":"Ada Lovelace","email":"ada@example.com","birth":"1990-05-17","city":"London",'
    '"country":"United Kingdom"}'
)
HASH = "6e013a6969311e6f112463683b2a40fd031a52cb2c4d34bf5adff59b0a61f4da"


class LaterCreate(CreateCustomer):
    """`CreateCustomer` of a later release, with optional fields of both kinds."""

    phone: str | None = None
    newsletter: bool = False


class LaterUpdate(NewDetails):
    """`NewDetails` of a later release."""

    phone: str | None = None
    newsletter: bool = False


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> InMemoryEventStore:
    for name in ("EVENT_TABLE", "CLAIMS_TABLE", "ERASURES_TABLE"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("SIGNING_SECRET", "literal:a key of the tests")
    store = InMemoryEventStore()
    for name in ("create_customer", "update_customer"):
        monkeypatch.setattr(import_module(f"commands.handlers.{name}"), "store", store)
    return store


def send(route: str, *arguments: Any, **headers: str) -> tuple[int, Any]:
    answer: Any = import_module(f"commands.handlers.{route}").handle(gateway_event(*arguments, **headers), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def test_the_text_and_the_hash_of_a_command_are_those_of_earlier_releases() -> None:
    event = {"requestContext": {"requestId": "r", "authorizer": {"claims": {"sub": "user-1"}}}}
    request = parse({**event, "headers": {"Idempotency-Key": "key-1"}})
    content = CreateCustomer.model_validate(PERSON).content()

    assert content == TEXT
    context = context_of(request, OPERATION, content, datetime(2026, 5, 17, tzinfo=UTC), "e-1")
    assert context.metadata.request_hash == HASH


@pytest.mark.parametrize(("first", "then"), [(CreateCustomer, LaterCreate), (LaterCreate, CreateCustomer)])
def test_a_creation_is_repeated_across_a_deployment(
    store: InMemoryEventStore, monkeypatch: pytest.MonkeyPatch, first: type, then: type
) -> None:
    module = import_module("commands.handlers.create_customer")
    monkeypatch.setattr(module, "CreateCustomer", first)
    status, customer = send("create_customer", PERSON, Idempotency_Key="key-1")
    monkeypatch.setattr(module, "CreateCustomer", then)

    assert status == 201
    assert send("create_customer", PERSON, Idempotency_Key="key-1") == (201, customer)


@pytest.mark.parametrize("named", [{"Idempotency_Key": "key-2"}, {"If_Match": '"1"'}], ids=["key", "if-match"])
@pytest.mark.parametrize(("first", "then"), [(NewDetails, LaterUpdate), (LaterUpdate, NewDetails)])
def test_a_change_is_repeated_across_a_deployment(
    store: InMemoryEventStore, monkeypatch: pytest.MonkeyPatch, first: type, then: type, named: dict[str, str]
) -> None:
    module = import_module("commands.handlers.update_customer")
    _, customer = send("create_customer", PERSON)
    body = {**PERSON, "city": "Paris"}
    monkeypatch.setattr(module, "NewDetails", first)
    status, changed = send("update_customer", body, customer["id"], **named)
    monkeypatch.setattr(module, "NewDetails", then)

    assert (status, changed["version"]) == (200, 2)
    status, again = send("update_customer", body, customer["id"], **named)
    assert (status, again["version"]) == (200, 2)


def test_a_field_that_is_sent_as_null_is_not_sent() -> None:
    assert LaterCreate.model_validate({**PERSON, "phone": None}).content() == TEXT


def test_a_field_that_is_sent_counts_whatever_its_default() -> None:
    assert LaterCreate.model_validate({**PERSON, "newsletter": False}).content() != TEXT
