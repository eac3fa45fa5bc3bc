"""The event store in memory."""

import threading
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from events.claims import NO_CLAIMS, ClaimChange, ClaimTaken
from events.codec import REDACTED
from events.envelope import Event, Recorded, Unreadable
from events.erasures import UnfinishedErasure
from events.history import is_erasure, sealed
from events.store import EventKey, EventPage, Position, VersionConflict, limit_to_transaction


class InMemoryEventStore:
    """Keeps events and claims in dicts; see `events.store.EventStore`.

    Attributes:
        events: Events by customer and version.
        broken: Rows that are not events, by customer and version. They replace events of the same key.
        errors: Raised by the next reads, one after the other.
        noted: When each unfinished erasure was decided, by customer.
        logged: The log of erasures.
    """

    def __init__(self) -> None:
        self.events: dict[tuple[str, int], Event] = {}
        self.broken: dict[tuple[str, int], Unreadable] = {}
        self.errors: list[Exception] = []
        self.claims: dict[str, str] = {}
        self.noted: dict[str, str] = {}
        self.logged: set[str] = set()
        self._lock = threading.Lock()

    def append(self, event: Event, claims: ClaimChange = NO_CLAIMS, redact: Sequence[int] = ()) -> None:
        claims, redact = limit_to_transaction(claims, redact)
        customer_id = event.customer_id
        with self._lock:
            if self._is_ours(event):
                return
            if any(self.claims.get(claim, customer_id) != customer_id for claim in claims.take):
                raise ClaimTaken
            self.events[_key(event)] = event
            self.claims |= dict.fromkeys(claims.take, customer_id)
            for claim in claims.release:
                if self.claims.get(claim) == customer_id:
                    del self.claims[claim]
            if is_erasure(event):
                self.noted[customer_id] = event.occurred_at
            self._redact(customer_id, redact)

    def _is_ours(self, event: Event) -> bool:
        stored = self.events.get(_key(event))
        if stored and stored.event_id != event.event_id:
            raise VersionConflict(event.customer_id, event.version, stored)
        return stored is not None

    def redact(self, customer_id: str, versions: Sequence[int], in_metadata: Collection[int] = ()) -> None:
        self._redact(customer_id, versions)

    def _redact(self, customer_id: str, versions: Sequence[int]) -> None:
        for version in versions:
            key = customer_id, version
            if key in self.broken:
                self.broken[key] = replace(self.broken[key], data=REDACTED, has_hash=False, hash_in_metadata=False)
            if key in self.events:
                event = self.events[key]
                metadata = replace(event.metadata, request_hash="")
                self.events[key] = replace(event, data=REDACTED, metadata=metadata, hash_in_metadata=False)

    def note_erasure(self, customer_id: str, since: str) -> None:
        self.noted[customer_id] = since

    def unfinished(self) -> list[UnfinishedErasure]:
        """See `events.erasures.Erasures`."""
        return sorted((UnfinishedErasure(*each) for each in self.noted.items()), key=lambda each: each.since)

    def finished(self, customer_id: str) -> None:
        """See `events.erasures.Erasures`."""
        self.logged.add(customer_id)
        self.noted.pop(customer_id, None)

    def latest(self, customer_id: str) -> Recorded | None:
        return next(self.newest_first(customer_id), None)

    def get(self, customer_id: str, version: int) -> Recorded | None:
        found = (record for record in self.newest_first(customer_id) if record.version == version)
        return next(found, None)

    def newest_first(self, customer_id: str) -> Iterator[Recorded]:
        self._fail()
        return reversed(self.stored(customer_id))

    def read(self, customer_id: str, after_version: int = 0) -> list[Recorded]:
        self._fail()
        return sealed(record for record in self.stored(customer_id) if record.version > after_version)

    def stored(self, customer_id: str) -> list[Recorded]:
        """A customer's records as they are stored, in version order."""
        with self._lock:
            records: dict[tuple[str, int], Recorded] = {**self.events, **self.broken}
        found = (records[key] for key in records if key[0] == customer_id)
        return sorted(found, key=lambda record: record.version)

    def existing(self, keys: Collection[EventKey]) -> set[EventKey]:
        self._fail()
        return {key for key in keys if key in self.events or key in self.broken}

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: Position | None = None, limit: int = 500
    ) -> EventPage:
        self._fail()
        intact = (event for event in self._intact(segment, total_segments) if _key(event) not in self.broken)
        broken = (row for row in self.broken.values() if _is_in(row, segment, total_segments))
        events: list[Recorded] = sorted([*intact, *broken], key=_key)
        if start:
            last = (start["customer_id"], int(start["version"]))
            events = [event for event in events if _key(event) > last]
        erased = {event.customer_id for event in list(self.events.values()) if is_erasure(event)}
        page = [each for record in events[:limit] for each in sealed([record], erased=record.customer_id in erased)]
        end = {"customer_id": page[-1].customer_id, "version": str(page[-1].version)} if page else None
        return EventPage(page, end if len(events) > limit else None)

    def _intact(self, segment: int = 0, total_segments: int = 1) -> Iterator[Event]:
        for event in list(self.events.values()):
            if _is_in(event, segment, total_segments):
                yield event

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


def _key(record: Recorded) -> tuple[str, int]:
    return record.customer_id, record.version


def _is_in(record: Recorded, segment: int, total_segments: int) -> bool:
    return zlib.crc32(record.customer_id.encode()) % total_segments == segment
