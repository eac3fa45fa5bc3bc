"""Skips a version that no longer exists, so that the events which wait for it are handled."""

import json
from typing import Any

from consumer_kit.event import FIRST_EPOCH, PublishedEvent
from consumer_kit.inbox import Inbox
from consumer_kit.ordering import after_skipping, next_held


def skip(inbox: Inbox, customer_id: str, version: int, now: str) -> PublishedEvent | None:
    """Record that a missing version will never arrive. If it arrives later, the consumer skips it.

    Safe to repeat: a run that was killed after its write returns the same event again.

    Args:
        inbox: The consumer's inbox.
        customer_id: The customer whose held events wait.
        version: The missing version.
        now: RFC 3339.

    Returns:
        The held event to handle next, to be sent to the consumer's queue: handling it releases those after it. None if
        the next version is missing, too.

    Raises:
        CannotSkip: No held event waits for this version. Nothing was written.
        InboxConflict: The consumer wrote the inbox at the same time. Nothing was written: try again.
    """
    state = inbox.load(customer_id)
    if state.version != version or next_held(state) is None:
        state = after_skipping(state, version, now)
        inbox.save(state)
    return next_held(state)


def to_message(event: PublishedEvent) -> str:
    """Write an event as the body of a message that `from_sqs` parses: a CloudEvent in JSON format."""
    cloud_event: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        # Held events do not keep their source, and every source of customers begins like this.
        "source": "urn:customers-api:held",
        "type": f"customers.{event.type}",
        "subject": event.customer_id,
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "sequence": f"{event.version:010}",
        "data": dict(event.data),
    }
    if event.schema_version is not None:
        cloud_event["dataschema"] = f"urn:customers-api:schema:{event.type}:{event.schema_version}"
    optional = {
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
        "traceparent": event.traceparent,
        "replayed": event.replayed,
        "epoch": event.epoch if event.epoch != FIRST_EPOCH else None,
    }
    return json.dumps(cloud_event | {name: value for name, value in optional.items() if value}, ensure_ascii=False)
