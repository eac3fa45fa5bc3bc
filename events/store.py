"""The event store as the rest of the system sees it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from events.claims import NO_CLAIMS, ClaimChange
from events.envelope import Event, Recorded
from shared.runtime.errors import TransientFailure

# What an append changes at once. With the event and the note of an erasure these are 100 items, the most that a
# DynamoDB transaction takes.
MOST_REDACTED_AT_ONCE: Final = 89
MOST_RELEASED_AT_ONCE: Final = 9


class VersionConflict(Exception):
    """Another writer appended this version of the customer first. Read again and decide again.

    Attributes:
        stored: The event that has the version, if the store knows it.
    """

    def __init__(self, customer_id: str, version: int, stored: Event | None = None) -> None:
        super().__init__(f"version {version} of customer {customer_id} already exists")
        self.customer_id = customer_id
        self.version = version
        self.stored = stored


class StoreBusy(TransientFailure):
    """Other writers keep the same rows busy, so nothing was appended, or not everything was read. Try again."""


EventKey = tuple[str, int]
"""An event's key in the event table: `customer_id` and version."""

Position = Mapping[str, str]
"""Where a page ended: `customer_id` and `version` of its last event. One customer's events follow each other."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of the whole log.

    Attributes:
        records: In the store's order. Every store that we know keeps a customer's events in version order.
        next: The start of the next page; None after the last page.
    """

    records: Sequence[Recorded]
    next: Position | None


class EventStore(Protocol):
    """An append-only log of events, one stream for each customer."""

    def append(self, event: Event, claims: ClaimChange = NO_CLAIMS, redact: Sequence[int] = ()) -> None:
        """Append an event together with its changes of claims and its redactions, or nothing at all.

        With a `CustomerErased`, the customer is noted as one whose erasure is not finished; see `events.erasures`.

        Appending an event with the same `event_id` again, as a retry after a lost response does, changes nothing and
        raises nothing.

        Args:
            event: The event. Its version must be free, and should follow the version that was read.
            claims: Uniqueness claims to change. Of the claims to release, only the first `MOST_RELEASED_AT_ONCE` are
                released; a claim that another customer holds is left alone.
            redact: Versions of earlier events to redact, in ascending order. Only the last `MOST_REDACTED_AT_ONCE` are
                redacted with the event; pass the others to `redact`. A version that does not exist is skipped.

        Raises:
            VersionConflict: Another event has this version.
            ClaimTaken: Another customer holds one of the claims to take.
            StoreBusy: There is too much contention. Nothing was written.
        """
        ...

    def redact(self, customer_id: str, versions: Sequence[int], in_metadata: Collection[int] = ()) -> None:
        """Permanently remove the data of events and the hash of their requests. No other change to an event is allowed.

        Args:
            customer_id: An erased customer.
            versions: Versions of events that exist.
            in_metadata: Those of them whose metadata has the hash, as older releases stored it.

        Raises:
            StoreBusy: There is too much contention. Some events may still have their data.
        """
        ...

    def note_erasure(self, customer_id: str, since: str) -> None:
        """Note again that a customer's erasure is not finished, so that it is looked at once more.

        Args:
            customer_id: An erased customer.
            since: The current time: RFC 3339, UTC, 27 characters.

        Raises:
            StoreBusy: There is too much contention.
        """
        ...

    def latest(self, customer_id: str) -> Recorded | None:
        """The newest record of a customer, read consistently, at the same cost for every length of the history."""
        ...

    def get(self, customer_id: str, version: int) -> Recorded | None:
        """One record of a customer, read consistently.

        It does not show whether the customer was erased later. So ask `latest` first.
        """
        ...

    def newest_first(self, customer_id: str) -> Iterator[Recorded]:
        """A customer's records as they are stored, the newest first, page by page. Only `FinishErasures` needs it."""
        ...

    def read(self, customer_id: str, after_version: int = 0) -> Sequence[Recorded]:
        """All records of a customer in version order, including every acknowledged event.

        The history of an erased customer is returned without data; see `events.history.sealed`. This holds for
        `read_page` too.

        A row that is not an event is returned as `Unreadable`, so that it does not hide the rows before it.

        Args:
            customer_id: A customer's id.
            after_version: Skips this version and all earlier ones.
        """
        ...

    def existing(self, keys: Collection[EventKey]) -> set[EventKey]:
        """The keys that have a row, whether or not it is readable. Only keys are read, consistently.

        Raises:
            StoreBusy: Some keys could not be read.
        """
        ...

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: Position | None = None, limit: int = 500
    ) -> EventPage:
        """Read one page of the whole log. A reader can stop after a page and continue later.

        Args:
            segment: The part of the log to read, from 0.
            total_segments: The number of parts, so that several readers can share the log. Must be the same for every
                page.
            start: The `next` of the previous page; None for the first page.
            limit: The maximum number of events.
        """
        ...


def limit_to_transaction(claims: ClaimChange, redact: Sequence[int]) -> tuple[ClaimChange, Sequence[int]]:
    """Limit the changes of an append to what fits in one transaction, as `EventStore.append` describes."""
    return (
        ClaimChange(claims.take, claims.release[:MOST_RELEASED_AT_ONCE]),
        redact[-MOST_REDACTED_AT_ONCE:],
    )
