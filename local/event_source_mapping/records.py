"""Stream records, converted from the Streams API's form to the form that a function receives."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One change, as the function receives it.

    Attributes:
        event: The record in the form of the function's event; JSON-serialisable.
        sequence_number: A decimal number.
        arrived: When DynamoDB recorded the change, in seconds since the epoch (whole seconds on AWS).
        size: Size of the serialised `event` in bytes.
    """

    event: Mapping[str, object]
    sequence_number: str
    arrived: float
    size: int

    @property
    def order(self) -> int:
        """The sequence number as an integer. As strings, "9" would sort after "10"."""
        return int(self.sequence_number)


def encode(value: object) -> bytes:
    """Serialise a payload as compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def record_of(event: Mapping[str, object]) -> StreamRecord:
    """Wrap a record that already has the form of the function's event.

    Args:
        event: One entry of `Records`; JSON-serialisable.

    Raises:
        ValueError: The sequence number or the creation time is missing.
    """
    change = event.get("dynamodb")
    if not isinstance(change, Mapping):
        raise ValueError("a stream record needs its 'dynamodb' part")  # noqa: TRY004 - one error type for a bad record
    number, arrived = change.get("SequenceNumber"), change.get("ApproximateCreationDateTime")
    if not isinstance(number, str) or not number.isdecimal() or not isinstance(arrived, int | float):
        raise ValueError("a stream record needs a decimal SequenceNumber and an ApproximateCreationDateTime")
    return StreamRecord(event, number, float(arrived), len(encode(event)))


def event_of(record: Mapping[str, object], stream_arn: str) -> dict[str, object]:
    """Convert a record from GetRecords to the form that Lambda passes to functions.

    Source: AWS Lambda docs, "Using AWS Lambda with Amazon DynamoDB", example event.

    Args:
        record: One entry of `Records` as boto3 parses it, with bytes and datetimes.
        stream_arn: The record's stream. A function's event contains it, a record of the Streams API does not.
    """
    event = {key: _json_safe(record[key]) for key in ("eventID", "eventName", "eventVersion") if key in record}
    event |= {"eventSource": "aws:dynamodb", "awsRegion": record.get("awsRegion") or stream_arn.split(":")[3]}
    event |= {"dynamodb": _json_safe(record["dynamodb"]), "eventSourceARN": stream_arn}
    identity = record.get("userIdentity")
    if isinstance(identity, Mapping):
        event["userIdentity"] = {"type": identity.get("Type"), "principalId": identity.get("PrincipalId")}
    return event


def _json_safe(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _json_safe(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_json_safe(inner) for inner in value]
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return _number(value.timestamp())
    return value


def _number(seconds: float) -> float:
    return int(seconds) if seconds.is_integer() else seconds
