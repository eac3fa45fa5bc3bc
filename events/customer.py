"""The events of a customer, and the function that applies them.

    CustomerCreated ──> Customer ──CustomerUpdated──> Customer ──CustomerErased──> Erased

Event models are stored and published schemas: never rename or remove a field without a new `schema_version`, a new
`published_version` and an upcaster (events/upcasters.py).
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict

from events.envelope import Event


class CustomerEvent(BaseModel):
    """Base class of all customer events.

    Attributes:
        schema_version: The version of the stored shape. A new one needs an upcaster from the one before.
        published_version: The version of the schema that consumers get. Only a change that would break a consumer
            raises it: an optional field does not, whatever its stored shape.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: ClassVar[int] = 1
    published_version: ClassVar[int] = 1

    @classmethod
    def type(cls) -> str:
        """The event's name in the log."""
        return cls.__name__


def _without_extra(schema: dict[str, Any]) -> None:
    schema.pop("additionalProperties", None)


class PersonalData(BaseModel):
    """All personal data: the one list of fields, for events and for the document that the API returns.

    A field added later is optional and defaults to None, because stored events lack it. While it is None it is left
    out of events and documents, so that existing rows, events and idempotency records stay as they are.

    A field that a newer release added is kept: a projector that does not know it must not lose it. JSON Schemas leave
    this out, as they allow further properties anyway.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=_without_extra)

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
    """The customer's data was replaced. It may equal the old data, as some commands always leave an event."""


class CustomerErased(CustomerEvent):
    """The person was erased: no personal data of this customer is kept from here on."""


class Redacted(CustomerEvent):
    """The data of an event after an erasure. The event's type, time and actor remain in the envelope."""


class _Identified(BaseModel):
    id: str


# pydantic orders fields from the last base to the first: the id, the person, then the fields below.
class Customer(PersonalData, _Identified):
    """A customer at one version. This is also the document that the API returns.

    Attributes:
        version: The version of the newest event.
        created_at: The time of the first event: RFC 3339, UTC, 27 characters.
        updated_at: The time of the newest event, in the same format.
    """

    model_config = ConfigDict(frozen=True)

    version: int
    created_at: str
    updated_at: str

    def document(self) -> str:
        """The customer as a JSON string, which is stored once and returned unchanged."""
        if not self.model_extra:
            return self.model_dump_json(exclude_none=True)
        # Fields of a newer release go where that release has them, after the person's own. So both write the same row.
        person = self.model_dump(mode="json", exclude_none=True)
        rest = {name: person.pop(name) for name in ("version", "created_at", "updated_at")}
        return json.dumps({**person, **rest}, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Erased:
    """An erased customer. No later event brings the customer back."""

    id: str
    version: int


State = Customer | Erased


CUSTOMER_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parse_customer_id(text: str) -> str | None:
    """A customer id as this service writes it, or None if the string cannot be one.

    Args:
        text: A UUID in whatever case (RFC 9562, 4).
    """
    customer_id = text.lower()
    return customer_id if CUSTOMER_ID.fullmatch(customer_id) else None


class OutOfOrder(Exception):
    """An event does not follow the state that it is applied to."""


def evolve(state: State | None, event: Event, data: CustomerEvent) -> State:
    """Apply one event.

    Args:
        state: The state before the event; None before the first event.
        event: The event's envelope.
        data: The event's decoded data.

    Raises:
        OutOfOrder: The event is not the customer's next one, or cannot happen in this state.
    """
    version = state.version if state else 0
    if event.version != version + 1:
        raise OutOfOrder(f"version {event.version} does not follow version {version}")
    match state, data:
        case (Erased(), _) | (_, Redacted()) | (Customer(), CustomerErased()):
            return Erased(event.customer_id, event.version)
        case None, CustomerCreated():
            return _customer(event, data, created_at=event.occurred_at)
        case Customer(), CustomerUpdated():
            return _customer(event, data, created_at=state.created_at)
        case _:
            raise OutOfOrder(f"{data.type()} is not valid at version {event.version}")


def snapshot(event: Event, data: CustomerEvent, created_at: str) -> State:
    """The state after an event, from this event alone: an event carries the whole person.

    Args:
        event: The event's envelope.
        data: The event's decoded data.
        created_at: When the customer was created.

    Raises:
        OutOfOrder: The event cannot happen at its version.
    """
    match data:
        case Redacted() | CustomerErased():
            return Erased(event.customer_id, event.version)
        case CustomerCreated() if event.version == 1:
            return _customer(event, data, created_at)
        case CustomerUpdated() if event.version > 1:
            return _customer(event, data, created_at)
        case _:
            raise OutOfOrder(f"{event.type} is not valid at version {event.version}")


def _customer(event: Event, person: PersonalData, created_at: str) -> Customer:
    return Customer(
        **{
            **dict(person),
            "id": event.customer_id,
            "version": event.version,
            "created_at": created_at,
            "updated_at": event.occurred_at,
        }
    )
