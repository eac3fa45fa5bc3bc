"""A customer's current state from the newest event."""

from dataclasses import replace

import pytest

from events.codec import NewerEvent, decode
from events.current import Current, current, state_after
from events.customer import Customer, Erased, OutOfOrder, snapshot
from events.envelope import Event, Recorded, Unreadable
from events.history import BrokenHistory, fold
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created, erased, history, updated

BAD_ROW = Unreadable("c-1", 1, "the row is not an event: KeyError")
LATER = "2027-01-01T00:00:00.000000Z"


def store_with(*records: Recorded) -> InMemoryEventStore:
    store = InMemoryEventStore()
    for record in records:
        key = record.customer_id, record.version
        if isinstance(record, Unreadable):
            store.broken[key] = record
        else:
            store.events[key] = record
    return store


def test_a_customer_who_never_existed_has_no_state() -> None:
    assert current(store_with(created("c-2")), "c-1") is None


@pytest.mark.parametrize("versions", [1, 2, 5])
def test_the_newest_event_is_the_whole_state(versions: int) -> None:
    events = history("c-1", versions)

    assert current(store_with(*events), "c-1") == Current(fold(events), events[-1])  # type: ignore[arg-type]


def test_an_erased_customer_is_erased() -> None:
    events = [*history("c-1", 2), erased("c-1", 3)]

    assert current(store_with(*events), "c-1") == Current(Erased("c-1", 3), events[-1])


def test_the_time_of_creation_is_in_the_envelope_or_in_the_first_event() -> None:
    first, second = history("c-1", 2)
    carried = replace(second, created_at=LATER)

    for event, created_at in ((second, first.occurred_at), (carried, LATER), (replace(first, created_at=LATER), LATER)):
        state = state_after(store_with(first), event)
        assert isinstance(state, Customer)
        assert state.created_at == created_at


@pytest.mark.parametrize("first", [[], [BAD_ROW]])
def test_without_a_first_event_the_time_of_creation_is_unknown(first: list[Recorded]) -> None:
    store = store_with(*first)

    with pytest.raises(OutOfOrder, match="CustomerUpdated follows a first event that cannot be read"):
        state_after(store, updated("c-1", 2))
    assert state_after(store, erased("c-1", 2)) == Erased("c-1", 2)


def test_an_unreadable_newest_event_breaks_the_history() -> None:
    bad = replace(BAD_ROW, version=2)
    found = current(store_with(created("c-1"), bad), "c-1")

    assert found is not None
    assert isinstance(found.state, BrokenHistory)
    assert (found.state.versions, found.newest) == ((1, 2), bad)
    assert str(found.state.cause) == "c-1 version 2: the row is not an event: KeyError"


def test_an_event_behind_an_erasure_changes_nothing_even_if_it_is_unreadable() -> None:
    bad = replace(BAD_ROW, version=3)

    assert current(store_with(created("c-1"), erased("c-1", 2), bad), "c-1") == Current(Erased("c-1", 3), bad)


def test_a_newer_release_is_the_cause_whatever_else_is_wrong() -> None:
    newer = replace(updated("c-1", 2), type="CustomerMoved", created_at=LATER)
    found = current(store_with(BAD_ROW, newer), "c-1")

    assert found is not None
    assert isinstance(found.state, BrokenHistory)
    assert isinstance(found.state.cause, NewerEvent)


@pytest.mark.parametrize("event", [created("c-1", version=2), updated("c-1", 1)])
def test_an_event_at_a_version_where_it_cannot_happen_is_no_state(event: Event) -> None:
    with pytest.raises(OutOfOrder, match=f"^{event.type} is not valid at version {event.version}$"):
        snapshot(event, decode(event), LATER)
