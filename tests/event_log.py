"""Writes and reads an event store for tests."""

from collections.abc import Iterable, Iterator

from events.envelope import Event
from events.history import readable
from events.store import EventStore


def append_all(store: EventStore, events: Iterable[Event]) -> None:
    """Append events one after the other."""
    for event in events:
        store.append(event)


def events_of(store: EventStore, customer_id: str, after_version: int = 0) -> list[Event]:
    """A customer's events, all of which must be readable."""
    return [readable(record) for record in store.read(customer_id, after_version)]


def every_event(store: EventStore, segment: int = 0, total_segments: int = 1) -> Iterator[Event]:
    """Every event of the log or of one segment of it."""
    page = store.read_page(segment, total_segments)
    yield from map(readable, page.records)
    while page.next:
        page = store.read_page(segment, total_segments, page.next)
        yield from map(readable, page.records)
