"""Every customer is returned once and complete, wherever the pages are cut."""

import random
from collections.abc import Sequence

import pytest

from events.envelope import Recorded
from events.store import EventPage, Position
from operations.jobs.backfill.histories import AllCustomers, Part
from tests.event_log import append_all
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import history


def a_store(customers: int = 8) -> InMemoryEventStore:
    store = InMemoryEventStore()
    for number in range(customers):
        append_all(store, history(f"c-{number}", 1 + number % 5))
    return store


def parts(source: AllCustomers, segments: int) -> list[Part]:
    read = []
    for segment in range(segments):
        part = source.part(segment, None, "")
        read.append(part)
        while part.next:
            part = source.part(segment, part.next, part.read_ahead)
            read.append(part)
    return read


def keys(records: Sequence[Recorded]) -> list[tuple[str, int]]:
    return [(record.customer_id, record.version) for record in records]


@pytest.mark.parametrize("segments", [1, 3])
@pytest.mark.parametrize("page", range(1, 12))
def test_every_customer_is_returned_once_and_complete_wherever_a_page_ends(page: int, segments: int) -> None:
    store = a_store()

    read = parts(AllCustomers(store, segments, page), segments)

    returned = [keys(history_) for part in read for history_ in part.histories]
    assert sorted(returned) == sorted(keys(store.read(f"c-{number}")) for number in range(8))
    assert sum(part.events for part in read) == len(store.events)


class Shuffled(InMemoryEventStore):
    """A store whose pages have no order at all."""

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: Position | None = None, limit: int = 500
    ) -> EventPage:
        events = list(self._intact(segment, total_segments))
        random.Random(7).shuffle(events)
        begin = int(start["n"]) if start else 0
        further = {"n": str(begin + limit)} if begin + limit < len(events) else None
        return EventPage(events[begin : begin + limit], further)


@pytest.mark.parametrize("page", range(1, 12))
def test_a_store_without_order_is_read_by_customer_and_no_one_is_left_out(page: int) -> None:
    store = Shuffled()
    store.events = a_store().events

    read = parts(AllCustomers(store, 1, page), 1)

    seen: dict[str, list[int]] = {}
    for customer_id, version in (key for part in read for history_ in part.histories for key in keys(history_)):
        versions = seen.setdefault(customer_id, [])
        if version not in versions:
            versions.append(version)
    assert seen == {f"c-{n}": list(range(1, 2 + n % 5)) for n in range(8)}
