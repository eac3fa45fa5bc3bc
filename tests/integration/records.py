"""Hand-made events, and the batches in which a stream would deliver them."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final
from uuid import uuid4

from events.codec import encode, to_item
from events.customer import CustomerCreated, CustomerUpdated
from events.envelope import Event, Metadata
from tests.samples import valid_body

_NUMBERS: Final = count(100000000000000000000001)
METADATA: Final = Metadata(correlation_id="test", causation_id="test", actor="test", command_id="test")


def an_event(customer_id: str, version: int, **changes: Any) -> Event:
    """The event that creates a customer, or one that updates them.

    Args:
        customer_id: The customer's id.
        version: Version 1 creates the customer.
        **changes: Replace fields of the sample person.
    """
    kind = CustomerCreated if version == 1 else CustomerUpdated
    return encode(
        kind.model_validate(valid_body(full_name=f"Ada {version}") | changes),
        customer_id=customer_id,
        version=version,
        event_id=str(uuid4()),
        occurred_at=f"2026-01-01T00:00:00.{version:06}Z",
        metadata=METADATA,
    )


def some_events(number: int) -> list[Event]:
    """The first events of a customer that does not exist yet."""
    customer_id = str(uuid4())
    return [an_event(customer_id, version) for version in range(1, number + 1)]


def record(image: Mapping[str, Any], kind: str = "INSERT") -> dict[str, Any]:
    """A stream record of a row."""
    return {
        "eventID": uuid4().hex,
        "eventName": kind,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "Keys": {name: image[name] for name in ("customer_id", "version") if name in image},
            "NewImage": image,
            "SequenceNumber": str(next(_NUMBERS)),
            "StreamViewType": "NEW_IMAGE",
        },
    }


def record_of(event: Event, kind: str = "INSERT") -> dict[str, Any]:
    """A stream record of an event."""
    return record(to_item(event), kind)


def batch_of(*records: Mapping[str, Any]) -> dict[str, Sequence[Mapping[str, Any]]]:
    """What the event source mapping passes to the function."""
    return {"Records": records}


def number_of(one: Mapping[str, Any]) -> str:
    """A record's sequence number."""
    return str(one["dynamodb"]["SequenceNumber"])


def failures_of(answer: Mapping[str, Any]) -> list[str]:
    """The sequence numbers that the function wants to receive again."""
    assert set(answer) == {"batchItemFailures"}
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]
