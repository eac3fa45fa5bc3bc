"""One customer event, however it was delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

CREATED: Final = "CustomerCreated"
UPDATED: Final = "CustomerUpdated"
ERASED: Final = "CustomerErased"
# An event whose data was erased before it was delivered. Only an erasure removes data, so it erases, too.
REDACTED: Final = "EventRedacted"
ERASING: Final = frozenset({ERASED, REDACTED})
# Events that name no epoch are of the first one.
FIRST_EPOCH: Final = 1


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """Something that happened to one customer.

    Attributes:
        id: A UUID that identifies the event, the same at every delivery.
        type: For example `CustomerCreated`. New types may be added, so an unknown one is not an error.
        customer_id: The customer's id, a UUID.
        version: The event's position among this customer's events, from 1, without gaps.
        schema_version: The schema version of `data`; None if the event does not name one.
        occurred_at: RFC 3339, UTC. Order events by `version`, not by time.
        data: The customer's details. Personal data, so `repr` leaves it out. Not needed to erase.
        correlation_id: The same for everything that one request caused.
        causation_id: The request that caused the event.
        traceparent: W3C Trace Context, or an empty string.
        replayed: Whether a backfill sent the event again on purpose.
        epoch: Which history the version counts in, from 1. The service begins a new epoch when it restores its events
            from a backup: versions that were lost are then given to other events.
        unknown: Fields of a held event that a later version of the kit stored. They are stored again unchanged.
    """

    id: str
    type: str
    customer_id: str
    version: int
    schema_version: int | None
    occurred_at: str
    data: Mapping[str, Any] = field(repr=False)
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""
    replayed: bool = False
    epoch: int = FIRST_EPOCH
    unknown: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False, repr=False)

    @property
    def erases(self) -> bool:
        """Whether you must now delete everything you keep about this customer, at any schema version.

        True for `CustomerErased`, and for `EventRedacted`, which may arrive first.
        """
        return self.type in ERASING


class Rejected(Exception):
    """No retry can make this event acceptable. It becomes a dead letter with the message as its reason.

    The message is stored and logged, so it must not quote the event's data.
    """
