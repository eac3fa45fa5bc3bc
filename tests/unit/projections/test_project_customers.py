"""The function that the stream invokes, over stores in memory."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from events.codec import to_item
from events.envelope import Event, trace_annotations
from projections.customers import CUSTOMERS
from projections.generations import Generations
from projections.live import FedView
from projections.row import Listing, Row
from tests.samples import METADATA, START, created, erased, updated
from tests.unit.projections.world import World, poison

Project = Callable[..., list[str]]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def function(world: World, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function, whose stores and clock are the world's."""
    for name, value in {"EVENT_TABLE": "events", "READ_TABLE": "rows", "PARTIAL_ANSWERS": "true"}.items():
        monkeypatch.setenv(name, value)
    function = import_module("projections.handlers.project_customers")
    monkeypatch.setattr(function, "views", [FedView(CUSTOMERS, world.projector, world.generations)])
    monkeypatch.setattr(function, "utc_now", world.now)
    return function


@pytest.fixture
def project(function: ModuleType) -> Project:
    """Projects events, and returns the sequence numbers of those to retry. Numbers begin with 1. `ages` are the seconds
    since each change; None for a change without a time.
    """

    def call(*events: Event, ages: Sequence[float | None] = ()) -> list[str]:
        changes: list[dict[str, Any]] = [
            {"SequenceNumber": str(number), "NewImage": to_item(each)} for number, each in enumerate(events, 1)
        ]
        for change, age in zip(changes, ages, strict=False):
            if age is not None:
                change["ApproximateCreationDateTime"] = START.timestamp() - age
        answer = function.handle({"Records": [{"eventName": "INSERT", "dynamodb": each} for each in changes]}, None)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    return call


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The metrics of the last batch, by name."""
    last = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line][-1]
    names = [metric["Name"] for metric in last["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    return {name: sum(last[name]) for name in names}


def test_every_generation_that_is_fed_when_a_batch_arrives_is_written(world: World, project: Project) -> None:
    """The function's process lives for hours, and meanwhile a rebuild begins and ends."""
    first, second, third = world.log("a", 3)

    assert project(first) == []
    assert (world.version("a", 1), world.version("a", 2)) == (1, 0)

    world.generations.saved = Generations(building=2, newest=2)
    assert project(second) == []
    assert (world.version("a", 1), world.version("a", 2)) == (2, 2)

    world.generations.saved = Generations(active=2, newest=2, retired=(1,))
    assert project(third) == []
    assert (world.version("a", 1), world.version("a", 2)) == (2, 3)


def test_the_records_of_the_customers_who_failed_are_retried_and_no_others(world: World, project: Project) -> None:
    world.read_model.failing = {"b"}
    events = [world.append(created("a")), world.append(created("b")), world.append(updated("b", 2))]

    assert project(*events) == ["2", "3"]
    assert world.version("a") == 1


def test_a_poison_event_parks_its_customer_and_is_not_retried(world: World, project: Project) -> None:
    assert project(world.append(created("a")), world.replace_event(poison(created("b")))) == []
    assert world.parked("b")


def test_an_erasure_that_is_not_cleared_in_a_retired_generation_is_retried(world: World, project: Project) -> None:
    world.generations.saved = Generations(active=2, newest=2, retired=(1,))
    first, last = world.append(created("a")), world.append(erased("a", 2))
    kept = Row("a", 1, 1, Listing("{}", "x"))
    world.read_model.stored["a", 1] = kept
    # Another writer is faster at every try.
    world.read_model.interfere = lambda write: world.read_model.stored.update(
        {("a", 1): replace(kept, version=(write.replaces.version if write.replaces else 0) + 1)}
        if write.row.generation == 1
        else {}
    )

    assert project(first, last) == ["1", "2"]
    world.read_model.interfere = lambda _: None
    assert project(first, last) == []
    row = world.row("a", 1)
    assert row
    assert row.listing is None


def test_a_batch_is_measured_in_the_active_generation_and_its_failures_in_all(
    world: World, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    world.generations.saved = Generations(building=2, newest=2)
    first, second = world.log("a", 2)
    parked, *waiting = world.log("parked", 3)
    _, after_gap = world.log("gap", 2)
    [bad] = world.log("bad", 1)
    [busy] = world.log("busy", 1)
    world.projector.project_into([first, poison(parked)], (2, 1))
    world.read_model.failing = {"busy"}

    project(first, second, *waiting, after_gap, poison(bad), busy)

    assert measured(capsys) == {
        "EventsProjected": 2,
        "EventsStale": 1,
        "EventsWaiting": 2,
        "EventsBehind": 4,
        "GapsHealed": 1,
        "CustomersParked": 1,
        "CustomersFailed": 1,
        "SecondsBehind": 0,
    }


@pytest.mark.parametrize(
    ("ages", "seconds"), [((), 0), ((None, None), 0), ((2, 7.5), 7.5), ((None, 0.25), 0.25), ((-3, -2), 0)]
)
def test_a_batch_is_as_far_behind_as_its_oldest_change(
    world: World,
    project: Project,
    capsys: pytest.CaptureFixture[str],
    ages: Sequence[float | None],
    seconds: float,
) -> None:
    """The clock of a function may be behind the one of DynamoDB."""
    project(*world.log("a", len(ages)) if ages else (), ages=ages)

    assert measured(capsys)["SecondsBehind"] == pytest.approx(seconds)


def test_a_projected_event_is_traced_with_the_ids_of_its_request(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[tuple[object, ...]] = []
    monkeypatch.setattr(function, "continue_trace", lambda *arguments: traced.append(arguments))
    event = replace(created("a"), metadata=replace(METADATA, trace_id="1-2-3", segment_id="4"))

    function.trace_event(event, 12.5)

    ids = {"correlation_id": METADATA.correlation_id, "causation_id": METADATA.causation_id}
    annotations = {**trace_annotations("a", 1, "CustomerCreated"), **ids}
    assert traced == [("customers-projection", "1-2-3", "4", 12.5, annotations)]
