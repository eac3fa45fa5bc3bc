"""Customers and events for tests, each different unless told otherwise."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from events.codec import encode
from events.customer import CustomerCreated, CustomerErased, CustomerEvent, CustomerUpdated
from events.envelope import Event, Metadata
from shared.runtime.clock import timestamp

START = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
METADATA = Metadata(correlation_id="cor-1", causation_id="req-1", actor="user-1", command_id="req-1")


def valid_body(**changes: Any) -> dict[str, Any]:
    """A body that POST /customers accepts."""
    return {
        "full_name": "Ada Lovelace",
        "email": "ada@example.com",
        "birth": "1990-05-17",
        "city": "London",
        "country": "United Kingdom",
        **changes,
    }


def created(customer_id: str | None = None, *, second: int = 0, version: int = 1, **fields: Any) -> Event:
    """A CustomerCreated event.

    Args:
        customer_id: A new one when None.
        second: When it occurred, in seconds after `START`.
        version: Anything but 1 makes an event that nobody would write, for the tests that need one.
        **fields: Other data than the sample's.
    """
    return _event(CustomerCreated(**_details(fields)), customer_id, version, second)


def updated(customer_id: str, version: int, **fields: Any) -> Event:
    """A CustomerUpdated event, as many seconds after `START` as its version says."""
    return _event(CustomerUpdated(**_details(fields)), customer_id, version, version)


def erased(customer_id: str, version: int) -> Event:
    """A CustomerErased event, likewise."""
    return _event(CustomerErased(), customer_id, version, version)


def history(customer_id: str, versions: int) -> list[Event]:
    """A customer's first events; each moves them to the city of its version."""
    return [
        created(customer_id, second=1, city="city 1"),
        *(updated(customer_id, version, city=f"city {version}") for version in range(2, versions + 1)),
    ]


def _details(fields: dict[str, Any]) -> dict[str, Any]:
    return {**valid_body(birth=date(1990, 5, 17)), **fields}


def _event(data: CustomerEvent, customer_id: str | None, version: int, second: int) -> Event:
    return encode(
        data,
        customer_id=customer_id or str(uuid.uuid4()),
        version=version,
        event_id=str(uuid.uuid4()),
        occurred_at=timestamp(START + timedelta(seconds=second)),
        metadata=METADATA,
    )
