"""Parking: an event that no retry can fix stops its own customer, visibly, and no other customer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from events import customer, history
from events.customer import CustomerEvent, State
from events.envelope import Event, Recorded
from projections.maintenance.differences import DifferenceKind
from projections.maintenance.redrive import RedriveOutcome
from projections.read_model import ReadModelBusy, Write
from projections.row import Parked, Row
from shared.runtime.clock import timestamp
from tests.samples import START, created, erased, updated
from tests.unit.projections.world import THROTTLE, TIMEOUT, World, poison, unreadable

PERSONAL = ("Ada", "Lovelace", "ada@example.com", "1990-05-17", "London")


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "CustomerTeleported"}, "unknown type"),
        ({"schema_version": 99}, "unknown schema version 99 of CustomerUpdated"),
        ({"schema_version": 0}, "unknown schema version 0 of CustomerUpdated"),
        ({"data": "Ada Lovelace"}, "unreadable data"),
        ({"data": '{"full_name": "Ada", "birth": "ada@example.com"}'}, "unreadable birth, city, country, email"),
        ({"type": "CustomerCreated"}, "CustomerCreated is not valid at version 2"),
    ],
)
def test_an_unreadable_event_parks_its_customer_with_a_reason(
    world: World, changes: dict[str, Any], reason: str
) -> None:
    one, two = world.log("c-1", 2)
    world.project(one)

    report = world.project(replace(two, **changes))

    wanted = Parked(version=2, reason=reason, since=timestamp(START), attempts=1)
    assert world.parked("c-1") == report.parked["c-1"] == wanted
    assert report.failed == {}
    assert not [word for word in PERSONAL if word in reason]


def test_an_item_that_is_not_an_event_parks_its_customer(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.project(one)

    assert world.project(unreadable(two)).parked["c-1"].reason == "the row is not an event: KeyError"


def test_an_error_in_the_fold_is_named_by_its_type_and_never_by_its_text(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    [one], [good] = world.log("c-1", 1), world.log("good", 1)
    real = customer.evolve

    def breaks(state: State | None, event: Event, data: CustomerEvent) -> State:
        if event.customer_id == "c-1":
            raise ZeroDivisionError("Ada Lovelace divided by ada@example.com")
        return real(state, event, data)

    monkeypatch.setattr(history, "evolve", breaks)

    report = world.project(one, good)

    assert report.parked["c-1"].reason == "the fold raised ZeroDivisionError"
    assert world.version("good") == 1


def test_a_parked_row_keeps_its_content(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.project(one)
    before = world.row("c-1")

    world.project(poison(two))

    after = world.row("c-1")
    assert before
    assert after
    assert replace(after, parked=None) == before
    assert after.listing == before.listing


@pytest.mark.parametrize("broken", [poison, unreadable], ids=["poison", "unreadable"])
def test_a_customer_parked_at_the_first_event_has_a_hidden_row_of_version_0(world: World, broken: object) -> None:
    [one] = world.log("c-1", 1)

    world.project(broken(one))  # type: ignore[operator]

    row = world.row("c-1")
    assert row
    assert (row.version, row.listing, row.state()) == (0, None, None)
    assert row.parked
    assert row.parked.version == 1
    assert world.read_model.page(1, 10, None) == []


def test_the_events_before_the_poison_event_in_its_batch_are_shown(world: World) -> None:
    """Batch boundaries must not matter: with the poison event in the next batch, they would be shown too."""
    one, two, three, four = world.log("c-1", 4)
    world.project(one)

    world.project(two, poison(three), four)

    assert world.version("c-1") == 2
    parked = world.parked("c-1")
    assert parked
    assert parked.version == 3


def test_the_events_before_a_poison_event_in_a_gap_are_shown(world: World) -> None:
    one, _, three, four = world.log("c-1", 4)
    world.replace_event(poison(three))
    world.project(one)

    world.project(four)

    assert world.version("c-1") == 2
    parked = world.parked("c-1")
    assert parked
    assert (parked.version, parked.reason) == (3, "unknown type")


def test_the_events_before_an_item_in_a_gap_that_is_not_an_event_are_shown(world: World) -> None:
    one, _, three, four = world.log("c-1", 4)
    world.store.broken["c-1", 3] = unreadable(three)
    world.project(one)

    world.project(four)

    assert world.version("c-1") == 2
    parked = world.parked("c-1")
    assert parked
    assert (parked.version, parked.reason) == (3, "the row is not an event: KeyError")


def test_later_events_wait_behind_the_parked_one_and_are_counted(world: World) -> None:
    one, two, three, four = world.log("c-1", 4)
    world.project(one)
    world.project(poison(two))
    before = world.row("c-1")

    report = world.project(one, three, four)

    assert (report.stale, report.waiting) == (1, 2)
    assert (report.failed, report.parked) == ({}, {})
    assert world.row("c-1") == before


def test_the_poison_event_waits_too_when_it_is_delivered_again(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.project(one)
    world.project(poison(two))

    report = world.project(poison(two))

    assert (report.waiting, report.parked) == (1, {})


def test_a_poison_event_does_not_stop_its_neighbours(world: World) -> None:
    [bad], [good], [better] = world.log("bad", 1), world.log("good", 1), world.log("better", 1)

    report = world.project(good, poison(bad), better)

    assert (world.version("good"), world.version("better")) == (1, 1)
    assert set(report.parked) == {"bad"}
    assert {event.customer_id for event in report.projected} == {"good", "better"}


@pytest.mark.parametrize("error", [THROTTLE, TIMEOUT, ReadModelBusy("busy")], ids=["throttle", "timeout", "busy"])
def test_a_transient_failure_never_parks_and_is_reported_as_failed(world: World, error: Exception) -> None:
    _, two = world.log("c-1", 2)
    [good] = world.log("good", 1)
    world.read_errors = [error]

    report = world.project(two, good)

    assert report.failed == {"c-1": type(error).__name__}
    assert report.parked == {}
    assert world.row("c-1") is None
    assert world.version("good") == 1
    assert world.project(two).failed == {}
    assert world.version("c-1") == 2


def test_a_customer_whom_another_writer_parks_meanwhile_stays_parked(world: World) -> None:
    """Parking moves no version, so the version alone would let this write undo it."""
    one, two = world.log("c-1", 2)
    world.project(one)

    def other_parks(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        world.project(poison(two))

    world.read_model.interfere = other_parks

    report = world.project(two)

    assert world.parked("c-1")
    assert (report.projected, report.waiting, report.failed) == ([], 1, {})


def test_a_customer_whom_another_writer_advances_meanwhile_is_not_parked(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.project(one)

    def other_projects(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        world.project(two)

    world.read_model.interfere = other_projects

    assert world.project(poison(two)).parked == {}
    assert world.parked("c-1") is None
    assert world.version("c-1") == 2


class TestSeveralGenerations:
    """They are fed in the order building, previous, active, so that the others are never behind the active one."""

    def test_they_are_written_in_the_given_order(self, world: World) -> None:
        written: list[int] = []
        world.read_model.interfere = lambda write: written.append(write.row.generation)

        world.projector.project_into(world.log("c-1", 1), (3, 1, 2))

        assert written == [3, 1, 2]

    def test_a_customer_who_fails_in_one_generation_is_skipped_in_the_later_ones(self, world: World) -> None:
        [late], [good] = world.log("late", 1), world.log("good", 1)
        world.read_model.failing = {"late"}

        reports = world.projector.project_into([late, good], (3, 1, 2))

        assert [report.failed for report in reports] == [{"late": "write failed"}, {}, {}]
        assert [world.version("good", number) for number in (3, 1, 2)] == [1, 1, 1]
        world.read_model.failing = set()
        assert [world.row("late", number) for number in (3, 1, 2)] == [None, None, None]

    def test_a_customer_parked_in_one_generation_is_still_fed_to_the_later_ones(self, world: World) -> None:
        one, two = world.log("c-1", 2)
        world.projector.project_into([one], (2, 1))
        row = world.row("c-1", 2)
        assert row
        world.read_model.stored["c-1", 2] = replace(row, parked=Parked(2, "poison", "2026-05-17T09:30:00.000000Z", 1))

        world.projector.project_into([two], (2, 1))

        assert world.parked("c-1", 2)
        assert world.version("c-1", 1) == 2

    @pytest.mark.parametrize("failing_write", range(1, 7))
    def test_whenever_a_write_fails_the_last_generation_is_never_ahead_of_the_others(
        self, world: World, failing_write: int
    ) -> None:
        events: list[Recorded] = [*world.log("c-1", 2), *world.log("c-2", 1)]
        calls = 0

        def fail(_: Write) -> None:
            nonlocal calls
            calls += 1
            if calls == failing_write:
                raise TIMEOUT

        world.read_model.interfere = fail

        with pytest.raises(type(TIMEOUT)):
            world.projector.project_into(events, (3, 1, 2))

        for customer_id in ("c-1", "c-2"):
            versions = [world.version(customer_id, number) for number in (3, 1, 2)]
            assert versions == sorted(versions, reverse=True)


def test_no_reason_contains_personal_data(world: World) -> None:
    good = created("c-1")
    broken = [
        replace(good, data=good.data[:-3]),
        replace(good, data=good.data.replace("1990-05-17", "London")),
        replace(good, data=f'["{"Ada Lovelace"}"]'),
        replace(updated("c-1", 1), data=good.data),
    ]
    for number, event in enumerate(broken):
        report = world.project(replace(event, customer_id=f"c-{number}"))
        [parked] = report.parked.values()
        assert not [word for word in PERSONAL if word in parked.reason]


@pytest.mark.parametrize("broken", [poison, unreadable])
def test_an_erasure_removes_the_person_from_a_parked_row_at_once(world: World, broken: Callable[..., Recorded]) -> None:
    one, two = world.log("c-1", 2)
    world.project(one, broken(two))
    assert world.parked("c-1")

    report = world.project(world.append(erased("c-1", 3)))

    assert (report.waiting, report.parked, report.failed) == (0, {}, {})
    assert world.row("c-1") == Row("c-1", 1, 3, None)
    assert world.read_model.page(1, 10, None) == []


def test_a_customer_parked_at_the_first_event_is_erased_too(world: World) -> None:
    [one] = world.log("c-1", 1)
    world.project(poison(one))

    world.project(world.append(erased("c-1", 2)))

    assert world.row("c-1") == Row("c-1", 1, 2, None)


def test_an_erasure_in_the_same_batch_as_the_poison_event_leaves_nothing_parked(world: World) -> None:
    one, two = world.log("c-1", 2)

    report = world.project(one, poison(two), world.append(erased("c-1", 3)))

    assert (report.parked, world.row("c-1")) == ({}, Row("c-1", 1, 3, None))


def test_events_after_the_erasure_of_a_parked_customer_neither_show_nor_park_them(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.project(one, poison(two))
    world.project(world.append(erased("c-1", 3)))

    assert world.project(poison(two), two).stale == 2
    assert world.project(world.append(poison(updated("c-1", 4)))).parked == {}
    assert world.project(unreadable(world.append(updated("c-1", 6)))).parked == {}

    assert world.row("c-1") == Row("c-1", 1, 6, None)


def test_an_erasure_that_meets_a_conflict_is_tried_again(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.project(one, poison(two))

    def redrive_meanwhile(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        assert [result.outcome for result in world.redrive.run(1, dry=False)]

    erasure = world.append(erased("c-1", 3))
    world.replace_event(poison(two))
    world.read_model.interfere = redrive_meanwhile

    assert world.project(erasure).failed == {}
    assert world.row("c-1") == Row("c-1", 1, 3, None)


def test_after_an_erasure_redrive_and_verify_find_nothing_to_do(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.replace_event(poison(two))
    world.project(one, poison(two))
    world.project(world.append(erased("c-1", 3)))
    before = dict(world.read_model.stored)

    assert list(world.redrive.run(1, dry=False)) == []
    assert world.verifier.compare(["c-1"], 1).get("c-1") is None
    assert list(world.verifier.orphans(1, 0, 1)) == []
    assert world.read_model.stored == before


@pytest.mark.parametrize("remedy", ["redrive", "repair"])
def test_an_erasure_that_the_stream_lost_is_found_and_applied_although_the_customer_is_parked(
    world: World, remedy: str
) -> None:
    one, two = world.log("c-1", 2)
    world.replace_event(poison(two))
    world.project(one, poison(two))
    world.append(erased("c-1", 3))

    found = world.verifier.compare(["c-1"], 1).get("c-1")

    assert found
    assert (found.kind, found.expected, found.found) == (DifferenceKind.BEHIND, 3, 1)
    if remedy == "redrive":
        assert [result.outcome for result in world.redrive.run(1, dry=False)] == [RedriveOutcome.RETURNED]
    else:
        assert world.verifier.repair(found, 1)
    assert world.row("c-1") == Row("c-1", 1, 3, None)
    assert world.verifier.compare(["c-1"], 1).get("c-1") is None


def test_a_rebuild_does_not_show_an_erased_customer_with_an_unreadable_event(world: World) -> None:
    events = world.log("c-1", 3)
    world.append(erased("c-1", 4))
    world.store.broken["c-1", 2] = unreadable(events[1])
    world.store.redact("c-1", [1, 2, 3])

    for record in world.store.read("c-1"):
        world.project(record, generation=2)

    assert world.row("c-1", 2) == Row("c-1", 2, 4, None)


def test_the_events_that_wait_are_counted_over_all_customers(world: World) -> None:
    for customer_id in ("c-1", "c-2"):
        one, two, _ = world.log(customer_id, 3)
        world.project(one, poison(two))

    assert world.project(*(world.store.events[customer_id, 3] for customer_id in ("c-1", "c-2"))).waiting == 2
