"""What a use case needs besides its command, given to it so that it reads no clock and draws no ids."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.envelope import Event, Metadata
from shared.http.headers import idempotency_key, if_match
from shared.http.problems import KeyReused
from shared.http.request import Request

_COMMANDS: Final = uuid.UUID("8b1f3a52-52c1-4a0d-9d0e-6d9c0f6b7a11")


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of one command.

    Attributes:
        now: The time of the decision, aware.
        event_id: The id of the event that the command may cause.
        metadata: Who asked, what it belongs to, and which command it is.
        seen: The versions that the caller accepts to change (If-Match); None for any.
        keyed: Whether an Idempotency-Key names the command: it is then recognised by its event alone.
    """

    now: datetime
    event_id: str
    metadata: Metadata
    seen: frozenset[int] | None = None
    keyed: bool = False

    def caused(self, event: Event) -> bool:
        """Whether an event is what an earlier try of this very command caused.

        Raises:
            KeyReused: It came from another command that was sent under the same Idempotency-Key.
        """
        if event.metadata.command_id != self.metadata.command_id:
            return False
        if event.metadata.request_hash != self.metadata.request_hash:
            raise KeyReused
        return True


def context_of(request: Request, operation: str, content: str, now: datetime, event_id: str) -> Context:
    """The circumstances of an HTTP request, and the name of its command, which is the same for every try of it.

    The Idempotency-Key names the command where there is one, for its caller alone. Without it If-Match does, as a
    change can happen only once onto a version. Where neither is given, nothing tells a repeat from a new request.

    Args:
        request: As parsed.
        operation: What is asked, for instance `POST /customers`.
        content: The command's canonical text, of which only a hash is kept.
        now: The current instant, aware.
        event_id: A fresh id.

    Raises:
        InvalidFields: The Idempotency-Key or If-Match cannot be read.
    """
    key, seen = idempotency_key(request.headers), if_match(request.headers)
    name = request.request_id
    if key is not None:
        name = _derived(request.subject, operation, "key", key)
    elif seen is not None:
        name = _derived(request.subject, operation, "seen", *(str(version) for version in sorted(seen)), content)
    metadata = Metadata(
        correlation_id=request.correlation_id,
        causation_id=request.request_id,
        actor=request.subject,
        command_id=name,
        # Salted by the command, so that equal data of two requests cannot be told from their hashes.
        request_hash=hashlib.sha256(f"{name}\n{content}".encode()).hexdigest(),
        trace_id=request.trace_id,
    )
    return Context(now, event_id, metadata, seen, keyed=key is not None)


def _derived(*parts: str) -> str:
    # Each part is led by its length, so that no two lists of parts read the same.
    return str(uuid.uuid5(_COMMANDS, "".join(f"{len(part)}:{part}" for part in parts)))
