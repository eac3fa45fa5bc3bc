"""An event as other teams see it: a CloudEvent in structured JSON format.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/sequence.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/distributed-tracing.md
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from events.codec import UnreadableEvent, decode
from events.customer import CustomerEvent, Redacted
from events.envelope import Event, Recorded, Unreadable
from events.upcasters import MODELS

TYPE_PREFIX: Final = "customers."
SCHEMA_PREFIX: Final = "urn:customers-api:schema:"
SOURCE_PREFIX: Final = "urn:customers-api:"
# Events of the first epoch do not name it, as they did not before there were epochs.
FIRST_EPOCH: Final = 1
REQUIRED: Final = frozenset(
    {
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "sequence",
        "correlationid", "causationid", "data",
    }
)  # fmt: skip
OPTIONAL: Final = frozenset({"traceparent", "replayed", "epoch"})
# Everything that leaves the service. The actor, the command id and the request hash stay inside.
ATTRIBUTES: Final = REQUIRED | OPTIONAL


class EventRedacted(CustomerEvent):
    """An event whose customer was erased before it was published: its version remains, its data is deleted."""

    type_: str = Field(serialization_alias="type", description="The original type, for example `CustomerCreated`.")


# Every published type, in its newest published version.
PUBLISHED: Final[tuple[type[CustomerEvent], ...]] = (*MODELS, EventRedacted)

_XRAY_ROOT: Final = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")


def source_of(stage: str) -> str:
    """The CloudEvents `source` of a stage's events.

    Args:
        stage: For example `production`.
    """
    return SOURCE_PREFIX + stage


def cloud_event(recorded: Recorded, source: str, *, epoch: int = FIRST_EPOCH, replayed: bool = False) -> dict[str, Any]:
    """Turn an event into a CloudEvent.

    Args:
        recorded: The event as the event table or its stream has it.
        source: See `source_of`.
        epoch: The epoch of the event table, from 1: how often it was restored from a backup, plus one.
        replayed: Whether the event is sent again because a consumer asked for history.

    Returns:
        The CloudEvent, ready for JSON. `data` has the newest published version, which `dataschema` names. An event
        whose data was erased becomes an `EventRedacted` that names the original type; id, subject, sequence and time
        stay.

    Raises:
        UnreadableEvent: The event cannot be read, and a retry will not change that.
    """
    if isinstance(recorded, Unreadable):
        raise UnreadableEvent(f"{recorded.customer_id} version {recorded.version}", recorded.reason)
    data = decode(recorded)
    if isinstance(data, Redacted):
        # Not under its original type: a CustomerCreated always has a name.
        data = EventRedacted(type_=recorded.type)
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": recorded.event_id,
        "source": source,
        "type": TYPE_PREFIX + data.type(),
        "subject": recorded.customer_id,
        "time": recorded.occurred_at,
        "datacontenttype": "application/json",
        "dataschema": data_schema(data.type(), data.published_version),
        "sequence": f"{recorded.version:010d}",
        "correlationid": recorded.metadata.correlation_id,
        "causationid": recorded.metadata.causation_id,
    }
    if parent := _traceparent(recorded):
        event["traceparent"] = parent
    if replayed:
        event["replayed"] = True
    if epoch != FIRST_EPOCH:
        event["epoch"] = epoch
    return {**event, "data": data.model_dump(mode="json", by_alias=True, exclude_none=True)}


def data_schema(name: str, version: int) -> str:
    """The name of a published schema: a URN, so it stays valid wherever the documents are stored.

    Args:
        name: The event's type, for example `CustomerCreated`.
        version: The published version.
    """
    return f"{SCHEMA_PREFIX}{name}:{version}"


def to_json(event: Mapping[str, Any]) -> str:
    """A CloudEvent as the text that is sent.

    It is the same on every try, and UTF-8 rather than escapes, because EventBridge limits bytes.

    Args:
        event: The result of `cloud_event`.
    """
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _traceparent(event: Event) -> str:
    """The X-Ray trace in W3C format.

    The parent span is the segment in which the event was decided. If the trace was not sampled there is no segment, so
    the span id is derived from the event's id.
    """
    root = _XRAY_ROOT.fullmatch(event.metadata.trace_id)
    if not root:
        return ""
    if event.metadata.segment_id:
        return f"00-{root[1]}{root[2]}-{event.metadata.segment_id}-01"
    return f"00-{root[1]}{root[2]}-{hashlib.sha256(event.event_id.encode()).hexdigest()[:16]}-00"
