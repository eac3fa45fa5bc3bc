"""What happens to a batch: each event is published, stored as a failure, or returned to be delivered again."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from events.codec import REDACTED
from events.envelope import Event, Recorded, Unreadable
from publisher import publishing
from publisher.bus import BusMissing, BusUnavailable, RequestRefused
from publisher.cloud_event import cloud_event, to_json
from publisher.entries import Entry
from publisher.publish_failures import FailureNotStored, PublishFailure, parse_publish_failure
from publisher.publishing import TRIES, Publisher, PublishReport
from publisher.sqs_publish_failures import SqsPublishFailures
from tests.fakes.bus import FakeBus, FakePublishFailures
from tests.samples import created, history

POISON = replace(created("c-poison"), type="CustomerTeleported")


class World:
    """A publisher with a fake bus and a fake failure queue."""

    def __init__(self, *script: Sequence[str] | Exception) -> None:
        self.bus = FakeBus(*script)
        self.queue = FakePublishFailures()
        self.pauses: list[float] = []
        self.publisher = Publisher(self.bus, self.queue, "urn:s", self.pauses.append)

    def publish(self, records: Sequence[Recorded]) -> PublishReport:
        return self.publisher.publish(records)

    @property
    def ids(self) -> list[str]:
        return [json.loads(detail)["id"] for detail in self.bus.details]


def many(count: int) -> list[Event]:
    return [created(f"c-{number}") for number in range(count)]


def ids_of(events: Sequence[Event]) -> list[str]:
    return [event.event_id for event in events]


def test_a_batch_is_published_in_order_ten_at_a_time() -> None:
    world, events = World(), many(23)
    report = world.publish(events)

    assert world.ids == ids_of(events)
    assert [len(request) for request in world.bus.requests] == [10, 10, 3]
    assert report == PublishReport(published=list(events))
    assert world.bus.details == [to_json(cloud_event(event, "urn:s")) for event in events]


@pytest.mark.parametrize("count", [1, 9, 10, 11, 20])
def test_the_last_event_of_a_full_request_is_sent_like_the_others(count: int) -> None:
    world, events = World(), many(count)

    assert world.publish(events).published == events
    assert world.ids == ids_of(events)
    assert len(world.bus.requests) == -(-count // 10)


def test_every_event_names_the_epoch_of_the_table() -> None:
    bus = FakeBus()
    Publisher(bus, FakePublishFailures(), "urn:s", epoch=3).publish(many(2))

    assert [json.loads(detail)["epoch"] for detail in bus.details] == [3, 3]


def test_an_empty_batch_sends_nothing() -> None:
    world = World()

    assert world.publish([]) == PublishReport()
    assert world.bus.requests == []


def test_only_rejected_entries_are_retried() -> None:
    world, events = World(["", "InternalFailure", ""]), many(3)
    report = world.publish(events)

    assert world.ids == ids_of([events[0], events[2], events[1]])
    assert not report.failed
    assert len(world.pauses) == 1


def test_an_entry_that_is_never_accepted_fails_with_every_event_after_its_request() -> None:
    world, events = World(["ThrottlingException", *[""] * 9], *[["ThrottlingException"]] * (TRIES - 1)), many(25)
    report = world.publish(events)

    assert report.failed == {0: "ThrottlingException"} | dict.fromkeys(range(10, 25), "AfterFailedEvent")
    assert world.ids == ids_of(events[1:10])
    assert len(world.pauses) == TRIES - 1


def test_a_lost_response_fails_only_its_request_and_what_follows() -> None:
    world, events = World([""] * 10, BusUnavailable("ReadTimeoutError")), many(30)
    report = world.publish(events)

    assert report.published == events[:10]
    assert report.failed[10] == "ReadTimeoutError"
    assert set(report.failed) == set(range(10, 30))
    assert len(world.bus.requests) == 2


def test_a_missing_bus_publishes_and_stores_nothing() -> None:
    world = World(BusMissing())

    with pytest.raises(BusMissing):
        world.publish([POISON, *many(2)])
    assert not world.queue.failures


@pytest.mark.parametrize(
    ("poison", "failure"),
    [
        (POISON, PublishFailure("c-poison", 1, POISON.event_id, "unknown type")),
        (Unreadable("c-2", 7, "the row is not an event"), PublishFailure("c-2", 7, "", "the row is not an event")),
    ],
)
def test_a_poison_event_is_stored_as_a_failure_and_its_neighbours_are_published(
    poison: Recorded, failure: PublishFailure
) -> None:
    world, events = World(), many(4)
    report = world.publish([*events[:2], poison, *events[2:]])

    assert world.ids == ids_of(events)
    assert world.queue.failures == [failure]
    assert set(report.unpublishable) == {2}
    assert not report.failed


def test_an_event_too_large_for_the_bus_is_a_poison_event() -> None:
    world, huge = World(), created(full_name="x" * 1_000_000)
    world.publish([huge, *many(1)])

    assert [failure.event_id for failure in world.queue.failures] == [huge.event_id]
    assert re.fullmatch(
        r"the entry has 1\d{6} bytes, and EventBridge accepts fewer than 1000000", world.queue.failures[0].reason
    )
    assert len(world.ids) == 1


def test_an_entry_that_was_refused_alone_is_put_aside_once_if_the_next_answer_is_lost() -> None:
    refused = RequestRefused("ValidationException")
    world, events = World(refused, refused, BusUnavailable("Reset")), many(3)

    report = world.publish(events)

    assert set(report.unpublishable) == {0}
    assert set(report.failed) == {1, 2}
    assert [failure.event_id for failure in world.queue.failures] == [events[0].event_id]


def test_an_event_whose_conversion_breaks_our_code_is_a_poison_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised, the error would come at every try, and everything after the event would wait for a day."""
    world, events = World(), many(3)

    def breaks(event: Recorded, source: str, *, epoch: int, replayed: bool) -> dict[str, Any]:
        if event is events[1]:
            raise ZeroDivisionError("Ada Lovelace")
        return cloud_event(event, source, epoch=epoch, replayed=replayed)

    monkeypatch.setattr(publishing, "cloud_event", breaks)
    world.publish(events)

    assert [failure.reason for failure in world.queue.failures] == ["the conversion raised ZeroDivisionError"]
    assert world.ids == ids_of([events[0], events[2]])


