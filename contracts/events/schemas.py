"""JSON Schemas of what is published.

https://json-schema.org/draft/2020-12
"""

from typing import Any, Final

from events.customer import CustomerEvent
from publisher.cloud_event import ATTRIBUTES, PUBLISHED, REQUIRED, SOURCE_PREFIX, TYPE_PREFIX, data_schema

Json = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE_NAME: Final = data_schema("CloudEvent", 1)

_ATTRIBUTES: Final[dict[str, Json]] = {
    "specversion": {"const": "1.0", "description": "Of CloudEvents."},
    "id": {"type": "string", "minLength": 1, "description": "Names the event: equal ids are the same event."},
    "source": {
        "type": "string",
        "pattern": f"^{SOURCE_PREFIX}[a-z]+$",
        "description": "The service, and its stage.",
    },
    "type": {"type": "string", "description": "What happened. New types may come: pass over those you do not know."},
    "subject": {"type": "string", "minLength": 1, "description": "The customer's id."},
    "time": {"type": "string", "format": "date-time", "description": "When it happened, in UTC."},
    "datacontenttype": {"const": "application/json", "description": "Of `data`."},
    "dataschema": {"type": "string", "description": "The schema that `data` keeps, and its version."},
    "sequence": {
        "type": "string",
        "pattern": "^[0-9]{10}$",
        "description": "The event's place among its customer's, from 1 without gaps. Texts order as numbers do.",
    },
    "correlationid": {"type": "string", "description": "Ties together all that one request caused."},
    "causationid": {"type": "string", "description": "The request or the event that caused this one."},
    "traceparent": {
        "type": "string",
        "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        "description": "The trace that it belongs to (W3C Trace Context), where there is one.",
    },
    "replayed": {"const": True, "description": "Only there on events that are sent again as history."},
    "data": {"type": "object", "description": "What happened, by type."},
}


def data_schemas() -> dict[tuple[str, int], Json]:
    """The schema of each type's `data`, in the version that is published now."""
    return {(model.type(), model.schema_version): _data_schema(model) for model in PUBLISHED}


def envelope() -> Json:
    """The schema of a whole CloudEvent, with all it refers to."""
    return {
        "$schema": DIALECT,
        "$id": ENVELOPE_NAME,
        "title": "CloudEvent",
        "description": "An event of this service as it stands in an EventBridge event's `detail`.",
        **attributes(),
        "oneOf": [{"properties": _of_type(model, {"$ref": _name(model)})} for model in PUBLISHED],
        "$defs": {model.type(): _data_schema(model) for model in PUBLISHED},
    }


def event_schema(model: type[CustomerEvent]) -> Json:
    """The schema of one type's CloudEvent, in words that every draft of JSON Schema since 6 has.

    Args:
        model: One of those that are published.
    """
    whole = attributes()
    data = {name: value for name, value in _data_schema(model).items() if not name.startswith("$")}
    return {
        "title": f"{model.type()} as CloudEvent",
        **whole,
        "properties": whole["properties"] | _of_type(model, data),
    }


def attributes() -> Json:
    """The part of the envelope that all types share."""
    properties = {name: value for name, value in _ATTRIBUTES.items() if name in ATTRIBUTES}
    return {"type": "object", "properties": properties, "required": [name for name in properties if name in REQUIRED]}


def _of_type(model: type[CustomerEvent], data: Json) -> Json:
    return {"type": {"const": TYPE_PREFIX + model.type()}, "dataschema": {"const": _name(model)}, "data": data}


def _name(model: type[CustomerEvent]) -> str:
    return data_schema(model.type(), model.schema_version)


def _data_schema(model: type[CustomerEvent]) -> Json:
    made = model.model_json_schema(mode="serialization", by_alias=True)
    for each in made["properties"].values():
        # Pydantic makes it of the name, which says the same.
        each.pop("title", None)
    return {"$schema": DIALECT, "$id": _name(model), **made}
