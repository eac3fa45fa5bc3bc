"""Given some events, when a command is decided or carried out, then these events follow."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from commands import create_customer, erase_customer, update_customer
from commands.context import Context
from commands.create_customer import CreateCustomer
from commands.erase_customer import EraseCustomer
from commands.finish_erasures import Finish, finish_erasure
from commands.handling import Decision
from commands.update_customer import NewDetails, UpdateCustomer
from events.claims import move_claim
from events.codec import decode
from events.customer import Customer, State
from events.envelope import Event, Recorded
from events.history import fold, fold_or_report, readable
from shared.http.preconditions import EntityTags, Preconditions, etag_of
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import METADATA, START, valid_body

CUSTOMER = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"

Command = CreateCustomer | UpdateCustomer | EraseCustomer


def creation(**changes: Any) -> CreateCustomer:
    """A `CreateCustomer` with the sample's details, changed as given."""
    return CreateCustomer.model_validate(valid_body(**changes))


def update(*, keyed: bool = False, **changes: Any) -> UpdateCustomer:
    """An `UpdateCustomer` with the sample's details, changed as given."""
    return UpdateCustomer(NewDetails.model_validate(valid_body(**changes)), keyed=keyed)


def given(*records: Recorded) -> "Given":
    """Start a test of a pure decision: `given(events).when(command).then(decision)`."""
    return Given(records)


@dataclass(frozen=True)
class Given:
    """A customer's history."""

    records: Sequence[Recorded]

    def when(self, command: Command) -> "When":
        return When(self.records, command)


@dataclass(frozen=True)
class When:
    """A history and a command to decide on it."""

    records: Sequence[Recorded]
    command: Command

    def then(self, decision: Decision | None) -> None:
        """The decision is this one, and deciding again leads to the same."""
        assert [self._decide(), self._decide()] == [decision, decision]

    def then_raises(self, error: type[Exception]) -> None:
        with pytest.raises(error):
            self._decide()

    def _decide(self) -> Decision | None:
        state = fold_or_report(self.records)
        match self.command, state:
            case CreateCustomer() as command, None:
                return create_customer.decide(command, None)
            case UpdateCustomer() as command, state if state:
                return update_customer.decide(command, state)
            case EraseCustomer() as command, state if state:
                return erase_customer.decide(command, state)
        raise AssertionError(f"{self.command} is never decided on {state}")


def attempt(
    command_id: str | None = None, seen: set[int] | None = None, content: str = "same", *, keyed: bool = False
) -> Context:
    """The context of one attempt of a command. Attempts with the same id are attempts of the same command."""
    metadata = replace(METADATA, command_id=command_id or str(uuid.uuid4()), request_hash=content)
    now, event_id = START + timedelta(days=1), str(uuid.uuid4())
    if not seen:
        return Context(now, event_id, metadata, keyed=keyed)
    conditions = Preconditions(EntityTags(frozenset(map(etag_of, seen))))
    named = {} if keyed else {each: replace(metadata, command_id=f"{metadata.command_id}/{each}") for each in seen}
    return Context(now, event_id, metadata, conditions, keyed=keyed, by_version=named)


@dataclass
class Scenario:
    """An event store with some history, on which commands are carried out."""

    store: InMemoryEventStore = field(default_factory=InMemoryEventStore)
    pauses: list[float] = field(default_factory=list)

    def given(self, *events: Event) -> "Scenario":
        for event in events:
            claims = move_claim(None, getattr(decode(event), "email", None))
            redact = range(1, event.version) if event.type == "CustomerErased" else ()
            self.store.append(event, claims, redact)
        return self

    def update(self, context: Context, **changes: Any) -> Customer:
        command = update(keyed=context.keyed, **changes)
        return update_customer.update_customer(command, self.store, CUSTOMER, context, self.pauses.append)

    def erase(self, context: Context) -> State:
        return erase_customer.erase_customer(EraseCustomer(), self.store, CUSTOMER, context, self.pauses.append)

    def finish(self) -> Finish:
        """Let the erasure be finished, with all the time it takes."""
        return finish_erasure(self.store, self.store, CUSTOMER, lambda: True)

    @property
    def log(self) -> Sequence[Event]:
        """The events as they are stored."""
        return [readable(record) for record in self.store.stored(CUSTOMER)]

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.log]

    @property
    def state(self) -> State | None:
        return fold(self.log)
