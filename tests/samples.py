"""Customers and events for tests, each different unless told otherwise."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from events.codec import encode
from events.customer import CustomerCreated
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
    data = CustomerCreated(**{**valid_body(birth=date(1990, 5, 17)), **fields})
    return encode(
        data,
        customer_id=customer_id or str(uuid.uuid4()),
        version=version,
        event_id=str(uuid.uuid4()),
        occurred_at=timestamp(START + timedelta(seconds=second)),
        metadata=METADATA,
    )
