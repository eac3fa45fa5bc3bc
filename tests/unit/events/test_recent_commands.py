"""The fingerprints of the commands that caused a customer's latest events."""

from dataclasses import replace

import pytest

from events.envelope import Event, Recorded, Unreadable
from events.recent_commands import MOST_REMEMBERED, commands_before, commands_up_to, fingerprint, versions_of
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import METADATA, history


def changes(count: int) -> list[Event]:
    """Events that the commands 1, 2, ... caused."""
    return [
        replace(event, metadata=replace(METADATA, command_id=str(event.version))) for event in history("c-1", count)
    ]


class Store(InMemoryEventStore):
    """Remembers which parts of a history are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read_after: list[int] = []

    def read(self, customer_id: str, after_version: int = 0) -> list[Recorded]:
        self.read_after.append(after_version)
        return super().read(customer_id, after_version)


def store_with(events: list[Event]) -> Store:
    store = Store()
    store.events = {(event.customer_id, event.version): event for event in events}
    return store


def of(*commands: int) -> str:
    return "".join(fingerprint(str(command)) for command in commands)


def test_a_fingerprint_never_changes() -> None:
    assert fingerprint("command") == "XTR_"


@pytest.mark.parametrize("count", [1, 2, 3, 40, 41, 42, 60])
def test_events_of_an_older_release_are_read_for_their_commands(count: int) -> None:
    events = changes(count)
    oldest = max(1, count - MOST_REMEMBERED)

    assert commands_before(store_with(events), events[-1]) == of(*range(count - 1, oldest - 1, -1))


def test_no_event_is_read_whose_command_is_not_remembered() -> None:
    """A customer may have thousands."""
    store = store_with(changes(60))

    assert commands_before(store, changes(60)[-1])

    assert store.read_after == [60 - MOST_REMEMBERED - 1]


@pytest.mark.parametrize("count", [1, 2, 40, 41, 60])
def test_the_next_event_carries_at_most_as_many_as_are_remembered(count: int) -> None:
    events = changes(count)
    oldest = max(1, count + 1 - MOST_REMEMBERED)

    assert commands_up_to(store_with(events), events[-1]) == of(*range(count, oldest - 1, -1))


def test_what_an_event_carries_is_not_read_again() -> None:
    newest = replace(changes(3)[-1], recent_commands="abcdefgh")

    assert commands_before(InMemoryEventStore(), newest) == "abcdefgh"


@pytest.mark.parametrize("carried", ["", "abcd", "abcdefghijkl"])
def test_what_an_event_carries_is_used_only_if_it_is_complete(carried: str) -> None:
    events = changes(3)

    assert commands_before(store_with(events), replace(events[-1], recent_commands=carried)) == of(2, 1)


def test_the_command_of_an_event_that_is_missing_or_unreadable_is_unknown() -> None:
    events = changes(4)
    store = store_with([events[0], events[3]])
    store.broken["c-1", 3] = Unreadable("c-1", 3, "odd")

    assert commands_before(store, events[3]) == "--------" + of(1)
    assert commands_up_to(store, Unreadable("c-1", 4, "odd")) == "------------" + of(1)


def test_the_place_of_a_fingerprint_is_the_version_of_its_event() -> None:
    assert list(versions_of("2", of(4, 2, 3, 2), 5)) == [3, 1]
    assert list(versions_of("9", of(4, 2, 3, 2), 5)) == []


def test_a_fingerprint_across_two_places_is_none() -> None:
    one = fingerprint("1")

    assert list(versions_of("1", f"--{one}--", 3)) == []
