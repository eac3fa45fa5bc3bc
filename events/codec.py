"""Between an event's models, its row in the event table and its record in the table's stream."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from events.customer import CustomerEvent, Redacted
from events.envelope import METADATA_FIELDS, Event, Metadata, Recorded, Unreadable
from events.upcasters import MODELS, upcast

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# What stands in `data` after an erasure: no event's data looks like this.
REDACTED: Final = '{"redacted":true}'

_MODELS: Final[Mapping[str, type[CustomerEvent]]] = {model.type(): model for model in MODELS}


class UnreadableEvent(Exception):
    """An event that no retry will make readable: of an unknown kind, or not of the shape it claims.

    The text names the event and never its data.
    """

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.reason = reason


def encode(data: CustomerEvent, **envelope: Any) -> Event:
    """Put an event's data into its envelope.

    Args:
        data: What happened.
        **envelope: The other fields of `Event`.
    """
    return Event(
        type=data.type(), schema_version=data.schema_version, data=data.model_dump_json(exclude_none=True), **envelope
    )


def decode(event: Event) -> CustomerEvent:
    """Open an event's data, brought to the current schema version.

    Raises:
        UnreadableEvent: Its type or schema version is unknown, or its data is not of that shape.
    """
    if event.data == REDACTED:
        return Redacted()
    model = _MODELS.get(event.type)
    if model is None or not 1 <= event.schema_version <= model.schema_version:
        raise UnreadableEvent(_where(event), f"unknown type {event.type} in schema version {event.schema_version}")
    try:
        if event.schema_version == model.schema_version:
            return model.model_validate_json(event.data)
        data = upcast(json.loads(event.data), event.type, event.schema_version, model.schema_version)
        return model.model_validate(data)
    except ValidationError as invalid:
        fields = sorted({".".join(map(str, error["loc"])) or "data" for error in invalid.errors(include_input=False)})
        raise UnreadableEvent(_where(event), f"unreadable {', '.join(fields)}") from None
    except (KeyError, TypeError, ValueError) as wrong:
        raise UnreadableEvent(_where(event), f"cannot be upcast: {type(wrong).__name__}") from None


def to_item(event: Event) -> "dict[str, AttributeValueTypeDef]":
    """The event's row in the event table."""
    return {
        "customer_id": {"S": event.customer_id},
        "version": {"N": str(event.version)},
        "event_id": {"S": event.event_id},
        "type": {"S": event.type},
        "schema_version": {"N": str(event.schema_version)},
        "occurred_at": {"S": event.occurred_at},
        "data": {"S": event.data},
        "metadata": {"M": {name: {"S": value} for name, value in event.metadata.as_dict().items()}},
    }


def from_item(item: "Mapping[str, AttributeValueTypeDef]") -> Event:
    """Read a row of the event table, or the new image of a stream record.

    Raises:
        UnreadableEvent: It is not a row that `to_item` wrote.
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
            metadata=_metadata(item["metadata"]["M"]),
        )
    except (KeyError, TypeError, ValueError) as wrong:
        key = {name: item.get(name) for name in ("customer_id", "version")}
        raise UnreadableEvent(str(key), f"the row is not an event: {type(wrong).__name__}") from None


def recorded(item: "Mapping[str, AttributeValueTypeDef]") -> Recorded:
    """Read a row that may not be an event: it must not keep others from being read.

    Args:
        item: With the event table's key at least.
    """
    try:
        return from_item(item)
    except UnreadableEvent as error:
        data = item.get("data", {}).get("S", "")
        return Unreadable(item["customer_id"]["S"], int(item["version"]["N"]), error.reason, data)


def _metadata(stored: "Mapping[str, AttributeValueTypeDef]") -> Metadata:
    known = {name: stored[name]["S"] for name in METADATA_FIELDS if name in stored}
    return Metadata(**known)


def _where(event: Event) -> str:
    return f"{event.customer_id} version {event.version}"
