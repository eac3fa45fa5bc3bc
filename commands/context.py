"""The context of a command: time, ids and origin are passed in, so that use cases read no clock and create no ids."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from events.codec import REDACTED
from events.envelope import Event, Metadata
from shared.http.headers import idempotency_key
from shared.http.preconditions import NO_PRECONDITIONS, Preconditions, preconditions_of
from shared.http.problems import KeyReused
from shared.http.request import Request

_ETAG: Final = re.compile(r'"[1-9][0-9]{0,8}"')
_NAMESPACE: Final = uuid.UUID("8b1f3a52-52c1-4a0d-9d0e-6d9c0f6b7a11")


@dataclass(frozen=True, slots=True)
class Context:
    """The context of one attempt of a command.

    Attributes:
        now: The time of the decision, timezone-aware.
        event_id: The id of the event that the command may append.
        metadata: The metadata of that event: who sent the command, and which command it is.
        conditions: The conditions under which the caller wants the command carried out.
        keyed: Whether the command has an Idempotency-Key.
        by_version: For a command that only its If-Match identifies: the metadata by the version that the event follows.
    """

    now: datetime
    event_id: str
    metadata: Metadata
    conditions: Preconditions = NO_PRECONDITIONS
    keyed: bool = False
    by_version: Mapping[int, Metadata] = field(default_factory=dict)

    def following(self, version: int) -> Metadata:
        """The metadata of an event that this command appends after a version."""
        return self.by_version.get(version, self.metadata)

    def caused(self, event: Event) -> bool:
        """Whether an earlier attempt of this command appended the event.

        The event of an erased customer has no hash left to compare: the command's id decides.

        Raises:
            KeyReused: The event comes from a different command with the same Idempotency-Key.
        """
        metadata = self.following(event.version - 1)
        if event.metadata.command_id != metadata.command_id:
            return False
        if event.data != REDACTED and event.metadata.request_hash != metadata.request_hash:
            raise KeyReused
        return True


def context_of(request: Request, operation: str, content: str, now: datetime, event_id: str) -> Context:
    """The context of an HTTP request, with a command id that is the same for every attempt of the command.

    The command id derives from the Idempotency-Key, scoped to its caller. Without a key it derives from If-Match, as a
    version can be changed only once: one id for each version that If-Match names. Without either, a repeat cannot be
    distinguished from a new request, and the event's id becomes the command's. It is never the request's id, which a
    caller can choose on AWS (X-Amzn-RequestId).

    Args:
        operation: For example `POST /customers`.
        content: The command's canonical text, of which only a hash is stored.
        now: The current time, timezone-aware.
        event_id: A new id.

    Raises:
        InvalidFields: The Idempotency-Key, If-Match or If-None-Match is invalid.
    """
    key, conditions = idempotency_key(request.headers), preconditions_of(request.headers)

    def metadata(command_id: str) -> Metadata:
        return Metadata(
            correlation_id=request.correlation_id,
            causation_id=request.request_id,
            actor=request.caller.subject,
            command_id=command_id,
            # Salted with the command id, so that the hashes do not reveal that two requests have the same content.
            request_hash=hashlib.sha256(f"{command_id}\n{content}".encode()).hexdigest(),
            trace_id=request.trace_id,
            segment_id=request.segment_id,
        )

    if key is not None:
        keyed = metadata(_derive(request.caller.subject, operation, "key", key))
        return Context(now, event_id, keyed, conditions, keyed=True)
    seen = {
        version: metadata(_derive(request.caller.subject, operation, "seen", str(version), content))
        for version in _versions(conditions)
    }
    return Context(now, event_id, metadata(event_id), conditions, by_version=seen)


def _versions(conditions: Preconditions) -> list[int]:
    """The versions that If-Match names. An ETag that is weak or not ours names none."""
    tags = conditions.if_match.tags if conditions.if_match else ()
    return [int(tag[1:-1]) for tag in tags if _ETAG.fullmatch(tag)]


def _derive(*parts: str) -> str:
    # Each part is prefixed with its length, so that no two lists of parts produce the same text.
    return str(uuid.uuid5(_NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))
