"""The function that the stream invokes, over stores in memory."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import pytest

from events.codec import to_item
from events.envelope import Event
from projections.generations import Generations
from projections.row import Listing, Row
from tests.samples import created, erased, updated
from tests.unit.projections.world import World, poison

Project = Callable[..., list[str]]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def project(world: World, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Projects events, and returns the sequence numbers of those to retry. Numbers begin with 1."""
    for name, value in {"EVENT_TABLE": "events", "READ_TABLE": "rows", "PARTIAL_ANSWERS": "true"}.items():
        monkeypatch.setenv(name, value)
    function = import_module("projections.handlers.project_customers")
    for name in ("store", "generations", "projector"):
        monkeypatch.setattr(function, name, getattr(world, name))

    def call(*events: Event) -> list[str]:
        changes = [{"SequenceNumber": str(number), "NewImage": to_item(each)} for number, each in enumerate(events, 1)]
        answer = function.handle({"Records": [{"eventName": "INSERT", "dynamodb": each} for each in changes]}, None)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    return call


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