def test_an_event_whose_conversion_lacks_memory_is_no_poison_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> dict[str, Any]:
        raise MemoryError

    monkeypatch.setattr(publishing, "cloud_event", breaks)
    with pytest.raises(MemoryError):
        World().publish(many(1))


def test_the_one_entry_that_botocore_itself_refuses_is_a_poison_event() -> None:
    world, events = World(), many(3)
    world.bus.script = [RequestRefused("ParamValidationError"), [""], RequestRefused("ParamValidationError"), [""]]
    report = world.publish(events)

    assert report.unpublishable == {1: "the bus refuses it: ParamValidationError"}
    assert report.published == [events[0], events[2]]
    assert not report.failed


def test_a_poison_event_after_a_failed_one_is_stored_only_when_it_is_delivered_again() -> None:
    world, events = World(BusUnavailable("Throttled")), many(2)
    report = world.publish([POISON, events[0], POISON, events[1]])

    assert set(report.unpublishable) == {0}
    assert set(report.failed) == {1, 2, 3}
    assert len(world.queue.failures) == 1


def test_a_poison_event_whose_failure_cannot_be_stored_is_delivered_again() -> None:
    world, events = World(), many(1)
    world.queue.rejects = lambda _: True
    report = world.publish([POISON, *events, POISON])

    assert report.failed == {0: "ServiceUnavailable", 2: "AfterFailedEvent"}
    assert not report.unpublishable


def test_an_entry_with_a_permanent_error_is_stored_as_a_failure() -> None:
    world, events = World(["", "MalformedDetail", ""]), many(3)
    report = world.publish(events)

    assert world.ids == ids_of([events[0], events[2]])
    assert report.unpublishable == {1: "the bus refuses it: MalformedDetail"}
    assert [failure.event_id for failure in world.queue.failures] == [events[1].event_id]


