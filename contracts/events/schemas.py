"""JSON Schemas of the published events.

https://json-schema.org/draft/2020-12
"""

from typing import Any, Final

from contracts.errors import ContractError
from events.customer import CustomerEvent
from publisher.cloud_event import ATTRIBUTES, PUBLISHED, REQUIRED, SOURCE_PREFIX, TYPE_PREFIX, data_schema

Json = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE_NAME: Final = data_schema("CloudEvent", 1)

_ATTRIBUTES: Final[dict[str, Json]] = {
    "specversion": {"const": "1.0", "description": "The version of the CloudEvents specification."},
    "id": {
        "type": "string",
        "minLength": 1,
        "description": "Identifies the event. Two events with the same id are duplicates.",
    },
    "source": {
        "type": "string",
        "pattern": f"^{SOURCE_PREFIX}[a-z]+$",
        "description": "The service and its stage.",
    },
    "type": {
        "type": "string",
        "description": "The type of the event. New types may be added: ignore types that you do not know.",
    },
    "subject": {"type": "string", "minLength": 1, "description": "The customer's id."},
    "time": {"type": "string", "format": "date-time", "description": "When it happened, in UTC."},
    "datacontenttype": {"const": "application/json", "description": "The media type of `data`."},
    "dataschema": {"type": "string", "description": "The schema of `data`, with its version."},
    "sequence": {
        "type": "string",
        "pattern": "^[0-9]{10}$",
        "description": "The position among the customer's events, from 1 without gaps. Zero-padded, so that "
        "strings sort like numbers.",
    },
    "correlationid": {"type": "string", "description": "Shared by everything that one request caused."},
    "causationid": {"type": "string", "description": "The request or the event that caused this one."},
    "traceparent": {
        "type": "string",
        "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        "description": "The trace of the event (W3C Trace Context), if there is one.",
    },
    "replayed": {"const": True, "description": "Present only on events that are sent again as history."},
    "epoch": {
        "type": "integer",
        "minimum": 1,
        "description": "The history that `sequence` counts in; 1 if absent. It grows when the events are restored from "
        "a backup. Order events by `epoch`, then by `sequence`.",
    },
    "data": {"type": "object", "description": "The content of the event; its schema depends on the type."},
}


def data_schemas() -> dict[tuple[str, int], Json]:
    """Return the schema of each type's `data`, by type and current version."""
    return {(model.type(), model.published_version): _data_schema(model) for model in PUBLISHED}


def envelope() -> Json:
    """Return the schema of a CloudEvent, including the schema of each type's `data`."""
    return {
        "$schema": DIALECT,
        "$id": ENVELOPE_NAME,
        "title": "CloudEvent",
        "description": "An event of this service: the `detail` of an EventBridge event.",
        **attributes(),
        "oneOf": [{"properties": _of_type(model, {"$ref": _name(model)})} for model in PUBLISHED],
        "$defs": {model.type(): _data_schema(model) for model in PUBLISHED},
    }


def event_schema(model: type[CustomerEvent]) -> Json:
    """Return the schema of one type's CloudEvent, using only keywords of JSON Schema draft 6 and later.

    Args:
        model: One of `PUBLISHED`.
    """
    whole = attributes()
    data = {name: value for name, value in _data_schema(model).items() if not name.startswith("$")}
    return {
        "title": f"{model.type()} as CloudEvent",
        **whole,
        "properties": whole["properties"] | _of_type(model, data),
    }


def attributes() -> Json:
    """Return the part of the envelope that all types share.

    Raises:
        ContractError: An attribute of the publisher has no schema here.
    """
    if missing := ATTRIBUTES - _ATTRIBUTES.keys():
        raise ContractError(
            f"The CloudEvent attribute '{min(missing)}' has no schema: add one to _ATTRIBUTES in "
            "contracts/events/schemas.py."
        )
    properties = {name: value for name, value in _ATTRIBUTES.items() if name in ATTRIBUTES}
    return {"type": "object", "properties": properties, "required": [name for name in properties if name in REQUIRED]}


def _of_type(model: type[CustomerEvent], data: Json) -> Json:
    return {"type": {"const": TYPE_PREFIX + model.type()}, "dataschema": {"const": _name(model)}, "data": data}


def _name(model: type[CustomerEvent]) -> str:
    return data_schema(model.type(), model.published_version)


def _data_schema(model: type[CustomerEvent]) -> Json:
    schema = model.model_json_schema(mode="serialization", by_alias=True)
    for field in schema.get("properties", {}).values():
        # Pydantic derives the title from the name, so it adds nothing.
        field.pop("title", None)
    return {"$schema": DIALECT, "$id": _name(model), **schema}
