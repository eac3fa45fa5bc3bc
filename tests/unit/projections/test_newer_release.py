"""Readers of events meet events that a newer release appended: nothing raises, nothing is lost, the others go on."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from unittest.mock import patch

import pytest

from events import codec
from events.customer import Customer, CustomerUpdated, PersonalData
from events.envelope import Event
from operations.jobs.backfill.messages import MessageWriter, Origin
from projections.generations import FIRST_GENERATION
from projections.maintenance.differences import DifferenceKind
from projections.maintenance.progress import SegmentProgress
from projections.maintenance.redrive import RedriveOutcome
from publisher.cloud_event import cloud_event, source_of
from publisher.publishing import Publisher
from tests.fakes.bus import FakeBus, FakePublishFailures
from tests.samples import START, created, erased, updated
from tests.unit.projections.world import World

SOURCE = source_of("local")


def newer_schema(event: Event) -> Event:
    return replace(event, schema_version=event.schema_version + 1, data=with_phone(event))


def newer_type(event: Event) -> Event:
    return replace(event, type="CustomerMoved", data=with_phone(event))


def with_phone(event: Event) -> str:
    return json.dumps({**json.loads(event.data), "phone": "+44"})


both = pytest.mark.parametrize("newer", [newer_schema, newer_type])
Newer = Callable[[Event], Event]


@pytest.fixture
def world() -> World:
    return World()


@both
def test_the_customer_is_parked_and_the_neighbours_go_on(world: World, newer: Newer) -> None:
    [first, other] = [world.append(created(name)) for name in ("c-1", "c-2")]
    second = world.append(newer(updated("c-1", 2)))

    report = world.project(first, second, other)

    assert (world.version("c-1"), world.version("c-2")) == (1, 1)
    assert list(report.parked) == ["c-1"]
    assert not report.failed


@both
def test_the_gap_that_a_newer_event_leaves_is_not_filled_without_it(world: World, newer: Newer) -> None:
    [first, _, third] = [
        world.append(event) for event in (created("c-1"), newer(updated("c-1", 2)), updated("c-1", 3, city="Rome"))
    ]

    report = world.project(first)
    report = world.project(third)

    assert (world.version("c-1"), list(report.parked)) == (1, ["c-1"])


@both
def test_verify_and_a_rebuild_report_it(world: World, newer: Newer) -> None:
    world.project(world.append(created("c-1")))
    world.append(newer(updated("c-1", 2)))

    progress, [difference] = world.verifier.step(FIRST_GENERATION, SegmentProgress(0), 1)
    assert (progress.done, difference.kind) == (True, DifferenceKind.UNREADABLE)

    building = world.generations.save(world.generations.load().start_rebuild()).newest
    assert world.rebuild.step(building, SegmentProgress(0), 1).done
    assert (world.version("c-1", building), bool(world.parked("c-1", building))) == (1, True)


def test_a_redrive_brings_the_customer_back_once_the_newer_release_is_here(world: World) -> None:
    world.project(world.append(created("c-1")), world.append(newer_schema(updated("c-1", 2))))
    assert [each.outcome for each in world.redrive.run(FIRST_GENERATION, dry=False)] == [RedriveOutcome.STILL_PARKED]

    class Newer(CustomerUpdated):
        schema_version: ClassVar[int] = 2

    with patch.dict(codec._MODELS, {"CustomerUpdated": Newer}):
        assert [each.outcome for each in world.redrive.run(FIRST_GENERATION, dry=False)] == [RedriveOutcome.RETURNED]
    assert (world.version("c-1"), world.parked("c-1")) == (2, None)


@both
def test_the_publisher_notes_it_and_publishes_the_others(newer: Newer) -> None:
    bus, failures = FakeBus(), FakePublishFailures()
    events = [newer(created("c-1")), created("c-2")]

    report = Publisher(bus, failures, SOURCE, lambda _: None).publish(events)

    assert ([failure.customer_id for failure in failures.failures], len(bus.details)) == (["c-1"], 1)
    assert not report.failed


def test_an_erasure_by_a_newer_release_reaches_readers_and_consumers(world: World) -> None:
    erasure = replace(erased("c-1", 2), schema_version=2, data='{"reason":"asked"}')
    world.project(world.append(created("c-1")), world.append(erasure))

    row = world.row("c-1")
    assert row
    assert (row.version, row.listing, row.parked) == (2, None, None)
    assert cloud_event(erasure, SOURCE)["type"] == "customers.CustomerErased"
    assert cloud_event(erasure, SOURCE)["data"] == {}


@both
def test_a_backfill_reports_it(newer: Newer) -> None:
    writer = MessageWriter(Origin(SOURCE, "1" * 12, "eu-west-1"), 100_000, lambda: START + timedelta(days=1))

    messages, unsent = writer.write([created("c-1"), newer(updated("c-1", 2))])

    assert [message.version for message in messages] == [1]
    assert unsent
    assert unsent.version == 2


# An optional field that a newer release added within the schema version.


def test_an_optional_field_of_a_newer_release_reaches_the_row_and_the_bus(world: World) -> None:
    event = created("c-1")
    event = replace(event, data=with_phone(event))
    world.project(world.append(event))

    row = world.row("c-1")
    assert row
    assert row.listing
    assert json.loads(row.listing.document)["phone"] == "+44"
    assert cloud_event(event, SOURCE)["data"]["phone"] == "+44"
    state = row.state()
    assert isinstance(state, Customer)
    assert json.loads(state.document())["phone"] == "+44"


def test_a_row_with_that_field_is_the_one_that_the_newer_release_writes(world: World) -> None:
    """Otherwise each release would find the other's rows different."""
    event = created("c-1", full_name='李 "x"')
    world.project(world.append(replace(event, data=with_phone(event))))

    row = world.row("c-1")
    assert row
    assert row.listing
    fields = json.loads(row.listing.document)
    order = ["id", *PersonalData.model_fields, "phone", "version", "created_at", "updated_at"]
    assert row.listing.document == json.dumps(
        {name: fields[name] for name in order}, ensure_ascii=False, separators=(",", ":")
    )
    assert world.verifier.compare(["c-1"], FIRST_GENERATION).get("c-1") is None


def test_the_next_event_replaces_that_field_like_every_other(world: World) -> None:
    first = created("c-1")
    world.project(world.append(replace(first, data=with_phone(first))), world.append(updated("c-1", 2)))

    row = world.row("c-1")
    assert row
    assert row.listing
    assert "phone" not in json.loads(row.listing.document)