def test_the_entry_that_makes_a_request_invalid_is_found() -> None:
    world, events = World(), many(10)
    world.bus.invalid = events[4].event_id
    report = world.publish([POISON, *events])

    assert world.ids == ids_of([*events[:4], *events[5:]])
    assert report.unpublishable == {0: "unknown type", 5: "the bus refuses it: ValidationException"}


def test_a_refused_request_whose_retry_is_lost_is_delivered_again() -> None:
    world, events = World(RequestRefused("413"), [""], BusUnavailable("Reset")), many(3)

    assert set(world.publish(events).failed) == {0, 1, 2}


def test_an_answer_for_fewer_events_than_were_sent_confirms_none() -> None:
    class Forgetful:
        def put(self, entries: Sequence[Entry]) -> Sequence[str]:
            return [""] * (len(entries) - 1)

    with pytest.raises(ValueError, match="shorter"):
        Publisher(Forgetful(), FakePublishFailures(), "urn:s").publish(many(2))


def test_every_event_of_an_erased_customer_is_published_redacted() -> None:
    world = World()
    events = [replace(event, data=REDACTED) for event in history("c-1", 2)]

    assert len(world.publish(events).published) == 2
    assert {json.loads(detail)["type"] for detail in world.bus.details} == {"customers.EventRedacted"}


def test_a_replayed_event_is_marked() -> None:
    world = World()
    world.publisher.publish(many(1), replayed=True)

    assert json.loads(world.bus.details[0])["replayed"] is True


def test_a_failure_round_trips_and_a_message_of_the_mapping_is_not_one() -> None:
    failure = PublishFailure("c-1", 3, "e-1", "why")

    assert parse_publish_failure(failure.to_json()) == failure
    assert parse_publish_failure('{"DDBStreamBatchInfo": {}}') is None


def test_the_failure_is_sent_to_the_queue() -> None:
    sent: list[dict[str, str]] = []

    class Queue:
        def send_message(self, **message: str) -> None:
            sent.append(message)

    failure = PublishFailure("c-1", 3, "e-1", "why")
    SqsPublishFailures(Queue(), "address").send(failure)  # type: ignore[arg-type]

    assert sent == [{"QueueUrl": "address", "MessageBody": failure.to_json()}]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "secret"}}, "SendMessage"), "AccessDenied"),
        (ReadTimeoutError(endpoint_url="https://x"), "ReadTimeoutError"),
    ],
)
def test_a_queue_that_does_not_take_the_failure_is_reported_by_the_kind_of_error(error: Exception, kind: str) -> None:
    class Queue:
        def send_message(self, **_: str) -> None:
            raise error

    with pytest.raises(FailureNotStored, match=f"^{kind}$"):
        SqsPublishFailures(Queue(), "address").send(PublishFailure("c-1", 3, "e-1", "why"))  # type: ignore[arg-type]


def test_every_unreadable_event_after_a_failed_one_is_delivered_again_and_none_is_stored() -> None:
    good = many(2)
    poison = [replace(created(f"c-poison-{number}"), type="CustomerTeleported") for number in range(3)]
    world = World(*[["ThrottlingException", ""], *[["ThrottlingException"]] * (TRIES - 1)])
    report = world.publish([good[0], poison[0], poison[1], good[1], poison[2]])

    assert report.failed == {0: "ThrottlingException"} | dict.fromkeys((1, 2, 4), "AfterFailedEvent")
    assert report.unpublishable == {}
    assert world.queue.failures == []


def test_an_unreadable_event_before_the_failed_one_is_stored() -> None:
    good, world = many(1), World(*[["ThrottlingException"]] * TRIES)
    report = world.publish([POISON, *good])

    assert (set(report.failed), set(report.unpublishable)) == ({1}, {0})
    assert [failure.customer_id for failure in world.queue.failures] == [POISON.customer_id]
