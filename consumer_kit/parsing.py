"""Parses an event into a `PublishedEvent`, whichever way it was delivered.

The parser is a tolerant reader: it ignores unknown fields and accepts unknown types, because both may be added at any
time. A required field that is missing or invalid is an error that names the field.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from consumer_kit.event import ERASING, FIRST_EPOCH, REDACTED, PublishedEvent, Rejected

# The field of a dead letter that names the rejected event: `consumer_kit.rejection`.
REJECTED: Final = "rejected"
# A body with one of these has its data: EventBridge's, the CloudEvent's and SNS's own fields.
_OF_A_MESSAGE: Final = frozenset({"detail", "specversion", "data", "Type"})
_SOURCE: Final = "urn:customers-api:"
_MOST_DIGITS: Final = 18  # fits a DynamoDB number and any JSON parser


class NotAnEvent(Rejected):
    """This is not a customer event. The message names the field and quotes no data."""


def from_cloud_event(cloud_event: Mapping[str, Any]) -> PublishedEvent:
    """Parse a CloudEvent in JSON format, which is the `detail` of what the bus delivers.

    Args:
        cloud_event: The parsed JSON (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).

    Raises:
        NotAnEvent: A field is missing or has the wrong type, or the source is another system.
    """
    if not _text(cloud_event, "source").startswith(_SOURCE):
        raise NotAnEvent(f"source does not start with {_SOURCE}")
    event_type = _text(cloud_event, "type").rpartition(".")[2]
    return PublishedEvent(
        id=_text(cloud_event, "id"),
        type=event_type,
        customer_id=_text(cloud_event, "subject"),
        version=_version(cloud_event.get("sequence"), "sequence"),
        schema_version=_schema_version(cloud_event.get("dataschema")),
        occurred_at=_text(cloud_event, "time"),
        data=_data(event_type, cloud_event.get("data") or {}),
        correlation_id=str(cloud_event.get("correlationid") or ""),
        causation_id=str(cloud_event.get("causationid") or ""),
        traceparent=str(cloud_event.get("traceparent") or ""),
        replayed=cloud_event.get("replayed") is True,
        epoch=_epoch(cloud_event.get("epoch")),
    )


def from_event_bridge(delivered: Mapping[str, Any]) -> PublishedEvent:
    """Parse what a rule delivers to a function, or to a queue as a message's body.

    Raises:
        NotAnEvent: See `from_cloud_event`.
    """
    return from_cloud_event(_object(delivered.get("detail"), "detail"))


def from_sqs(record: Mapping[str, Any]) -> PublishedEvent:
    """Parse an SQS message from a rule, from an SNS topic behind a rule, or from a dead-letter queue.

    Args:
        record: One of `Records` of the Lambda event, or a message as ReceiveMessage returns it.

    Raises:
        NotAnEvent: See `from_cloud_event`; or the body is not JSON, or a dead letter that has lost its data.
    """
    body = _parsed(record.get("body", record.get("Body")), "body")
    event = from_cloud_event(unwrapped(body))
    if is_rejection(body) and not event.erases:
        raise NotAnEvent("a dead letter has no data: ask the owners of the stream for a backfill of the customer")
    return event


def from_stream(record: Mapping[str, Any], epoch: int = FIRST_EPOCH) -> PublishedEvent | None:
    """Parse a record of the event table's stream.

    Args:
        record: One of `Records` of a DynamoDB stream's Lambda event.
        epoch: The epoch of the event table, which its stream does not name: the stack's output `Epoch`.

    Returns:
        The event; None if the record is not an INSERT, for example when an erasure redacts an event.

    Raises:
        NotAnEvent: The row is not an event.
    """
    if record.get("eventName") != "INSERT":
        return None
    change = _object(record.get("dynamodb"), "dynamodb")
    image = {name: _plain(value) for name, value in _object(change.get("NewImage"), "NewImage").items()}
    metadata = _object(image.get("metadata") or {}, "metadata")
    event_type = _text(image, "type")
    data = _data(event_type, {} if event_type in ERASING else _parsed(image.get("data"), "data"))
    return PublishedEvent(
        id=_text(image, "event_id"),
        type=REDACTED if data.get("redacted") is True else event_type,
        customer_id=_text(image, "customer_id"),
        version=_version(image.get("version"), "version"),
        schema_version=_schema_version(image.get("schema_version")),
        occurred_at=_text(image, "occurred_at"),
        data=data,
        correlation_id=str(metadata.get("correlation_id") or ""),
        causation_id=str(metadata.get("causation_id") or ""),
        epoch=epoch,
    )


def unwrapped(body: Any) -> Mapping[str, Any]:
    """The CloudEvent inside the parsed body of a message; for a dead letter, what is left of it.

    Raises:
        NotAnEvent: There is no JSON object inside.
    """
    content = _object(body, "body")
    if is_rejection(content):
        return _object(content[REJECTED], REJECTED)
    if "detail" in content:
        return _object(content["detail"], "detail")
    if content.get("Type") == "Notification":
        return unwrapped(_parsed(content.get("Message"), "Message"))
    return content


def is_rejection(body: Any) -> bool:
    """Whether the parsed body is a dead letter that names an event and has no data."""
    return isinstance(body, Mapping) and REJECTED in body and not body.keys() & _OF_A_MESSAGE


def _data(event_type: str, value: Any) -> Mapping[str, Any]:
    """The data. An event that erases needs none, so whatever a newer schema puts there is no reason to reject it."""
    if event_type in ERASING and not isinstance(value, Mapping):
        return {}
    return _object(value, "data")


def _parsed(text: Any, field: str) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise NotAnEvent(f"{field} is not JSON") from None


def _plain(attribute: Any) -> Any:
    """The value of a DynamoDB attribute, for the types in the event table."""
    match attribute:
        case {"M": dict(fields)}:
            return {name: _plain(value) for name, value in fields.items()}
        case {"S": value} | {"N": value}:
            return value
        case _:
            return None


def _object(value: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NotAnEvent(f"{field} is missing or not an object")
    return value


def _text(fields: Mapping[str, Any], field: str) -> str:
    value = fields.get(field)
    if not isinstance(value, str) or not value:
        raise NotAnEvent(f"{field} is missing or not a string")
    return value


def _version(value: Any, field: str) -> int:
    number = _number(value)
    if number is None:
        raise NotAnEvent(f"{field} is not a positive integer")
    return number


def _epoch(value: Any) -> int:
    return FIRST_EPOCH if value is None else _version(value, "epoch")


def _schema_version(value: Any) -> int | None:
    return _number(str(value).rpartition(":")[2])


def _number(value: Any) -> int | None:
    text = str(value)
    return int(text) or None if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
