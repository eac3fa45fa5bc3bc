"""`redrive-failures` on the publisher's failure queue."""

import json
from dataclasses import replace
from typing import Any

import pytest

from events.envelope import Event
from publisher.bus import BusMissing, BusUnavailable
from publisher.cloud_event import cloud_event, to_json
from publisher.publish_failures import publish_failure
from tests.samples import START, created, erased, updated
from tests.unit.operations.stack import FakeStack

POISON = replace(created("p"), type="CustomerTeleported")


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def stored(stack: FakeStack, *events: Event) -> None:
    for event in events:
        stack.store.events[event.customer_id, event.version] = event


def a_letter(stack: FakeStack, event: Event, handle: str = "m1") -> None:
    stack.notes.messages[handle] = json.loads(publish_failure(event, "unreadable").to_json())


def a_batch(stack: FakeStack, handle: str = "b1") -> None:
    times = {"approximateArrivalOfFirstRecord": START.isoformat(), "approximateArrivalOfLastRecord": START.isoformat()}
    stack.notes.messages[handle] = {"DDBStreamBatchInfo": {"shardId": "s", "batchSize": 2, **times}}


def published(stack: FakeStack) -> list[tuple[str, int]]:
    events = map(json.loads, stack.bus.details)
    return [(event["subject"], int(event["sequence"])) for event in events]


def is_untouched(stack: FakeStack, *handles: str) -> bool:
    return set(stack.notes.messages) == set(handles) and not stack.notes.hidden & set(handles)


def test_a_dead_letters_event_is_published_from_the_event_table_once_it_can_be_read(stack: FakeStack) -> None:
    readable = created("p")
    stored(stack, readable, updated("p", 2))
    a_letter(stack, readable)

    assert stack.run("redrive-failures") == 0
    assert "would be published" in stack.printed
    assert is_untouched(stack, "m1")
    assert not stack.bus.requests

    assert stack.run("redrive-failures", "--go") == 0
    assert stack.bus.details == [to_json(cloud_event(readable, "urn:s"))]
    assert not stack.notes.messages


def test_a_dead_letter_of_an_unreadable_event_stays(stack: FakeStack) -> None:
    stored(stack, POISON)
    a_letter(stack, POISON)

    assert stack.run("redrive-failures", "--go") == 1
    assert "still unreadable" in stack.printed
    assert is_untouched(stack, "m1")
    assert not stack.bus.requests


def test_a_dead_letter_of_an_event_that_is_gone_stays(stack: FakeStack) -> None:
    stored(stack, updated("p", 2))
    a_letter(stack, POISON)

    assert stack.run("redrive-failures", "--go") == 1
    assert "not in the event table" in stack.printed
    assert is_untouched(stack, "m1")


def test_every_event_of_a_lost_batchs_time_is_published_and_poison_gets_a_dead_letter(stack: FakeStack) -> None:
    near = [created("a"), updated("a", 2), erased("b", 3)]
    stored(stack, *near, created("far", second=3600), POISON)
    a_batch(stack)

    assert stack.run("redrive-failures", "--go") == 0
    assert sorted(published(stack)) == [("a", 1), ("a", 2), ("b", 3)]
    assert all("replayed" not in json.loads(detail) for detail in stack.bus.details)
    [letter] = stack.notes.messages.values()
    failure: Any = letter["unpublished"]
    assert (failure["customer_id"], failure["version"], failure["event_id"]) == ("p", 1, POISON.event_id)


def test_events_of_several_messages_are_sent_once(stack: FakeStack) -> None:
    stored(stack, created("a"), created("b"))
    a_batch(stack, "b1")
    a_batch(stack, "b2")
    a_letter(stack, created("a"))

    assert stack.run("redrive-failures", "--go") == 0
    assert sorted(published(stack)) == [("a", 1), ("b", 1)]
    assert not stack.notes.messages


def test_a_message_stays_while_the_bus_refuses_its_events_and_the_next_run_deletes_the_message(
    stack: FakeStack,
) -> None:
    stored(stack, created("a"), created("b"))
    a_batch(stack)
    stack.bus.script = [BusUnavailable("ThrottlingException")]

    assert stack.run("redrive-failures", "--go") == 1
    assert is_untouched(stack, "b1")

    assert stack.run("redrive-failures", "--go") == 0
    assert sorted(published(stack)) == [("a", 1), ("b", 1)]
    assert stack.run("redrive-failures", "--go") == 0
    assert len(stack.bus.details) == 2


