"""The hook's way to erase: only customers that the pre-traffic check created."""

import importlib
import sys
from dataclasses import dataclass, replace

import pytest

from commands.pre_traffic import ACTOR, Trial
from events.customer import CustomerErased
from shared.http.endpoint import Handler
from shared.runtime import clients
from tests.event_log import every_event
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created

TRIAL = Trial("d-ABC123XYZ", "0a3c7a52-0001-4a0d-9d0e-6d9c0f6b7a11")
CUSTOMER = TRIAL.expected_id()


@dataclass(frozen=True, slots=True)
class Function:
    """The function as Lambda loads it, with a store in memory."""

    store: InMemoryEventStore
    handle: Handler

    def erase(self) -> object:
        return self.handle(TRIAL.erasure(CUSTOMER), None)["statusCode"]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Function:
    name = "commands.handlers.erase_synthetic_customer"
    monkeypatch.setenv("EVENT_TABLE", "events")
    monkeypatch.setenv("CLAIMS_TABLE", "claims")
    monkeypatch.setenv("ERASURES_TABLE", "erasures")
    monkeypatch.setenv("SIGNING_SECRET", "literal:a key of the tests")
    monkeypatch.setattr(clients, "dynamodb", lambda: None)
    monkeypatch.delitem(sys.modules, name, raising=False)
    handler = importlib.import_module(name)
    monkeypatch.delitem(sys.modules, name)
    store = InMemoryEventStore()
    monkeypatch.setattr(handler, "store", store)
    return Function(store, handler.handle)


def by(actor: str, store: InMemoryEventStore) -> None:
    event = created(CUSTOMER)
    store.append(replace(event, metadata=replace(event.metadata, actor=actor)))


def test_a_synthetic_customer_is_erased_and_erased_again(function: Function) -> None:
    by(ACTOR, function.store)

    for _ in range(2):
        assert function.erase() == 204
    assert [event.type for event in every_event(function.store)] == ["CustomerCreated", CustomerErased.type()]


def test_a_customer_of_anybody_else_is_not_found_and_stays(function: Function) -> None:
    by("1b6f7a3c-0000-4000-8000-000000000000", function.store)

    assert function.erase() == 404
    assert [event.type for event in every_event(function.store)] == ["CustomerCreated"]


def test_an_unknown_customer_is_not_found(function: Function) -> None:
    assert function.erase() == 404
