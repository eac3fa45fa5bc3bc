"""One example of each published event, made by the code that publishes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from contracts.sample import sample_of
from events.codec import REDACTED, encode
from events.customer import CustomerEvent
from events.envelope import Event, Metadata
from publisher.cloud_event import PUBLISHED, EventRedacted, cloud_event, source_of

CUSTOMER_ID: Final = "4c5c7f0a-7a34-4c59-9d9b-0c7d0c0f8a01"
_METADATA: Final = Metadata(
    correlation_id="order-77",
    causation_id="5d2a2a0e-8f5e-4b0f-9a0c-1c5a3c0d7e11",
    actor="",
    command_id="",
    trace_id="1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8",
)
# Values that differ from the sample, to show a change.
_CHANGED: Final[Mapping[str, Mapping[str, Any]]] = {"CustomerUpdated": {"city": "Paris", "country": "France"}}


def examples() -> dict[str, dict[str, Any]]:
    """Return a CloudEvent for each published type, by the name of the type.

    The events are successive events of one customer. `EventRedacted` shows the first of them after an erasure.

    Raises:
        SampleMissing: A required field of an event has no sample value.
    """
    source = source_of("production")
    stored = [model for model in PUBLISHED if model is not EventRedacted]
    events = [_event(model, version) for version, model in enumerate(stored, 1)]
    published = {event.type: cloud_event(event, source) for event in events}
    redacted = replace(events[0], data=REDACTED)
    return {**published, EventRedacted.type(): cloud_event(redacted, source, replayed=True)}


def _event(model: type[CustomerEvent], version: int) -> Event:
    values = {**sample_of(model), **_CHANGED.get(model.type(), {})}
    return encode(
        model.model_validate_json(json.dumps(values)),
        customer_id=CUSTOMER_ID,
        version=version,
        event_id=f"b7e5c1d2-0000-4000-8000-{version:012d}",
        occurred_at=f"2026-05-17T09:30:{version:02d}.000000Z",
        metadata=_METADATA,
    )
