"""A row that the read table refuses at every try parks its customer, at the right event, and nobody else."""

from dataclasses import replace

import pytest

from projections.maintenance.differences import DifferenceKind
from projections.maintenance.redrive import RedriveOutcome
from projections.read_model import Write
from projections.row import RETURNING, Parked, Row
from shared.runtime.clock import timestamp
from tests.samples import START, erased, updated
from tests.unit.projections.world import THROTTLE, World, poison

REASON = "the read table refuses the row"


@pytest.fixture
def world() -> World:
    return World()


def refuse(world: World, customer_id: str, *versions: int) -> None:
    """Refuse the rows that show these versions of a customer; a row that is parked before them is accepted."""
    world.read_model.refuses = lambda row: row.customer_id == customer_id and row.version in versions


def test_a_refused_row_parks_its_customer_and_nobody_else(world: World) -> None:
    [bad], [good] = world.log("bad", 1), world.log("good", 1)
    refuse(world, "bad", 1)

    report = world.project(bad, good)

    assert world.parked("bad") == Parked(1, REASON, timestamp(START), 1)
    assert world.row("bad") == Row("bad", 1, 0, None, world.parked("bad"))
    assert (set(report.parked), report.failed) == ({"bad"}, {})
    assert [event.customer_id for event in report.projected] == ["good"]
    assert world.version("good") == 1


def test_everything_before_the_refused_row_is_shown(world: World) -> None:
    events = world.log("c-1", 5)
    refuse(world, "c-1", 4, 5)

    report = world.project(*events)

    parked = world.parked("c-1")
    assert parked
    assert (world.version("c-1"), parked.version, parked.reason) == (3, 4, REASON)
    assert [event.version for event in report.projected] == [1, 2, 3]
    assert report.failed == {}


@pytest.mark.parametrize("refused", [2, 3, 4])
def test_everything_before_the_refused_row_in_a_gap_is_shown(world: World, refused: int) -> None:
    *_, last = world.log("c-1", 5)
    refuse(world, "c-1", *range(refused, 6))

    world.project(last)

    parked = world.parked("c-1")
    assert parked
    assert (world.version("c-1"), parked.version) == (refused - 1, refused)


def test_a_row_that_todays_code_cannot_read_never_goes_back_before_a_refused_one(world: World) -> None:
    *before, _, last = world.log("c-1", 4)
    world.project(*before)
    row = world.row("c-1")
    assert row
    assert row.listing
    world.read_model.stored["c-1", 1] = replace(row, listing=replace(row.listing, document="{}"))
    refuse(world, "c-1", 4)

    world.project(last)

    assert [version for _, version in world.read_model.history] == [2, 3, 3]


def test_a_row_that_is_too_large_only_in_between_is_passed(world: World) -> None:
    """Nobody reads the versions in between, so the newest counts."""
    events = world.log("c-1", 3)
    refuse(world, "c-1", 2)

    assert world.project(*events).parked == {}
    assert world.version("c-1") == 3


def test_a_poison_event_after_the_refused_row_changes_nothing(world: World) -> None:
    one, two, three = world.log("c-1", 3)
    refuse(world, "c-1", 1, 2)

    world.project(one, two, poison(three))

    parked = world.parked("c-1")
    assert parked
    assert (world.version("c-1"), parked.version, parked.reason) == (0, 1, REASON)


def test_later_events_wait_and_an_erasure_does_not(world: World) -> None:
    events = world.log("c-1", 2)
    refuse(world, "c-1", 2)
    world.project(*events)

    assert world.project(world.append(updated("c-1", 3))).waiting == 1
    world.project(world.append(erased("c-1", 4)))

    assert world.row("c-1") == Row("c-1", 1, 4, None)


@pytest.mark.parametrize("kind", ["conflict", "write failed"])
def test_a_transient_failure_on_the_way_never_parks(world: World, kind: str) -> None:
    [bad] = world.log("bad", 1)
    key, other = ("bad", 1), Row("bad", 1, 0, None)

    def interfere(write: Write) -> None:
        """Another writer is always faster, or the table is away, as soon as the customer is to be parked."""
        if kind == "write failed" and write.row.parked:
            world.read_model.failing = {"bad"}
        elif write.row.parked and world.read_model.stored.pop(key, None) is None:
            world.read_model.stored[key] = other

    world.read_model.interfere = interfere
    refuse(world, "bad", 1)

    report = world.project(bad)

    assert report.parked == {}
    assert report.failed == {"bad": kind}


