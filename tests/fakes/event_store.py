"""The event store in memory."""

import zlib
from collections.abc import Iterator, Sequence

from events.envelope import Event
from events.store import VersionConflict, check_append


class InMemoryEventStore:
    """Keeps events in a dict; see `events.store.EventStore`."""

    def __init__(self) -> None:
        self.events: dict[tuple[str, int], Event] = {}

    def append(self, events: Sequence[Event], expected_version: int) -> None:
        check_append(events, expected_version)
        for event in events:
            stored = self.events.get((event.customer_id, event.version))
            if stored and stored.event_id != event.event_id:
                raise VersionConflict(event.customer_id, event.version)
        for event in events:
            self.events.setdefault((event.customer_id, event.version), event)

    def read(self, customer_id: str, after_version: int = 0) -> list[Event]:
        found = [e for e in self.events.values() if e.customer_id == customer_id and e.version > after_version]
        return sorted(found, key=lambda event: event.version)

    def read_all(self, segment: int = 0, total_segments: int = 1) -> Iterator[Event]:
        for event in list(self.events.values()):
            if zlib.crc32(event.customer_id.encode()) % total_segments == segment:
                yield event
