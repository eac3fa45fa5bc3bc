"""The context of a command: time, ids and origin are passed in, so that use cases read no clock and create no ids."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.codec import REDACTED
from events.envelope import Event, Metadata
from shared.http.headers import idempotency_key, if_match
from shared.http.problems import KeyReused
from shared.http.request import Request

_NAMESPACE: Final = uuid.UUID("8b1f3a52-52c1-4a0d-9d0e-6d9c0f6b7a11")


@dataclass(frozen=True, slots=True)
class Context:
    """The context of one attempt of a command.

    Attributes:
        now: The time of the decision, timezone-aware.
        event_id: The id of the event that the command may append.
        metadata: The metadata of that event: who sent the command, and which command it is.
        seen: The versions that the caller accepts (If-Match); None for any.
        keyed: Whether the command has an Idempotency-Key.
    """

    now: datetime
    event_id: str
    metadata: Metadata
    seen: frozenset[int] | None = None
    keyed: bool = False

    def caused(self, event: Event) -> bool:
        """Whether an earlier attempt of this command appended the event.

        The event of an erased customer has no hash left to compare: the command's id decides.

        Raises:
            KeyReused: The event comes from a different command with the same Idempotency-Key.
        """
        if event.metadata.command_id != self.metadata.command_id:
            return False
        if event.data != REDACTED and event.metadata.request_hash != self.metadata.request_hash:
            raise KeyReused
        return True


def context_of(request: Request, operation: str, content: str, now: datetime, event_id: str) -> Context:
    """The context of an HTTP request, with a command id that is the same for every attempt of the command.

    The command id derives from the Idempotency-Key, scoped to its caller. Without a key it derives from If-Match, as a
    version can be changed only once. Without either, a repeat cannot be distinguished from a new request.

    Args:
        operation: For example `POST /customers`.
        content: The command's canonical text, of which only a hash is stored.
        now: The current time, timezone-aware.
        event_id: A new id.

    Raises:
        InvalidFields: The Idempotency-Key or If-Match is invalid.
    """
    key, seen = idempotency_key(request.headers), if_match(request.headers)
    command_id = request.request_id
    if key is not None:
        command_id = _derive(request.subject, operation, "key", key)
    elif seen is not None:
        versions = map(str, sorted(seen))
        command_id = _derive(request.subject, operation, "seen", *versions, content)
    metadata = Metadata(
        correlation_id=request.correlation_id,
        causation_id=request.request_id,
        actor=request.subject,
        command_id=command_id,
        # Salted with the command id, so that the hashes do not reveal that two requests have the same content.
        request_hash=hashlib.sha256(f"{command_id}\n{content}".encode()).hexdigest(),
        trace_id=request.trace_id,
        segment_id=request.segment_id,
    )
    return Context(now, event_id, metadata, seen, keyed=key is not None)


def _derive(*parts: str) -> str:
    # Each part is prefixed with its length, so that no two lists of parts produce the same text.
    return str(uuid.uuid5(_NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))
