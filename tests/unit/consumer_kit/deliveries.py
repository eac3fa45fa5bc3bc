"""Events as they are delivered to a consumer."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from consumer_kit import CREATED, ERASED, REDACTED, UPDATED, PublishedEvent
from tests.samples import valid_body

CUSTOMER: Final = "4c5c7f0a-7a34-4c59-9d9b-0c7d0c0f8a01"


def cloud_event(version: int = 1, event_type: str = "", customer_id: str = CUSTOMER, **changes: Any) -> dict[str, Any]:
    """A CloudEvent as the bus carries it.

    Args:
        event_type: Defaults to `CustomerCreated` for version 1 and `CustomerUpdated` for others.
        **changes: Further attributes; None leaves one out.
    """
    name = event_type or (CREATED if version == 1 else UPDATED)
    defaults = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "urn:customers-api:local",
        "type": f"customers.{name}",
        "subject": customer_id,
        "time": f"2026-05-17T09:30:{version % 60:02}.000000Z",
        "datacontenttype": "application/json",
        "dataschema": f"urn:customers-api:schema:{name}:1",
        "sequence": f"{version:010}",
        "correlationid": "order-77",
        "causationid": "5d2a2a0e-8f5e-4b0f-9a0c-1c5a3c0d7e11",
        "data": data_of(name, version),
    }
    return {name: value for name, value in {**defaults, **changes}.items() if value is not None}


def data_of(name: str, version: int) -> dict[str, str]:
    """The `data` of an event of a type."""
    if name == REDACTED:
        return {"type": CREATED if version == 1 else UPDATED}
    return {} if name == ERASED else person(version)


def person(version: int) -> dict[str, str]:
    """The `data` of an event."""
    return valid_body(full_name=f"Ada {version}")


def envelope(detail: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule delivers."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "CustomerCreated",
        "source": "customers",
        "account": "000000000000",
        "time": "2026-05-17T09:30:01Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": detail,
    }


def message(body: object, message_id: str = "") -> dict[str, Any]:
    """A record of a queue's Lambda event."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {"messageId": message_id or str(uuid4()), "body": text, "eventSource": "aws:sqs"}


def event(version: int = 1, event_type: str = "", customer_id: str = CUSTOMER, **changes: Any) -> PublishedEvent:
    """An event as the consumer sees it.

    Args:
        event_type: Defaults to `CustomerCreated` for version 1 and `CustomerUpdated` for others.
        **changes: Further fields of `PublishedEvent`.
    """
    name = event_type or (CREATED if version == 1 else UPDATED)
    fields: dict[str, Any] = {
        "id": f"{customer_id}-{version}",
        "type": name,
        "customer_id": customer_id,
        "version": version,
        "schema_version": 1,
        "occurred_at": f"2026-05-17T09:30:{version % 60:02}.000000Z",
        "data": data_of(name, version),
    }
    return PublishedEvent(**(fields | changes))
