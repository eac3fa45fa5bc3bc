"""What becomes of a batch: on the bus, among the dead letters, or back."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from events.codec import REDACTED
from events.envelope import Event, Recorded, Unreadable
from publisher.bus import BusMissing, BusUnavailable, RequestRefused
from publisher.cloud_event import cloud_event, encoded
from publisher.dead_letters import PublishFailure, SqsPublishFailures, read_letter
from publisher.publishing import TRIES, Publisher, PublishReport
from tests.fakes.bus import FakeBus, FakeDeadLetters
from tests.samples import created, history

POISON = replace(created("c-poison"), type="CustomerTeleported")


class Desk:
    """A publisher and what it reaches."""

    def __init__(self, *script: Sequence[str] | Exception) -> None:
        self.bus = FakeBus(*script)
        self.dead = FakeDeadLetters()
        self.pauses: list[float] = []
        self.publisher = Publisher(self.bus, self.dead, "urn:s", self.pauses.append)

    def publish(self, records: Sequence[Recorded]) -> PublishReport:
        return self.publisher.publish(records)

    @property
    def ids(self) -> list[str]:
        return [json.loads(detail)["id"] for detail in self.bus.details]


def many(count: int) -> list[Event]:
    return [created(f"c-{number}") for number in range(count)]


def ids_of(events: Sequence[Event]) -> list[str]:
    return [event.event_id for event in events]


def test_a_batch_is_published_in_its_order_ten_at_a_time() -> None:
    desk, events = Desk(), many(23)
    report = desk.publish(events)

    assert desk.ids == ids_of(events)
    assert [len(asked) for asked in desk.bus.asked] == [10, 10, 3]
    assert report == PublishReport(published=list(events))
    assert desk.bus.details == [encoded(cloud_event(event, "urn:s")) for event in events]


def test_an_empty_batch_asks_nobody() -> None:
    desk = Desk()

    assert desk.publish([]) == PublishReport()
    assert desk.bus.asked == []


def test_entries_that_were_not_taken_are_sent_again_alone() -> None:
    desk, events = Desk(["", "InternalFailure", ""]), many(3)
    report = desk.publish(events)

    assert desk.ids == ids_of([events[0], events[2], events[1]])
    assert not report.failed
    assert len(desk.pauses) == 1


def test_an_entry_that_is_never_taken_comes_again_and_so_does_all_after_its_request() -> None:
    desk, events = Desk(["ThrottlingException", *[""] * 9], *[["ThrottlingException"]] * (TRIES - 1)), many(25)
    report = desk.publish(events)

    assert report.failed == {0: "ThrottlingException"} | dict.fromkeys(range(10, 25), "AfterAFailedOne")
    assert desk.ids == ids_of(events[1:10])
    assert len(desk.pauses) == TRIES - 1


def test_what_came_before_a_lost_answer_stays_done_and_the_rest_comes_again() -> None:
    desk, events = Desk([""] * 10, BusUnavailable("ReadTimeoutError")), many(30)
    report = desk.publish(events)

    assert report.published == events[:10]
    assert report.failed[10] == "ReadTimeoutError"
    assert set(report.failed) == set(range(10, 30))
    assert len(desk.bus.asked) == 2


def test_a_missing_bus_publishes_and_puts_aside_nothing() -> None:
    desk = Desk(BusMissing())

    with pytest.raises(BusMissing):
        desk.publish([POISON, *many(2)])
    assert not desk.dead.letters


@pytest.mark.parametrize(
    ("poison", "letter"),
    [
        (POISON, PublishFailure("c-poison", 1, POISON.event_id, "unknown type CustomerTeleported in schema version 1")),
        (Unreadable("c-2", 7, "the row is not an event"), PublishFailure("c-2", 7, "", "the row is not an event")),
    ],
)
def test_poison_is_put_aside_and_its_neighbours_go_on(poison: Recorded, letter: PublishFailure) -> None:
    desk, events = Desk(), many(4)
    report = desk.publish([*events[:2], poison, *events[2:]])

    assert desk.ids == ids_of(events)
    assert desk.dead.letters == [letter]
    assert set(report.dead) == {2}
    assert not report.failed


def test_an_event_too_large_for_the_bus_is_poison_too() -> None:
    desk, huge = Desk(), created(full_name="x" * 1_000_000)
    desk.publish([huge, *many(1)])

    assert [letter.event_id for letter in desk.dead.letters] == [huge.event_id]
    assert "xx" not in desk.dead.letters[0].reason
    assert len(desk.ids) == 1


def test_poison_after_a_failed_event_is_put_aside_when_it_comes_again_and_not_twice() -> None:
    desk, events = Desk(BusUnavailable("Throttled")), many(2)
    report = desk.publish([POISON, events[0], POISON, events[1]])

    assert set(report.dead) == {0}
    assert set(report.failed) == {1, 2, 3}
    assert len(desk.dead.letters) == 1


def test_poison_that_cannot_be_noted_comes_again() -> None:
    desk, events = Desk(), many(1)
    desk.dead.refuses = lambda _: True
    report = desk.publish([POISON, *events, POISON])

    assert report.failed == {0: "ServiceUnavailable", 2: "AfterAFailedOne"}
    assert not report.dead


def test_an_entry_that_the_bus_will_never_take_is_put_aside() -> None:
    desk, events = Desk(["", "MalformedDetail", ""]), many(3)
    report = desk.publish(events)

    assert desk.ids == ids_of([events[0], events[2]])
    assert report.dead == {1: "the bus refuses it: MalformedDetail"}
    assert [letter.event_id for letter in desk.dead.letters] == [events[1].event_id]


def test_one_entry_that_spoils_a_request_for_all_is_found() -> None:
    desk, events = Desk(), many(10)
    desk.bus.spoiled = events[4].event_id
    report = desk.publish(events)

    assert desk.ids == ids_of([*events[:4], *events[5:]])
    assert report.dead == {4: "the bus refuses it: ValidationException"}


def test_a_request_that_is_refused_and_then_lost_may_be_on_the_bus_and_comes_again() -> None:
    desk, events = Desk(RequestRefused("413"), [""], BusUnavailable("Reset")), many(3)

    assert set(desk.publish(events).failed) == {0, 1, 2}


def test_all_that_stands_of_an_erased_customer_is_published() -> None:
    desk = Desk()
    events = [replace(event, data=REDACTED) for event in history("c-1", 2)]

    assert len(desk.publish(events).published) == 2
    assert {json.loads(detail)["type"] for detail in desk.bus.details} == {"customers.EventRedacted"}


def test_a_replay_says_so() -> None:
    desk = Desk()
    desk.publisher.publish(many(1), replayed=True)

    assert json.loads(desk.bus.details[0])["replayed"] is True


def test_a_dead_letter_reads_back_and_what_the_mapping_wrote_is_none() -> None:
    letter = PublishFailure("c-1", 3, "e-1", "why")

    assert read_letter(letter.as_json()) == letter
    assert read_letter('{"DDBStreamBatchInfo": {}}') is None


def test_the_queue_gets_the_letter() -> None:
    sent: list[dict[str, str]] = []

    class Queue:
        def send_message(self, **message: str) -> None:
            sent.append(message)

    letter = PublishFailure("c-1", 3, "e-1", "why")
    SqsPublishFailures(Queue(), "address").send(letter)  # type: ignore[arg-type]

    assert sent == [{"QueueUrl": "address", "MessageBody": letter.as_json()}]
