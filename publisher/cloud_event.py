"""An event as other teams see it: a CloudEvent, in its structured JSON form.

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
REQUIRED: Final = frozenset(
    {
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "sequence",
        "correlationid", "causationid", "data",
    }
)  # fmt: skip
OPTIONAL: Final = frozenset({"traceparent", "replayed"})
# All that leaves the service. Who did it, by which command and with which request stays here.
ATTRIBUTES: Final = REQUIRED | OPTIONAL


class EventRedacted(CustomerEvent):
    """An event of a person who was forgotten before it was published: its place stays, and what it held is gone."""

    type_: str = Field(serialization_alias="type", description="What it was, for instance `CustomerCreated`.")


# All that is published, in the newest version of each.
PUBLISHED: Final[tuple[type[CustomerEvent], ...]] = (*MODELS, EventRedacted)

_XRAY_ROOT: Final = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")


def source_of(stage: str) -> str:
    """The `source` of a stage's events.

    Args:
        stage: For instance `production`.
    """
    return SOURCE_PREFIX + stage


def cloud_event(recorded: Recorded, source: str, *, replayed: bool = False) -> dict[str, Any]:
    """Say an event to the outside.

    Args:
        recorded: As the event table or its stream has it.
        source: See `source_of`.
        replayed: Whether it is sent again because a consumer asked for history.

    Returns:
        The CloudEvent, ready for JSON. `data` is of the newest schema version, which `dataschema` names. An event whose
        data an erasure took is an `EventRedacted` that names its first type; id, subject, sequence and time stay.

    Raises:
        UnreadableEvent: It cannot be read, and no retry will change that.
    """
    if isinstance(recorded, Unreadable):
        raise UnreadableEvent(f"{recorded.customer_id} version {recorded.version}", recorded.reason)
    data = decode(recorded)
    if isinstance(data, Redacted):
        # Not as what it was: nobody's CustomerCreated lacks a name.
        data = EventRedacted(type_=recorded.type)
    said: dict[str, Any] = {
        "specversion": "1.0",
        "id": recorded.event_id,
        "source": source,
        "type": TYPE_PREFIX + data.type(),
        "subject": recorded.customer_id,
        "time": recorded.occurred_at,
        "datacontenttype": "application/json",
        "dataschema": data_schema(data.type(), data.schema_version),
        "sequence": f"{recorded.version:010d}",
        "correlationid": recorded.metadata.correlation_id,
        "causationid": recorded.metadata.causation_id,
    }
    if parent := _traceparent(recorded):
        said["traceparent"] = parent
    if replayed:
        said["replayed"] = True
    return {**said, "data": data.model_dump(mode="json", by_alias=True, exclude_none=True)}


def data_schema(name: str, version: int) -> str:
    """The name of a published schema: a URN, so that it stays true wherever the documents are kept.

    Args:
        name: The event's type, for instance `CustomerCreated`.
        version: The schema's.
    """
    return f"{SCHEMA_PREFIX}{name}:{version}"


def encoded(said: Mapping[str, Any]) -> str:
    """A CloudEvent as the text that is sent: the same for every try, and UTF-8 rather than escapes, as bytes count.

    Args:
        said: As `cloud_event` makes it.
    """
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _traceparent(event: Event) -> str:
    """The W3C form of the X-Ray trace.

    The span is the segment that the event was decided in. Where the trace was not recorded there is none, and it is
    made of the event's id.
    """
    root = _XRAY_ROOT.fullmatch(event.metadata.trace_id)
    if not root:
        return ""
    if event.metadata.segment_id:
        return f"00-{root[1]}{root[2]}-{event.metadata.segment_id}-01"
    return f"00-{root[1]}{root[2]}-{hashlib.sha256(event.event_id.encode()).hexdigest()[:16]}-00"
