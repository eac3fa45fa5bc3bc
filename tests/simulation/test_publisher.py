"""The publisher with thousands of events and every fault: published and dead-lettered events are the event table (I6).

The real handler, the real core of the event source mapping, and a bus that refuses one entry in five, throttles, loses
responses and sees the function die in the middle of a batch. Deliberate defects of our own code must be detected.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Final

import pytest

os.environ |= {
    "STAGE": "local",
    "EVENT_BUS": "bus",
    "PUBLISH_FAILURE_QUEUE": "queue",
    "EPOCH": "1",
    "PARTIAL_ANSWERS": "true",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "LOG_LEVEL": "CRITICAL",
}

from events.codec import UnreadableEvent, recorded
from events.envelope import Unreadable
from publisher import event_bridge, publishing
from publisher.bus import BusUnavailable
from publisher.entries import to_entry
from publisher.event_bridge import EventBridgeBus
from publisher.handlers import publish_events
from publisher.publishing import Publisher
from publisher.sqs_publish_failures import SqsPublishFailures
from tests.simulation.publishing import Log, Mix, Outcome, check, log_of, run
from tests.unit.operations.stack import FakeStack

EVENTS: Final = 5000
SEEDS: Final = range(3)
OUTAGE: Final = Mix(outage=range(150, 700))
QUIET: Final = Mix()


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_events, "_log_and_count", lambda *_: None)
    monkeypatch.setattr(publish_events, "publisher", publish_events.publisher)


def simulated(seed: int, mix: Mix, size: int = EVENTS) -> tuple[Log, Outcome]:
    log = log_of(Random(seed), size, mix)
    return log, run(log, seed, mix)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mix", [QUIET, OUTAGE], ids=["faults", "faults and an outage"])
def test_published_and_dead_lettered_events_are_the_event_table(
    seed: int, mix: Mix, capsys: pytest.CaptureFixture[str]
) -> None:
    log, outcome = simulated(seed, mix)

    with capsys.disabled():
        twice = sum(outcome.published.values()) / len(outcome.published)
        figures = f"{len(outcome.letters)} letters, {len(outcome.documents)} batches given up"
        print(f"\nseed {seed}: {outcome.bus.requests} requests, {figures}, {twice:.2f} sendings an event, ", end="")
        print(dict(outcome.bus.faults))
    check(log, outcome)
    assert log.poison
    assert min(outcome.bus.faults[kind] for kind in ("failed_entry", "throttled", "lost_answer", "crash")) > 5
    refused = outcome.bus.faults["failed_entry"]
    assert 0.17 < refused / (refused + len(outcome.bus.details)) < 0.23
    if mix is OUTAGE:
        assert outcome.documents
        assert outcome.discarded - outcome.letters
    else:
        assert not outcome.documents


@pytest.mark.parametrize("seed", SEEDS)
def test_once_the_poison_events_are_repaired_a_redrive_publishes_the_rest_and_a_second_one_nothing(seed: int) -> None:
    log, outcome = simulated(seed, OUTAGE)
    stack = stack_of(log, outcome)

    assert stack.run("redrive-failures", "--go") == 1
    assert on_bus(stack, log) | set(outcome.published) == log.events.keys() - log.poison

    for key in log.poison:
        stack.store.events[key] = log.events[key]
        stack.store.broken.pop(key, None)
    # A redrive takes only what was noted before it began.
    stack.clock.pause(1)
    assert stack.run("redrive-failures", "--go") == 0
    assert on_bus(stack, log) | set(outcome.published) == log.events.keys()
    assert not stack.notes.messages

    sent = len(stack.bus.details)
    assert stack.run("redrive-failures", "--go") == 0
    assert len(stack.bus.details) == sent
    assert not opened_again(stack, log)


@pytest.mark.parametrize("cut_below", [0, 3], ids=["finished", "cut"])
def test_a_redrive_sends_nothing_of_an_erased_person(cut_below: int) -> None:
    log, outcome = simulated(1, replace(OUTAGE, erased=0.1))
    stack = stack_of(log, outcome, cut_below)

    stack.run("redrive-failures", "--go")

    assert {customer_id for customer_id, _ in on_bus(stack, log)} & log.erased
    assert not opened_again(stack, log)


def opened_again(stack: FakeStack, log: Log) -> list[str]:
    """The events of erased customers that were sent with their data."""
    sent = map(json.loads, stack.bus.details)
    types = {f"customers.{name}" for name in ("CustomerErased", "EventRedacted")}
    return [event["id"] for event in sent if event["subject"] in log.erased and event["type"] not in types]


def stack_of(log: Log, outcome: Outcome, cut_below: int = 0) -> FakeStack:
    stack = FakeStack()
    for key in log.items:
        found = recorded(log.stored(key, cut_below=cut_below))
        if isinstance(found, Unreadable):
            stack.store.broken[key] = found
            # The fake keeps an unreadable row in place of an event.
            stack.store.events[key] = log.events[key]
        else:
            stack.store.events[key] = found
    for number, letter in enumerate(outcome.bus.letters):
        stack.notes.messages[f"letter-{number}"] = {"unpublished": letter}
    for number, info in enumerate(outcome.documents):
        stack.notes.messages[f"batch-{number}"] = {"DDBStreamBatchInfo": info}
    return stack


def on_bus(stack: FakeStack, log: Log) -> set[tuple[str, int]]:
    keys = {event.event_id: key for key, event in log.events.items()}
    return {keys[json.loads(detail)["id"]] for detail in stack.bus.details}


def _poison_raises(self: Publisher, records: Any, report: Any, *, replayed: bool) -> Any:
    pending = _to_entries(self, records, report, replayed=replayed)
    if report.unpublishable:
        raise UnreadableEvent("somewhere", "poison")
    return pending


def _poison_forgotten(self: Publisher, records: Any, report: Any, *, replayed: bool) -> Any:
    pending = _to_entries(self, records, report, replayed=replayed)
    report.unpublishable.clear()
    return pending


def _lost_is_done(self: EventBridgeBus, entries: Any) -> Any:
    try:
        return _put(self, entries)
    except BusUnavailable:
        return [""] * len(entries)


def _last_request_only(self: Publisher, pending: Any, records: Any, report: Any) -> None:
    _send(self, pending, records, report)
    for place in list(report.failed)[:1]:
        del report.failed[place]


def _poison_comes_again(self: Publisher, records: Any, report: Any) -> None:
    report.failed |= report.unpublishable
    report.unpublishable.clear()


_to_entries, _send, _put = Publisher._to_entries, Publisher._send, EventBridgeBus.put
_to_entry = to_entry

MUTANTS: Final[dict[str, tuple[Any, str, Callable[..., Any]]]] = {
    "failed entries taken for published": (event_bridge, "_error_code", lambda _: ""),
    "success reported for the whole batch": (publish_events, "answer", lambda *_, **__: {"batchItemFailures": []}),
    "poison fails the batch": (Publisher, "_to_entries", _poison_raises),
    "poison sent back instead of put aside": (Publisher, "_store_failures", _poison_comes_again),
    "poison dropped without a note": (Publisher, "_to_entries", _poison_forgotten),
    "a lost answer taken for success": (EventBridgeBus, "put", _lost_is_done),
    "the first failed record forgotten": (Publisher, "_send", _last_request_only),
    "a dead letter taken for sent": (SqsPublishFailures, "send", lambda *_: None),
    "another event sent": (
        publishing,
        "to_entry",
        lambda event: _to_entry({**event, "sequence": "1"}),
    ),
}


@pytest.mark.parametrize("name", ["none", *MUTANTS])
def test_a_defect_is_detected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "none":
        hunt()
        return
    owner, attribute, value = MUTANTS[name]
    monkeypatch.setattr(owner, attribute, value)
    with pytest.raises(AssertionError):
        hunt()


def hunt() -> None:
    """Without an outage no batch is discarded: poison events have messages, and their neighbours are published."""
    for seed in range(10):
        log, outcome = simulated(seed, Mix(poison=0.01), 500)
        check(log, outcome)
        assert not outcome.documents
