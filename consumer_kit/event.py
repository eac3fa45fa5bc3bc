"""One customer event, however it was delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

CREATED: Final = "CustomerCreated"
UPDATED: Final = "CustomerUpdated"
ERASED: Final = "CustomerErased"
# An event whose data an erasure took before it was delivered: the version counts, and there is nothing to do.
REDACTED: Final = "EventRedacted"


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """What happened to one customer.

    Attributes:
        id: A UUID that names this event everywhere; the same at every delivery of it.
        type: For instance `CustomerCreated`. Types may be added, so one that you do not know is no error.
        customer_id: Whose.
        version: Its place among this customer's events, from 1, without gaps.
        schema_version: The version of the shape of `data`; None where it cannot be told.
        occurred_at: RFC 3339, UTC. Times do not order events: `version` does.
        data: The customer's details. Personal, so it is left out of the event's text form. Empty for `CustomerErased`.
        correlation_id: Ties together all that one request caused.
        causation_id: The request that caused it.
        traceparent: W3C Trace Context, or an empty text.
        replayed: Whether it was sent again on purpose, by a backfill.
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

    @property
    def erases(self) -> bool:
        """Whether everything kept of this customer must go now."""
        return self.type == ERASED


class Rejected(Exception):
    """No retry will make this event acceptable: it belongs among the dead letters, with this reason.

    The text is stored and logged, so it must quote nothing of the event's data.
    """
