"""The events of one customer, and the fold that makes a customer of them.

    CustomerCreated ──> Customer ──CustomerUpdated──> Customer ──CustomerErased──> Erased

Event models are stored shapes: a field, once written, is never renamed or removed without a new `schema_version` and
an upcaster (events/upcasters.py).
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict

from events.envelope import Event


class CustomerEvent(BaseModel):
    """What every event of a customer has in common."""

    model_config = ConfigDict(frozen=True)

    schema_version: ClassVar[int] = 1

    @classmethod
    def type(cls) -> str:
        """The event's name in the log."""
        return cls.__name__


class PersonalData(BaseModel):
    """Everything known about the person. The one list of fields for events and for the answer.

    A field added later is optional and defaults to None, because stored events lack it. While it is None it is left
    out of events and answers, so that old rows, events and idempotency records stay as they are.
    """

    full_name: str
    email: str
    birth: date
    city: str
    country: str


class _PersonEvent(PersonalData, CustomerEvent):
    """An event that carries all of the personal data."""


class CustomerCreated(_PersonEvent):
    """A person became a customer."""


class CustomerUpdated(_PersonEvent):
    """The customer's data was replaced, perhaps by the same: a command that must be recognised again leaves it too."""


class CustomerErased(CustomerEvent):
    """The person was forgotten: from here on nothing personal of this customer is kept."""


class Redacted(CustomerEvent):
    """What is left of an event's data after an erasure; its type, time and actor stand in the envelope."""


class _Identified(BaseModel):
    id: str


# pydantic orders fields from the last base to the first: the id, the person, then the fields below.
class Customer(PersonalData, _Identified):
    """A customer as of one version; also the document that the API shows.

    Attributes:
        version: How many events made it.
        created_at: RFC 3339, UTC, 27 characters.
        updated_at: When its newest event occurred; likewise.
    """

    model_config = ConfigDict(frozen=True)

    version: int
    created_at: str
    updated_at: str

    def document(self) -> str:
        """This customer as the JSON text that is stored once and answered as it is."""
        return self.model_dump_json(exclude_none=True)


@dataclass(frozen=True, slots=True)
class Erased:
    """A customer who was erased. Nothing brings one back, whatever events arrive afterwards."""

    id: str
    version: int


State = Customer | Erased


CUSTOMER_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_customer_id(text: str) -> bool:
    """Whether a text can name a customer: a UUID in lower case."""
    return bool(CUSTOMER_ID.fullmatch(text))


class OutOfOrder(Exception):
    """An event was applied to a state that is not the one just before it."""


def evolve(state: State | None, event: Event, data: CustomerEvent) -> State:
    """Apply one event.

    Args:
        state: The state before it; None before the first.
        event: Its envelope.
        data: Its decoded data.

    Raises:
        OutOfOrder: The event is not the next one of this customer, or makes no sense after it.
    """
    version = state.version if state else 0
    if event.version != version + 1:
        raise OutOfOrder(f"{event.type} is version {event.version}, and the customer is at {version}")
    match state, data:
        case (Erased(), _) | (_, Redacted()) | (Customer(), CustomerErased()):
            return Erased(event.customer_id, event.version)
        case None, CustomerCreated():
            return _customer(event, data, created_at=event.occurred_at)
        case Customer(), CustomerUpdated():
            return _customer(event, data, created_at=state.created_at)
        case _:
            raise OutOfOrder(f"{event.type} makes no sense at version {event.version}")


def _customer(event: Event, person: PersonalData, created_at: str) -> Customer:
    return Customer(
        id=event.customer_id,
        **dict(person),
        version=event.version,
        created_at=created_at,
        updated_at=event.occurred_at,
    )
