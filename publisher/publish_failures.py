"""Events that cannot be published until someone fixes the cause: which event and why, never its data."""

import json
from dataclasses import asdict, dataclass
from typing import Protocol

from events.envelope import Event, Recorded
from shared.runtime.stored_fields import known_fields


@dataclass(frozen=True, slots=True)
class PublishFailure:
    """An event that was not published.

    Attributes:
        customer_id: With `version`, the event's key in the event table.
        version: The event's version.
        event_id: Empty if the id itself is unreadable.
        reason: Why the event cannot be published. Contains no personal data.
    """

    customer_id: str
    version: int
    event_id: str
    reason: str

    def to_json(self) -> str:
        """The failure as a message body."""
        return json.dumps({"unpublished": asdict(self)})


class FailureNotStored(Exception):
    """The failure may not have been stored. The message is the kind of error."""


class PublishFailures(Protocol):
    """Stores publish failures."""

    def send(self, failure: PublishFailure) -> None:
        """Store a failure. It is stored safely once this returns.

        Raises:
            FailureNotStored: The failure may not have been stored.
        """
        ...


def publish_failure(recorded: Recorded, reason: str) -> PublishFailure:
    """The failure to publish an event.

    Args:
        recorded: The event as the event table has it.
        reason: Why it cannot be published. Must not contain personal data.
    """
    event_id = recorded.event_id if isinstance(recorded, Event) else ""
    return PublishFailure(recorded.customer_id, recorded.version, event_id, reason)


def parse_publish_failure(body: str) -> PublishFailure | None:
    """Parse the body of a message in the failure queue.

    Returns:
        None if the event source mapping wrote the message, as it does for a batch that it gave up.
    """
    failure = json.loads(body).get("unpublished")
    return PublishFailure(**known_fields(PublishFailure, failure)) if failure else None
