"""The event store as the rest of the system sees it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
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


Place = tuple[str, int]
"""Where an event stands: its `customer_id` and its version."""

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

    def read(self, customer_id: str, after_version: int = 0) -> Sequence[Event]:
        """All events of a customer in version order, including every acknowledged one.

        Args:
            customer_id: Whose.
            after_version: Leaves out this version and the ones before it.

        Raises:
            UnreadableEvent: One of them is no event; none is given then.
        """
        ...

    def read_recorded(self, customer_id: str, after_version: int = 0) -> Sequence[Recorded]:
        """The same, where a row that is no event must not keep the ones before it from being read.

        Args:
            customer_id: Whose.
            after_version: As above.
        """
        ...

    def taken(self, places: Collection[Place]) -> set[Place]:
        """Which places hold an event, or a row that is none; nothing of it is opened.

        Args:
            places: To look at, as they stand now.

        Raises:
            StoreBusy: Some could not be looked at.
        """
        ...

    def read_all(self, segment: int = 0, total_segments: int = 1) -> Iterator[Event]:
        """Every event of every customer, in no promised order, without holding them all in memory.

        Args:
            segment: Which part, from 0.
            total_segments: Into how many parts the log is cut, so that several readers share it.

        Raises:
            UnreadableEvent: One cannot be read.
        """
        ...

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: Position | None = None, limit: int = 500
    ) -> EventPage:
        """A part of `read_all` that a reader can stop after and go on from.

        Args:
            segment: As above.
            total_segments: As above; the same for every page of one reading.
            start: Where the page before ended; None for the first.
            limit: At most so many events.
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
