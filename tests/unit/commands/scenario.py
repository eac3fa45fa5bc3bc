"""Given some events, when a command is carried out, then these events follow."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from commands.context import Context
from commands.erase_customer import erase_customer
from commands.update_customer import UpdateCustomer, update_customer
from events.claims import move_claim
from events.codec import decode
from events.customer import Customer, State
from events.envelope import Event
from events.history import fold
from tests.event_log import events_of
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import METADATA, START, valid_body

CUSTOMER = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"


def command(
    name: str | None = None, seen: set[int] | None = None, content: str = "same", *, keyed: bool = False
) -> Context:
    """One try of a command; tries of the same name are tries of one command."""
    name = name or str(uuid.uuid4())
    metadata = replace(METADATA, command_id=name, request_hash=content)
    return Context(
        START + timedelta(days=1), str(uuid.uuid4()), metadata, frozenset(seen) if seen else None, keyed=keyed
    )


@dataclass
class Scenario:
    """A log with some history."""

    store: InMemoryEventStore = field(default_factory=InMemoryEventStore)
    pauses: list[float] = field(default_factory=list)

    def given(self, *events: Event) -> "Scenario":
        for event in events:
            data = decode(event)
            claims = move_claim(None, getattr(data, "email", None))
            redact = range(1, event.version) if event.type == "CustomerErased" else ()
            self.store.append([event], event.version - 1, claims, list(redact))
        return self

    def update(self, context: Context, **changes: Any) -> Customer:
        body = UpdateCustomer.model_validate(valid_body(**changes))
        return update_customer(body, self.store, CUSTOMER, context, self.pauses.append)

    def erase(self, context: Context) -> State:
        return erase_customer(self.store, CUSTOMER, context, self.pauses.append)

    @property
    def log(self) -> Sequence[Event]:
        return events_of(self.store, CUSTOMER)

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.log]

    @property
    def state(self) -> State | None:
        return fold(self.log)
