"""The event store as the rest of the system sees it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from events.claims import NO_CLAIMS, ClaimChange
from events.envelope import Event, Recorded

# DynamoDB takes 100 items in a transaction; the rest is for the event and its claims.
MOST_REDACTED_AT_ONCE: Final = 90


class VersionConflict(Exception):
    """Somebody else wrote this version of the customer first; read again and decide again.

    Attributes:
        stored: The event that holds the version, where the store could tell.
    """

    def __init__(self, customer_id: str, version: int, stored: Event | None = None) -> None:
        super().__init__(f"version {version} of customer {customer_id} exists already")
        self.customer_id = customer_id
        self.version = version
        self.stored = stored


class StoreBusy(Exception):
    """Nothing was appended, or not everything was read, as others keep the same rows busy right now; try again."""


EventKey = tuple[str, int]
"""An event's key in the event table: `customer_id` and version."""

Position = Mapping[str, str]
"""Where a page ended: `customer_id` and `version` of its last event. One customer's events follow each other."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events of a reading of the whole log.

    Attributes:
        records: In the store's order; a customer's are in version order in every order that was ever seen.
        next: Where the next page starts; None after the last.
    """

    records: Sequence[Recorded]
    next: Position | None


class EventStore(Protocol):
    """An append-only log of events, one stream for each customer."""

    def append(
        self,
        events: Sequence[Event],
        expected_version: int,
        claims: ClaimChange = NO_CLAIMS,
        redact: Sequence[int] = (),
    ) -> None:
        """Append events of one customer, with all that belongs to them or not at all.

        Calling it again with the same events (the same `event_id`s), as a retry after a lost answer does, changes
        nothing and raises nothing.

        Args:
            events: One or more, of versions `expected_version + 1` onwards without gaps.
            expected_version: The customer's version as it was read; 0 for a new customer.
            claims: Uniqueness claims that change hands with it.
            redact: Versions of earlier events whose data goes, at most `MOST_REDACTED_AT_ONCE`.

        Raises:
            VersionConflict: Another event holds one of these versions.
            ClaimTaken: Another customer holds one of the claims.
            StoreBusy: Too much contention; nothing was written.
            ValueError: The events are none, of several customers, or not numbered as said.
        """
        ...

    def redact(self, customer_id: str, versions: Sequence[int]) -> None:
        """Take the data out of events for good; the one change that an event permits.

        Args:
            customer_id: An erased customer.
            versions: Of events that exist.

        Raises:
            StoreBusy: Too much contention; some may be left.
        """
        ...

    def read(self, customer_id: str, after_version: int = 0) -> Sequence[Recorded]:
        """All records of a customer in version order, including every acknowledged event.

        A row that is not an event is returned as `Unreadable`, so that it does not hide the ones before it.

        Args:
            customer_id: A customer's id.
            after_version: Skips this version and those before it.
        """
        ...

    def existing(self, keys: Collection[EventKey]) -> set[EventKey]:
        """The keys that hold a row, whether it is an event or unreadable; no row is opened.

        Args:
            keys: The keys to look up, read consistently.

        Raises:
            StoreBusy: Some could not be looked at.
        """
        ...

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: Position | None = None, limit: int = 500
    ) -> EventPage:
        """One page of the whole log, from which a reader can stop and continue.

        Args:
            segment: Which part of the log, from 0.
            total_segments: The number of parts, so that several readers can share the log; the same for every page.
            start: The `next` of the page before; None for the first page.
            limit: The most events to return.
        """
        ...


def check_append(events: Sequence[Event], expected_version: int) -> None:
    """What every store demands of an append, whoever keeps the events.

    Raises:
        ValueError: See `EventStore.append`.
    """
    if not events:
        raise ValueError("nothing to append")
    if len({event.customer_id for event in events}) > 1:
        raise ValueError("an append belongs to one customer")
    wanted = list(range(expected_version + 1, expected_version + 1 + len(events)))
    if [event.version for event in events] != wanted:
        raise ValueError(f"the versions must be {wanted}")