def test_a_customer_who_cannot_even_be_parked_is_delivered_again(world: World) -> None:
    [bad], [good] = world.log("bad", 1), world.log("good", 1)
    world.read_model.refuses = lambda row: row.customer_id == "bad"

    report = world.project(bad, good)

    assert (report.failed, report.parked) == ({"bad": "write refused"}, {})
    assert world.version("good") == 1


def test_a_gap_that_cannot_be_read_meanwhile_is_delivered_again(world: World) -> None:
    *_, last = world.log("c-1", 2)
    refuse(world, "c-1", 2)
    reads = iter([None, THROTTLE])
    real = world.projector._read_events

    def read(customer_id: str) -> object:
        if error := next(reads, None):
            raise error
        return real(customer_id)

    world.projector._read_events = read  # type: ignore[assignment]
    [busy] = world.log("busy", 1)
    world.read_model.failing = {"busy"}

    report = world.project(last, busy)

    assert (report.failed, report.parked) == ({"c-1": "ClientError", "busy": "write failed"}, {})


@pytest.mark.parametrize(("conflicts", "failed"), [(3, {}), (4, {"bad": "conflict"})])
def test_parking_is_tried_four_times(world: World, conflicts: int, failed: dict[str, str]) -> None:
    [bad] = world.log("bad", 1)
    others = iter(range(conflicts))

    def interfere(write: Write) -> None:
        """Another writer changes the row after each of the first reads."""
        attempt = next(others, None) if write.row.parked else None
        if attempt is not None:
            # Under way to be brought back, so the event does not wait.
            parked = Parked(1, RETURNING, timestamp(START), attempts=attempt + 2)
            world.read_model.stored["bad", 1] = Row("bad", 1, 0, None, parked)

    world.read_model.interfere = interfere
    refuse(world, "bad", 1)

    assert world.project(bad).failed == failed


def test_a_redrive_says_that_the_row_is_still_refused_and_brings_the_customer_back_once_it_is_not(world: World) -> None:
    events = world.log("c-1", 3)
    refuse(world, "c-1", 2, 3)
    world.project(*events)

    [result] = world.redrive.run(1, dry=False)

    assert (result.outcome, result.parked.reason, result.version) == (RedriveOutcome.STILL_PARKED, REASON, 1)
    parked = world.parked("c-1")
    assert parked
    assert (parked.version, parked.attempts) == (2, 2)

    world.read_model.refuses = lambda _: False
    [result] = world.redrive.run(1, dry=False)
    assert result.outcome is RedriveOutcome.RETURNED
    assert world.version("c-1") == 3


def test_a_redrive_that_meets_a_refused_row_replaces_the_earlier_reason(world: World) -> None:
    events = world.log("c-1", 2)
    world.project(events[0], poison(events[1]))
    refuse(world, "c-1", 2)

    [result] = world.redrive.run(1, dry=False)

    parked = world.parked("c-1")
    assert parked
    assert (result.outcome, result.parked.reason, parked.reason) == (RedriveOutcome.STILL_PARKED, REASON, REASON)


def test_a_redrive_whose_second_write_is_refused_does_not_say_that_the_customer_returned(world: World) -> None:
    events = world.log("c-1", 2)
    world.project(events[0], poison(events[1]))
    world.read_model.refuses = lambda row: row.version == 2 and row.parked is None

    [result] = world.redrive.run(1, dry=False)

    assert result.outcome is RedriveOutcome.TRY_AGAIN


def test_a_rebuild_and_a_verification_see_a_parked_customer(world: World) -> None:
    events = world.log("c-1", 2)
    world.project(*events)
    world.generations.save(world.generations.load().start_rebuild())
    refuse(world, "c-1", 2)

    for event in events:
        world.project(event, generation=2)

    difference = world.verifier.compare(["c-1"], 2).get("c-1")
    assert difference
    assert (difference.kind, difference.found) == (DifferenceKind.PARKED, 1)
