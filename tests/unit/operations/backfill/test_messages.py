"""A message equals EventBridge's delivery, and a customer's events end at the first that cannot be sent."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from events.codec import REDACTED
from events.envelope import Event, Recorded, Unreadable
from operations.jobs.backfill.messages import MessageWriter, Origin, Unsent
from publisher.bus import Bus
from publisher.entries import Entry
from publisher.publish_failures import PublishFailures
from publisher.publishing import Publisher
from tests.samples import START, created, erased, history

ORIGIN = Origin("urn:customers-api:test", "123456789012", "eu-west-1")


def writer(largest: int = 1_048_576) -> MessageWriter:
    return MessageWriter(ORIGIN, largest, lambda: START)


class Recorder(Bus, PublishFailures):
    """A bus that records its entries."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def put(self, entries: Sequence[Entry]) -> list[str]:
        self.entries += entries
        return [""] * len(entries)

    def send(self, letter: Any) -> None:
        raise AssertionError(letter)


def as_published(event: Event) -> dict[str, Any]:
    """A rule's delivery. EventBridge user guide, "Event structure": these fields and no others."""
    bus = Recorder()
    Publisher(bus, bus, ORIGIN.source).publish([event])
    [request] = [entry.to_request_entry("bus") for entry in bus.entries]
    assert request.keys() <= {"EventBusName", "Source", "DetailType", "Detail", "TraceHeader"}
    event_fields = {
        "source": request["Source"],
        "detail-type": request["DetailType"],
        "detail": json.loads(request["Detail"]),
    }
    where = {"account": ORIGIN.account, "region": ORIGIN.region}
    return {
        "version": "0",
        "id": event.event_id,
        **where,
        "time": "2026-05-17T09:30:00Z",
        "resources": [],
        **event_fields,
    }


@pytest.mark.parametrize(
    "event",
    [
        created("c"),
        erased("c", 1),
        replace(created("c"), data=REDACTED),
        created("c", full_name="Zoë \uffff \U0001f600"),
    ],
    ids=["created", "erased", "redacted", "other alphabets"],
)
def test_a_message_equals_the_published_one_except_that_it_is_marked_as_replayed(event: Event) -> None:
    [message], unsent = writer().write([event])

    delivered = json.loads(message.body)
    assert delivered["detail"].pop("replayed") is True
    assert delivered == as_published(event)
    assert unsent is None
    # SQS refuses some characters, U+FFFF among them.
    assert message.body.isascii()


def test_an_erased_customer_is_sent_without_data_and_the_erasure_last() -> None:
    events = [*(replace(event, data=REDACTED) for event in history("c", 2)), erased("c", 3)]

    messages, _ = writer().write(events)

    types = [json.loads(message.body)["detail-type"] for message in messages]
    assert types == ["EventRedacted", "EventRedacted", "CustomerErased"]
    assert "city" not in "".join(message.body for message in messages)


def test_nothing_is_sent_from_an_unreadable_event_on() -> None:
    first, second, third = history("c", 3)
    vanished = replace(second, type="CustomerVanished")
    nothing = Unreadable("c", 2, "the row is not an event: KeyError")

    bads: list[tuple[Recorded, str]] = [
        (vanished, "unknown type"),
        (nothing, nothing.reason),
    ]
    for bad, reason in bads:
        messages, unsent = writer().write([first, bad, third])
        assert [message.version for message in messages] == [1]
        assert unsent == Unsent("c", 2, reason)


def test_an_erasure_is_sent_even_after_an_event_that_cannot_be_sent() -> None:
    first, second = history("c", 2)
    bad: list[Recorded] = [first, Unreadable("c", 2, "the row is not an event: KeyError"), erased("c", 3)]

    for records in (bad, [first, erased("c", 3)]):
        messages, unsent = writer().write(records)
        assert [message.version for message in messages] == [1, 3]
        assert unsent
        assert unsent.version == second.version


def test_nothing_is_sent_after_a_missing_version() -> None:
    first, _, third = history("c", 3)

    messages, unsent = writer().write([first, third])

    assert [message.version for message in messages] == [1]
    assert unsent == Unsent("c", 2, "the event table lacks version 2")


def test_a_message_may_be_as_large_as_the_queue_takes_and_no_larger() -> None:
    event = created("c")
    [message], _ = writer().write([event])
    size = len(message.body)

    assert writer(size).write([event])[1] is None
    assert writer(size - 1).write([event]) == ([], Unsent("c", 1, f"{size} bytes, and the queue takes {size - 1}"))