def test_an_event_that_the_bus_always_refuses_gets_a_new_dead_letter(stack: FakeStack) -> None:
    stored(stack, created("a"))
    a_letter(stack, created("a"))
    stack.bus.script = [["MalformedDetail"]]

    assert stack.run("redrive-failures", "--go") == 1
    [letter] = stack.notes.messages.values()
    failure: Any = letter["unpublished"]
    assert failure["reason"] == "the bus refuses it: MalformedDetail"


def test_a_limit_bounds_a_run(stack: FakeStack) -> None:
    stored(stack, created("a"), created("b"))
    a_letter(stack, created("a"), "m1")
    a_letter(stack, created("b"), "m2")

    assert stack.run("redrive-failures", "--go", "--limit", "1") == 0
    assert published(stack) == [("a", 1)]
    assert is_untouched(stack, "m2")


def test_a_missing_bus_is_reported_in_one_sentence_and_every_message_stays(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(stack, created("a"))
    a_letter(stack, created("a"))
    stack.bus.script = [BusMissing()]

    assert stack.run("redrive-failures", "--go") == 1
    assert "event bus does not exist" in capsys.readouterr().err
    assert is_untouched(stack, "m1")


def test_an_unknown_message_does_not_block_the_others(stack: FakeStack) -> None:
    stored(stack, created("a"))
    stack.notes.messages["m0"] = {"hello": "there"}
    a_letter(stack, created("a"))

    assert stack.run("redrive-failures", "--go") == 1
    assert "unknown message" in stack.printed
    assert published(stack) == [("a", 1)]
    assert is_untouched(stack, "m0")


def test_a_letter_whose_event_never_was_in_the_table_is_dropped_on_request(stack: FakeStack) -> None:
    stored(stack, created("a"))
    a_letter(stack, created("p"))
    a_letter(stack, created("a"), "m2")

    assert stack.run("redrive-failures", "--drop-missing") == 0
    assert "--go --drop-missing deletes" in stack.printed
    assert is_untouched(stack, "m1", "m2")

    assert stack.run("redrive-failures", "--go") == 1
    assert is_untouched(stack, "m1")

    assert stack.run("redrive-failures", "--go", "--drop-missing") == 0
    assert "dropped: never in the event table" in stack.printed
    assert not stack.notes.messages


def test_a_letter_of_a_gap_in_the_table_is_never_dropped(stack: FakeStack) -> None:
    """The event was there: the customer has later ones. It is lost, and not a mistake of the letter."""
    stored(stack, updated("p", 2))
    a_letter(stack, POISON)

    assert stack.run("redrive-failures", "--go", "--drop-missing") == 1
    assert "which has later events" in stack.printed
    assert is_untouched(stack, "m1")


def test_a_letter_that_is_refused_again_and_again_ends_the_run(stack: FakeStack) -> None:
    """The bus refuses the event, which writes a new letter into the same queue, which would be read again."""
    stored(stack, *(created(str(number)) for number in range(25)))
    for number in range(25):
        a_letter(stack, created(str(number)), f"m{number}")
    stack.bus.script = [["MalformedDetail"]] * 1000

    assert stack.run("redrive-failures", "--go") == 1
    assert len(stack.bus.requests) == 25
    assert len(stack.notes.messages) == 25
    assert not stack.notes.hidden & stack.notes.messages.keys()


def test_a_thousand_lost_batches_take_one_reading_of_the_event_table(stack: FakeStack) -> None:
    stored(stack, *(created(str(number)) for number in range(40)))
    for number in range(999):
        a_batch(stack, f"b{number}")
    real, pages = stack.store.read_page, []

    def read_page(*place: Any) -> Any:
        pages.append(place)
        return real(*place)

    stack.store.read_page = read_page  # type: ignore[assignment, method-assign]

    assert stack.run("redrive-failures", "--go") == 0
    assert len(pages) == 4
    assert len(published(stack)) == len(set(published(stack))) == 40
    assert not stack.notes.messages
