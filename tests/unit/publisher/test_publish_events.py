"""The function that the stream invokes, over a bus and a queue in memory."""

import json
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from events.envelope import trace_annotations
from publisher.publishing import TRIES, Publisher
from tests.fakes.bus import FakeBus, FakePublishFailures
from tests.integration.records import record_of
from tests.samples import METADATA, created

POISON = replace(created("poison", version=1), type="CustomerTeleported")


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    settings = {
        "EVENT_BUS": "bus",
        "PUBLISH_FAILURE_QUEUE": "queue",
        "STAGE": "test",
        "EPOCH": "1",
        "PARTIAL_ANSWERS": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return import_module("publisher.handlers.publish_events")


@pytest.fixture
def traced(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The arguments of each trace."""
    traced: list[tuple[Any, ...]] = []
    monkeypatch.setattr(function, "continue_trace", lambda *arguments: traced.append(arguments))
    monkeypatch.setattr(function.time, "time", lambda: 12.5)
    return traced


def publish(function: ModuleType, monkeypatch: pytest.MonkeyPatch, bus: FakeBus, *records: dict[str, Any]) -> list[str]:
    """Hand over a batch. Returns the sequence numbers to deliver again."""
    publisher = Publisher(bus, FakePublishFailures(), "urn:s", lambda _: None)
    monkeypatch.setattr(function, "publisher", publisher)
    answer = function.handle({"Records": list(records)}, None)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The records that name a customer."""
    names = ("message", "customer_id", "version", "correlation_id", "reason", "failure")
    records = [vars(record) for record in caplog.records]
    return [{name: record[name] for name in names if name in record} for record in records if "customer_id" in record]


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The metrics of the batch, by name."""
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    units = {metric["Name"]: metric["Unit"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert set(units.values()) == {"Count"}
    return {name: sum(line[name]) for name in units}


def test_each_event_of_a_batch_is_logged_and_counted_by_what_became_of_it(
    function: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus = FakeBus(["", "ThrottlingException"], *[["ThrottlingException"]] * (TRIES - 1))
    good, again = created("good"), record_of(created("again"))

    assert publish(function, monkeypatch, bus, record_of(good), record_of(POISON), again) == [
        again["dynamodb"]["SequenceNumber"]
    ]

    assert logged(caplog) == [
        {"message": "published", "customer_id": "good", "version": 1, "correlation_id": METADATA.correlation_id},
        {"message": "cannot be published", "customer_id": "poison", "version": 1, "reason": "unknown type"},
        {"message": "to be published again", "customer_id": "again", "version": 1, "failure": "ThrottlingException"},
    ]
    assert measured(capsys) == {
        "EventsChanged": 0,
        "EventsPublished": 1,
        "EventsUnpublishable": 1,
        "EventsToPublishAgain": 1,
    }


def test_each_stored_event_that_was_changed_is_logged_and_counted(
    function: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed = [record_of(created("c-1"), "MODIFY"), record_of(created("c-2"), "REMOVE")]

    assert publish(function, monkeypatch, FakeBus(), *changed) == []

    message = "a stored event was changed"
    assert logged(caplog) == [
        {"message": message, "customer_id": customer_id, "version": 1} for customer_id in ("c-1", "c-2")
    ]
    assert measured(capsys) == {
        "EventsChanged": 2,
        "EventsPublished": 0,
        "EventsUnpublishable": 0,
        "EventsToPublishAgain": 0,
    }


def test_a_published_event_is_traced_with_the_id_of_its_request(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch, traced: list[tuple[Any, ...]]
) -> None:
    event = replace(created("a"), metadata=replace(METADATA, trace_id="1-2-3", segment_id="4"))

    publish(function, monkeypatch, FakeBus(), record_of(event))

    annotations = {**trace_annotations("a", 1, "CustomerCreated"), "correlation_id": METADATA.correlation_id}
    assert traced == [("customers-publishing", "1-2-3", "4", 12.5, annotations)]
