"""The envelope: what is known of every event without reading its data."""

from dataclasses import dataclass, field, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where an event came from. Holds no personal data: the actor is a token's subject.

    Attributes:
        correlation_id: Ties together all that one request caused.
        causation_id: The request or the event that caused this event.
        actor: The `sub` of the token.
        command_id: Names the command; the same for every try of it.
        request_hash: SHA-256 of the command's canonical content, or an empty text.
        trace_id: The X-Ray trace, or an empty text.
    """

    correlation_id: str
    causation_id: str
    actor: str
    command_id: str
    request_hash: str = ""
    trace_id: str = ""

    def as_dict(self) -> dict[str, str]:
        """All fields by name."""
        return {name: getattr(self, name) for name in METADATA_FIELDS}


METADATA_FIELDS: Final = tuple(field.name for field in fields(Metadata))


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the log keeps it.

    Attributes:
        customer_id: The stream that it belongs to.
        version: Its place in that stream, from 1, without gaps.
        event_id: A UUID that names this event everywhere.
        type: For instance `CustomerCreated`.
        schema_version: The version of the shape of `data`.
        occurred_at: RFC 3339, UTC, 27 characters.
        data: The personal data, as one JSON text that only the codec opens.
        metadata: Where it came from.
    """

    customer_id: str
    version: int
    event_id: str
    type: str
    schema_version: int
    occurred_at: str
    data: str
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of the event table that is not an event; its key is all that can be relied on.

    Attributes:
        customer_id: Whose it is.
        version: Its place among their events.
        reason: Why it cannot be read; holds nothing personal.
        data: What stands in the place of an event's data; empty for nothing.
    """

    customer_id: str
    version: int
    reason: str
    data: str = field(default="", repr=False)


Recorded = Event | Unreadable
