"""The envelope: everything about an event except its data."""

from dataclasses import dataclass, field, fields
from typing import Any, Final

from shared.runtime.ids import fingerprint


@dataclass(frozen=True, slots=True)
class Metadata:
    """The origin of an event. Contains no personal data: the actor is a token's subject.

    Attributes:
        correlation_id: The same for everything that one request caused.
        causation_id: The id of the request or event that caused this event.
        actor: The `sub` of the token.
        command_id: The id of the command; the same for every attempt of it.
        request_hash: SHA-256 of the command's canonical content, or an empty string.
        trace_id: The X-Ray trace id, or an empty string.
        segment_id: The X-Ray segment of the command; empty if the trace was not recorded.
    """

    correlation_id: str
    causation_id: str
    actor: str
    command_id: str
    request_hash: str = ""
    trace_id: str = ""
    segment_id: str = ""

    def as_dict(self) -> dict[str, str]:
        """All fields by name."""
        return {name: getattr(self, name) for name in METADATA_FIELDS}


METADATA_FIELDS: Final = tuple(field.name for field in fields(Metadata))


@dataclass(frozen=True, slots=True)
class Event:
    """One event as stored in the log.

    Attributes:
        version: The event's position among the customer's events, from 1, without gaps.
        event_id: A UUID that identifies the event everywhere.
        type: For example `CustomerCreated`.
        schema_version: The schema version of `data`.
        occurred_at: RFC 3339, UTC, 27 characters.
        data: The personal data, as one JSON string that only the codec parses.
        metadata: The event's origin.
        created_at: When the customer was created. Empty in first events, and in events of older releases.
        recent_commands: The fingerprints of the commands of the events before this one; see `events.recent_commands`.
        unchanged: How many events in a row, up to this one, changed nothing; 0 if this one did.
        hash_in_metadata: Whether an older release stored the request's hash where a redaction must look for it.
        is_sealed: Whether the row still has the data, which `events.history.sealed` withheld.
    """

    customer_id: str
    version: int
    event_id: str
    type: str
    schema_version: int
    occurred_at: str
    data: str
    metadata: Metadata
    created_at: str = ""
    recent_commands: str = ""
    unchanged: int = 0
    hash_in_metadata: bool = field(default=False, compare=False, repr=False)
    is_sealed: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of the event table that is not an event. Only its key is reliable.

    Attributes:
        reason: Why the row cannot be read; contains no personal data.
        data: The row's `data` attribute; empty if it has none.
        has_hash: Whether the row has a request's hash.
        hash_in_metadata: See `Event`.
        is_sealed: See `Event`.
    """

    customer_id: str
    version: int
    reason: str
    data: str = field(default="", repr=False)
    has_hash: bool = field(default=False, compare=False, repr=False)
    hash_in_metadata: bool = field(default=False, compare=False, repr=False)
    is_sealed: bool = field(default=False, compare=False, repr=False)


Recorded = Event | Unreadable
"""A row of the event table."""


def trace_annotations(customer_id: str, version: int, event_type: str) -> dict[str, Any]:
    """The annotations by which an event is found in X-Ray. The customer's id is hashed, so that no trace names it."""
    return {
        "customer": fingerprint(customer_id),
        "version": version,
        "event_type": event_type,
    }
