"""Converts between event models, rows of the event table and records of its stream."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from events.customer import CustomerErased, CustomerEvent, Redacted
from events.envelope import METADATA_FIELDS, Event, Metadata, Recorded, Unreadable
from events.upcasters import MODELS, upcast

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# The `data` of an event after an erasure. No event model has this shape.
REDACTED: Final = '{"redacted":true}'

UNKNOWN_TYPE: Final = "(unknown type)"
_MODELS: Final[Mapping[str, type[CustomerEvent]]] = {model.type(): model for model in MODELS}


class UnreadableEvent(Exception):
    """An event has an unknown type or schema version, or its data does not have that schema. A retry does not help.

    The message identifies the event but never contains its data.
    """

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.reason = reason


class NewerEvent(UnreadableEvent):
    """A newer release of the service appended the event: this one does not know its type or its schema version."""


def encode(data: CustomerEvent, **envelope: Any) -> Event:
    """Wrap an event's data in its envelope.

    Args:
        data: The event model.
        **envelope: The other fields of `Event`.
    """
    return Event(
        type=data.type(), schema_version=data.schema_version, data=data.model_dump_json(exclude_none=True), **envelope
    )


def decode(event: Event) -> CustomerEvent:
    """Parse an event's data and upcast it to the current schema version.

    An erasure is one at any schema version: whatever a newer release adds to it, it must not wait.

    Raises:
        NewerEvent: The type is unknown, or the schema version is newer than the model's.
        UnreadableEvent: The schema version is not a number from 1, or the data does not have that schema.
    """
    if event.data == REDACTED:
        return Redacted()
    model = _MODELS.get(event.type)
    if model is None:
        # The stored type is not quoted: nothing guarantees that it holds no personal data.
        raise NewerEvent(_where(event), "unknown type")
    if not 1 <= event.schema_version <= model.schema_version:
        if model is CustomerErased:
            return CustomerErased()
        kind = NewerEvent if event.schema_version > model.schema_version else UnreadableEvent
        raise kind(_where(event), f"unknown schema version {event.schema_version} of {event.type}")
    try:
        if event.schema_version == model.schema_version:
            return model.model_validate_json(event.data)
        data = upcast(json.loads(event.data), event.type, event.schema_version, model.schema_version)
        # What an upcaster leaves over is no field of a newer release.
        return model.model_validate({name: value for name, value in data.items() if name in model.model_fields})
    except ValidationError as invalid:
        fields = sorted({".".join(map(str, error["loc"])) or "data" for error in invalid.errors(include_input=False)})
        raise UnreadableEvent(_where(event), f"unreadable {', '.join(fields)}") from None
    except (KeyError, TypeError, ValueError, RecursionError) as wrong:
        raise UnreadableEvent(_where(event), f"cannot be upcast: {type(wrong).__name__}") from None


def known_type(event: Event) -> str:
    """The event's type as logs, traces and reasons may show it: a type of ours, or `(unknown type)`."""
    return event.type if event.type in _MODELS else UNKNOWN_TYPE


def to_item(event: Event) -> "dict[str, AttributeValueTypeDef]":
    """The event's row in the event table.

    The request's hash is an attribute of its own, so that a redaction can remove it and change nothing else of the
    metadata.
    """
    metadata = event.metadata.as_dict()
    optional: dict[str, AttributeValueTypeDef] = {
        "created_at": {"S": event.created_at},
        "recent_commands": {"S": event.recent_commands},
        "request_hash": {"S": metadata.pop("request_hash")},
        "unchanged": {"N": str(event.unchanged or "")},
    }
    return {
        "customer_id": {"S": event.customer_id},
        "version": {"N": str(event.version)},
        "event_id": {"S": event.event_id},
        "type": {"S": event.type},
        "schema_version": {"N": str(event.schema_version)},
        "occurred_at": {"S": event.occurred_at},
        "data": {"S": event.data},
        "metadata": {"M": {name: {"S": value} for name, value in metadata.items()}},
        **{name: value for name, value in optional.items() if any(value.values())},
    }


def from_item(item: "Mapping[str, AttributeValueTypeDef]") -> Event:
    """Parse a row of the event table or the new image of a stream record.

    Raises:
        UnreadableEvent: The item does not have the shape that `to_item` writes.
    """
    try:
        return Event(
            customer_id=item["customer_id"]["S"],
            version=int(item["version"]["N"]),
            event_id=item["event_id"]["S"],
            type=item["type"]["S"],
            schema_version=int(item["schema_version"]["N"]),
            occurred_at=item["occurred_at"]["S"],
            data=item["data"]["S"],
            metadata=_metadata(item),
            created_at=item.get("created_at", {"S": ""})["S"],
            recent_commands=item.get("recent_commands", {"S": ""})["S"],
            unchanged=int(item.get("unchanged", {"N": "0"})["N"]),
            hash_in_metadata=_has_hash_in_metadata(item),
        )
    except (KeyError, TypeError, ValueError) as wrong:
        key = {name: item.get(name) for name in ("customer_id", "version")}
        raise UnreadableEvent(str(key), f"the row is not an event: {type(wrong).__name__}") from None


def recorded(item: "Mapping[str, AttributeValueTypeDef]") -> Recorded:
    """Parse a row that may not be an event, so that one bad row does not prevent others from being read.

    Args:
        item: An item with at least the event table's key.
    """
    try:
        return from_item(item)
    except UnreadableEvent as error:
        data = item.get("data", {}).get("S", "")
        in_metadata = _has_hash_in_metadata(item)
        return Unreadable(
            customer_id=item["customer_id"]["S"],
            version=int(item["version"]["N"]),
            reason=error.reason,
            data=data,
            has_hash=in_metadata or "request_hash" in item,
            hash_in_metadata=in_metadata,
        )


def _metadata(item: "Mapping[str, AttributeValueTypeDef]") -> Metadata:
    stored = item["metadata"]["M"]
    known = {name: stored[name]["S"] for name in METADATA_FIELDS if name in stored}
    if "request_hash" in item:
        known["request_hash"] = item["request_hash"]["S"]
    return Metadata(**known)


def _has_hash_in_metadata(item: "Mapping[str, AttributeValueTypeDef]") -> bool:
    return "request_hash" in item.get("metadata", {}).get("M", {})


def _where(event: Event) -> str:
    return f"{event.customer_id} version {event.version}"
