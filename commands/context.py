"""What a use case needs besides its command, given to it so that it reads no clock and draws no ids."""

from dataclasses import dataclass
from datetime import datetime

from events.envelope import Metadata
from shared.http.request import Request


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of one command.

    Attributes:
        now: The time of the decision, aware.
        event_id: The id of the event that the command will cause.
        metadata: Who asked, and what it belongs to.
    """

    now: datetime
    event_id: str
    metadata: Metadata


def context_of(request: Request, now: datetime, new_id: str) -> Context:
    """The circumstances of an HTTP request.

    Args:
        request: As parsed.
        now: The current instant, aware.
        new_id: A fresh id for the event.
    """
    metadata = Metadata(
        correlation_id=request.correlation_id,
        causation_id=request.request_id,
        actor=request.subject,
        command_id=request.request_id,
        trace_id=request.trace_id,
    )
    return Context(now=now, event_id=new_id, metadata=metadata)
