"""An event of each published type, made by the code that publishes."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from events.codec import REDACTED, encode
from events.customer import CustomerCreated, CustomerErased, CustomerEvent, CustomerUpdated
from events.envelope import Event, Metadata
from publisher.cloud_event import EventRedacted, cloud_event, source_of

CUSTOMER: Final = "4c5c7f0a-7a34-4c59-9d9b-0c7d0c0f8a01"
_METADATA: Final = Metadata(
    correlation_id="order-77",
    causation_id="5d2a2a0e-8f5e-4b0f-9a0c-1c5a3c0d7e11",
    actor="",
    command_id="",
    trace_id="1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8",
)
_PERSON: Final[Mapping[str, Any]] = {
    "full_name": "Ada Lovelace",
    "email": "ada@example.com",
    "birth": date(1990, 5, 17),
    "city": "London",
    "country": "United Kingdom",
}


def examples() -> dict[str, dict[str, Any]]:
    """A CloudEvent by the name of its type."""
    created = _event(CustomerCreated(**_PERSON), 1)
    updated = _event(CustomerUpdated(**{**_PERSON, "city": "Paris", "country": "France"}), 2)
    source = source_of("production")
    return {
        CustomerCreated.type(): cloud_event(created, source),
        CustomerUpdated.type(): cloud_event(updated, source),
        CustomerErased.type(): cloud_event(_event(CustomerErased(), 3), source),
        EventRedacted.type(): cloud_event(_event(CustomerCreated(**_PERSON), 1, REDACTED), source, replayed=True),
    }


def _event(data: CustomerEvent, version: int, instead: str = "") -> Event:
    event = encode(
        data,
        customer_id=CUSTOMER,
        version=version,
        event_id=f"b7e5c1d2-0000-4000-8000-00000000000{version}",
        occurred_at=f"2026-05-17T09:30:0{version}.000000Z",
        metadata=_METADATA,
    )
    return Event(**{name: getattr(event, name) for name in Event.__slots__} | {"data": instead or event.data})
