"""Verify: every kind of difference is found, lag is not reported, and a repair writes only what is certain."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from events import customer, history
from events.envelope import Event
from projections.maintenance import verify
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import SegmentProgress
from projections.read_model import RowPage, Write
from projections.row import Row
from tests.samples import created, erased, updated
from tests.unit.projections.world import TIMEOUT, World, poison, unreadable


@pytest.fixture
def world() -> World:
    return World()


def shown(world: World, customer_id: str, versions: int) -> Row:
    """Project a customer correctly."""
    world.project(*world.log(customer_id, versions))
    row = world.row(customer_id)
    assert row
    return row


def found(world: World, total_segments: int = 1) -> list[Difference]:
    """Return everything that a whole verification finds."""
    differences = []
    for segment in range(total_segments):
        at = SegmentProgress(segment)
        while not at.done:
            at, more = world.verifier.step(1, at, total_segments)
            differences += more
        differences += world.verifier.orphans(1, segment, total_segments)
    return differences


def reported(world: World) -> int:
    """Return the number of problems that a verification counts."""
    at = SegmentProgress(0)
    while not at.done:
        at, _ = world.verifier.step(1, at, 1)
    return at.problems


def missing(world: World) -> None:
    world.log("c-1", 2)


def behind(world: World) -> None:
    shown(world, "c-1", 1)
    world.append(updated("c-1", 2))


def different(world: World) -> None:
    row = shown(world, "c-1", 2)
    assert row.listing
    world.read_model.stored["c-1", 1] = replace(row, listing=replace(row.listing, document="{}"))


def listed_elsewhere(world: World) -> None:
    row = shown(world, "c-1", 2)
    assert row.listing
    world.read_model.stored["c-1", 1] = replace(row, listing=replace(row.listing, order="2020#c-1"))


def unlisted(world: World) -> None:
    row = shown(world, "c-1", 2)
    world.read_model.stored["c-1", 1] = replace(row, misplaced=True)


def still_shown_though_erased(world: World) -> None:
    row = shown(world, "c-1", 2)
    world.append(erased("c-1", 3))
    world.store.redact("c-1", [1, 2])
    world.read_model.stored["c-1", 1] = replace(row, version=3)


def ahead(world: World) -> None:
    shown(world, "c-1", 2)
    del world.store.events["c-1", 2]


def orphan(world: World) -> None:
    shown(world, "c-1", 2)
    world.store.events.clear()


def parked(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.replace_event(poison(two))
    world.project(one, poison(two))


def parked_at_first(world: World) -> None:
    [one] = world.log("c-1", 1)
    world.store.broken["c-1", 1] = unreadable(one)
    world.project(unreadable(one))


def poison_not_parked(world: World) -> None:
    shown(world, "c-1", 1)
    world.append(poison(updated("c-1", 2)))


def unreadable_not_parked(world: World) -> None:
    shown(world, "c-1", 1)
    world.store.broken["c-1", 2] = unreadable(updated("c-1", 2))


def missing_event(world: World) -> None:
    shown(world, "c-1", 1)
    world.store.events["c-1", 3] = updated("c-1", 3)


Case = Callable[[World], None]
REPAIRABLE: list[tuple[Case, DifferenceKind, int, int]] = [
    (missing, DifferenceKind.MISSING, 2, 0),
    (behind, DifferenceKind.BEHIND, 2, 1),
    (different, DifferenceKind.DIFFERENT, 2, 2),
    (listed_elsewhere, DifferenceKind.DIFFERENT, 2, 2),
    (unlisted, DifferenceKind.UNLISTED, 2, 2),
    (still_shown_though_erased, DifferenceKind.DIFFERENT, 3, 3),
]
REFUSED: list[tuple[Case, DifferenceKind, int, int]] = [
    (parked, DifferenceKind.PARKED, 2, 1),
    (parked_at_first, DifferenceKind.PARKED, 1, 0),
    (poison_not_parked, DifferenceKind.UNREADABLE, 2, 1),
    (unreadable_not_parked, DifferenceKind.UNREADABLE, 2, 1),
    (missing_event, DifferenceKind.UNREADABLE, 2, 1),
]
AHEAD: list[tuple[Case, DifferenceKind, int, int]] = [
    (ahead, DifferenceKind.AHEAD, 1, 2),
    (orphan, DifferenceKind.AHEAD, 0, 2),
]


def names(cases: list[tuple[Case, DifferenceKind, int, int]]) -> list[str]:
    return [case[0].__name__ for case in cases]


def test_without_differences_nothing_is_found_and_nothing_waits(world: World) -> None:
    shown(world, "c-1", 3)
    gone = [*world.log("c-2", 2), world.append(erased("c-2", 3))]
    world.store.redact("c-2", [1, 2])
    world.project(*gone)

    assert found(world) == []
    assert world.pauses == []


@pytest.mark.parametrize(("case", "kind", "expected", "version"), REPAIRABLE + REFUSED, ids=names(REPAIRABLE + REFUSED))
def test_each_kind_of_difference_is_found_once_with_its_versions(
    world: World, case: Case, kind: DifferenceKind, expected: int, version: int
) -> None:
    case(world)
    shown(world, "neighbour", 2)

    assert found(world) == [Difference("c-1", kind, expected, version)]


@pytest.mark.parametrize(("case", "kind", "expected", "version"), AHEAD, ids=names(AHEAD))
def test_a_row_ahead_of_the_event_table_is_found(
    world: World, case: Case, kind: DifferenceKind, expected: int, version: int
) -> None:
    case(world)

    assert set(found(world)) == {Difference("c-1", kind, expected, version)}
    assert list(world.verifier.orphans(1, 0, 1)) == [Difference("c-1", kind, expected, version)]


def test_a_row_whose_event_is_missing_between_others_is_not_an_orphan(world: World) -> None:
    shown(world, "c-1", 2)
    world.append(updated("c-1", 3))
    del world.store.events["c-1", 2]

    assert list(world.verifier.orphans(1, 0, 1)) == []


def test_a_row_whose_event_arrived_while_the_events_were_read_is_not_an_orphan(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(world, "c-1", 2)
    monkeypatch.setattr(world.store, "existing", lambda _: set())

    assert list(world.verifier.orphans(1, 0, 1)) == []


def test_the_rows_of_each_page_are_searched_for_orphans(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["c-1", "c-2", "c-3"]
    rows = [shown(world, customer_id, 1) for customer_id in ids]
    world.store.events.clear()

    def rows_after(_generation: int, _segment: int, _segments: int, start: Mapping[str, str] | None) -> RowPage:
        place = int(start["customer_id"][2:]) if start else 0
        return RowPage([rows[place]], {"customer_id": ids[place]} if place < 2 else None)

    monkeypatch.setattr(world.read_model, "rows", rows_after)

    assert [orphan.customer_id for orphan in islice(world.verifier.orphans(1, 0, 1), 4)] == ids


def test_all_rows_of_a_page_are_checked_in_one_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        shown(world, f"c-{number}", 2)
    monkeypatch.setattr(world.store, "read", lambda *_: pytest.fail("a customer was read individually"))

    assert list(world.verifier.orphans(1, 0, 1)) == []


def test_a_parked_customer_is_reported_at_once(world: World) -> None:
    parked(world)

    found(world)

    assert world.pauses == []


@pytest.mark.parametrize(("case", "kind", "expected", "version"), REPAIRABLE, ids=names(REPAIRABLE))
def test_a_certain_difference_is_repaired(
    world: World, case: Case, kind: DifferenceKind, expected: int, version: int
) -> None:
    case(world)
    [difference] = found(world)

    assert world.verifier.repair(difference, 1)

    assert found(world) == []
    assert world.version("c-1") == expected
    written = list(world.read_model.history)
    assert world.verifier.repair(difference, 1)
    assert world.read_model.history == written


@pytest.mark.parametrize(("case", "kind", "expected", "version"), REFUSED + AHEAD, ids=names(REFUSED + AHEAD))
def test_an_uncertain_difference_is_not_repaired(
    world: World, case: Case, kind: DifferenceKind, expected: int, version: int
) -> None:
    case(world)
    before = dict(world.read_model.stored)

    assert not world.verifier.repair(found(world)[0], 1)

    assert world.read_model.stored == before


def test_a_repair_never_lowers_a_version(world: World) -> None:
    """The event table loses an event after the difference was found."""
    behind(world)
    [difference] = found(world)
    world.project(world.store.events["c-1", 2])
    del world.store.events["c-1", 2]

    assert not world.verifier.repair(difference, 1)
    assert world.version("c-1") == 2


def test_a_repair_that_meets_a_conflict_returns_false(world: World) -> None:
    behind(world)
    [difference] = found(world)

    def other_writer(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        world.project(world.append(updated("c-1", 3)))

    world.read_model.interfere = other_writer

    assert not world.verifier.repair(difference, 1)
    assert world.version("c-1") == 3


def test_a_customer_parked_meanwhile_is_left_to_the_redrive(world: World) -> None:
    """A repair reads no events after its write, so an event that waited behind the parked row would be lost."""
    behind(world)
    [difference] = found(world)
    world.project(poison(updated("c-1", 2)))

    assert not world.verifier.repair(difference, 1)
    assert world.parked("c-1")


def test_a_repair_advances_the_generations_fed_before_first(world: World) -> None:
    behind(world)
    [difference] = found(world)
    world.project(world.store.events["c-1", 1], generation=3)

    assert world.verifier.repair(difference, 1, before=(3, 2))

    assert world.read_model.history[-3:] == [("c-1", 2)] * 3
    assert [world.version("c-1", generation) for generation in (3, 2, 1)] == [2, 2, 2]


def test_a_repair_does_not_touch_a_generation_that_is_newer(world: World) -> None:
    behind(world)
    [difference] = found(world)
    world.project(*world.store.read("c-1"), updated("c-1", 3), generation=2)

    assert world.verifier.repair(difference, 1, before=(2,))
    assert (world.version("c-1", 2), world.version("c-1")) == (3, 2)


def test_a_generation_before_that_is_parked_at_a_later_event_does_not_stop_a_repair(world: World) -> None:
    """It has the version already, so readers see nothing older after a switch."""
    behind(world)
    [difference] = found(world)
    world.project(*world.store.read("c-1"), poison(updated("c-1", 3)), generation=2)
    before = world.row("c-1", 2)
    assert before
    assert before.parked

    assert world.verifier.repair(difference, 1, before=(2,))
    assert world.row("c-1", 2) == before


@pytest.mark.parametrize("trouble", ["parked", "not written"])
def test_a_repair_does_not_get_ahead_of_a_generation_that_cannot_be_written(world: World, trouble: str) -> None:
    behind(world)
    [difference] = found(world)
    if trouble == "parked":
        world.project(world.store.events["c-1", 1], poison(updated("c-1", 2)), generation=2)

    def throttle(write: Write) -> None:
        world.read_model.failing = {"c-1"} if write.row.generation == 2 else set()

    world.read_model.interfere = throttle

    assert not world.verifier.repair(difference, 1, before=(2,))
    assert world.version("c-1") == 1


def test_events_that_became_unreadable_are_not_used_for_a_repair(world: World) -> None:
    behind(world)
    [difference] = found(world)
    world.store.broken["c-1", 3] = unreadable(updated("c-1", 3))

    assert not world.verifier.repair(difference, 1)


@pytest.mark.parametrize("comparison", [1, 2, 3])
def test_lag_that_ends_between_comparisons_is_not_a_difference(world: World, comparison: int) -> None:
    behind(world)

    def stream_catches_up() -> None:
        if len(world.pauses) == comparison:
            world.project(world.store.events["c-1", 2])

    world.while_pausing = stream_catches_up

    assert found(world) == []
    assert len(world.pauses) == comparison
    assert world.pauses == sorted(world.pauses)


@pytest.mark.parametrize(
    ("age", "expired"),
    [(timedelta(hours=24), False), (timedelta(hours=24, microseconds=1), True), (timedelta(days=7), True)],
)
def test_a_missing_event_that_has_left_the_stream_is_reported_at_once(
    world: World, age: timedelta, expired: bool
) -> None:
    behind(world)
    world.time += timedelta(seconds=2) + age - (timedelta(seconds=1.75) if not expired else timedelta())
    if not expired:
        world.time -= timedelta(seconds=2)

    [difference] = found(world)

    assert difference == Difference("c-1", DifferenceKind.BEHIND, 2, 1, expired=expired)
    assert (world.pauses == []) is expired


def test_the_first_missing_event_decides_the_age(world: World) -> None:
    world.append(created("c-1", second=0))
    world.append(updated("c-1", 2))
    world.time += timedelta(hours=24, seconds=1)

    assert found(world) == [Difference("c-1", DifferenceKind.MISSING, 2, 0, expired=True)]


@pytest.mark.parametrize("page", range(1, 8))
def test_a_customer_split_over_pages_is_not_a_difference_if_the_row_is_right(
    world: World, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(verify, "PAGE_SIZE", page)
    for customer_id in ("c-1", "c-2", "c-3"):
        shown(world, customer_id, 4)

    assert found(world) == []


@pytest.mark.parametrize("page", range(1, 8))
def test_a_customer_split_over_pages_is_found_if_the_row_is_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(verify, "PAGE_SIZE", page)
    shown(world, "c-0", 4)
    behind(world)
    shown(world, "c-2", 4)

    assert found(world) == [Difference("c-1", DifferenceKind.BEHIND, 2, 1)]


@pytest.mark.parametrize("page", range(1, 8))
@pytest.mark.parametrize("version", range(6))
def test_a_customer_on_many_pages_is_reported_once_whatever_the_row_version(
    world: World, monkeypatch: pytest.MonkeyPatch, page: int, version: int
) -> None:
    """A row can equal the fold of a single page and still be behind."""
    monkeypatch.setattr(verify, "PAGE_SIZE", page)
    shown(world, "c-0", 2)
    world.project(*world.log("c-1", 6)[:version])
    shown(world, "c-2", 2)

    kind = DifferenceKind.BEHIND if version else DifferenceKind.MISSING
    assert found(world) == [Difference("c-1", kind, 6, version)]
    assert reported(world) == 1


def test_there_is_no_pause_after_the_last_comparison(world: World) -> None:
    behind(world)
    comparisons: list[int] = []
    real = world.read_model.get_many

    def current(*args: Any) -> Any:
        comparisons.append(len(world.pauses))
        return real(*args)

    world.read_model.get_many = current  # type: ignore[assignment]

    assert world.verifier.compare(["c-1"], 1).get("c-1")

    assert comparisons == [0, 1, 2, 3]
    assert world.pauses == [0.25, 0.5, 1.0]


def test_a_repair_needs_a_single_comparison(world: World) -> None:
    """Writing a row that lags does no harm."""
    behind(world)
    histories = {"c-1": world.store.read("c-1")}

    assert world.verifier.differing(histories, 1, at_once=True) == {
        "c-1": Difference("c-1", DifferenceKind.BEHIND, 2, 1)
    }
    assert world.pauses == []


def test_all_customers_share_the_same_pauses(world: World) -> None:
    for number in range(20):
        world.log(f"c-{number}", 2)
    shown(world, "right", 1)
    world.project(world.store.events["c-1", 1], poison(world.store.events["c-1", 2]))

    def project_one() -> None:
        world.project(world.store.events["c-7", 1], world.store.events["c-7", 2])

    world.while_pausing = project_one

    differences = found(world)

    expected = {f"c-{number}": DifferenceKind.MISSING for number in range(20) if number not in (1, 7)} | {
        "c-1": DifferenceKind.PARKED
    }
    assert {difference.customer_id: difference.kind for difference in differences} == expected
    assert len(world.pauses) == 3


def test_the_segments_find_every_customer_once_and_count_what_they_read(world: World) -> None:
    for number in range(20):
        world.log(f"c-{number}", 2)

    assert sorted(difference.customer_id for difference in found(world, 4)) == sorted(f"c-{n}" for n in range(20))
    at, _ = world.verifier.step(1, SegmentProgress(0), 1)
    assert (at.customers, at.events, at.problems, at.done) == (20, 40, 20, True)


def test_a_parked_row_with_an_unreadable_event_does_not_stop_the_search_for_orphans(world: World) -> None:
    shown(world, "c-1", 1)
    world.store.broken["c-1", 2] = unreadable(updated("c-1", 2))
    world.project(unreadable(updated("c-1", 2)))
    shown(world, "c-2", 2)
    del world.store.events["c-2", 2]

    assert [difference.customer_id for difference in world.verifier.orphans(1, 0, 1)] == ["c-2"]


def test_a_fold_that_fails_for_one_customer_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The projector parks such a customer, so verify must be able to report them."""
    shown(world, "broken", 1)
    world.append(updated("broken", 2))
    behind(world)
    real = customer.evolve

    def breaks(state: customer.State | None, event: Event, data: customer.CustomerEvent) -> customer.State:
        if event.customer_id == "broken" and event.version == 2:
            raise ZeroDivisionError
        return real(state, event, data)

    monkeypatch.setattr(history, "evolve", breaks)

    assert found(world) == [
        Difference("broken", DifferenceKind.UNREADABLE, 2, 1),
        Difference("c-1", DifferenceKind.BEHIND, 2, 1),
    ]
    world.project(world.store.events["broken", 2])
    assert found(world)[0].kind is DifferenceKind.PARKED


def test_an_event_table_that_does_not_answer_is_an_error_and_not_a_difference(world: World) -> None:
    behind(world)
    world.while_pausing = lambda: world.store.errors.append(TIMEOUT)

    with pytest.raises(type(TIMEOUT)):
        world.verifier.compare(["c-1"], 1).get("c-1")


def test_each_generation_is_compared_independently(world: World) -> None:
    shown(world, "c-1", 2)

    assert world.verifier.compare(["c-1"], 1).get("c-1") is None
    assert world.verifier.compare(["c-1"], 2).get("c-1") == Difference("c-1", DifferenceKind.MISSING, 2, 0)


def test_a_customer_who_changes_all_the_time_is_not_behind_while_the_row_catches_up(world: World) -> None:
    """The row is always one event behind, but has moved on by one event each time."""
    behind(world)
    last = [2]

    def append_one_and_project_one() -> None:
        world.append(updated("c-1", last[0] + 1))
        world.project(world.store.events["c-1", last[0]])
        last[0] += 1

    world.while_pausing = append_one_and_project_one

    assert found(world) == []
    assert len(world.pauses) == 1


def test_a_customer_who_changes_all_the_time_is_behind_if_the_row_does_not_move(world: World) -> None:
    behind(world)
    world.while_pausing = lambda: world.store.append(updated("c-1", len(world.pauses) + 2))

    assert found(world) == [Difference("c-1", DifferenceKind.BEHIND, 5, 1)]


def erased_halfway(world: World, customer_id: str, versions: int, redacted: int) -> None:
    """Erase a customer, redact only the newest events, and project the erasure."""
    shown(world, customer_id, versions)
    gone = world.append(erased(customer_id, versions + 1))
    world.store.redact(customer_id, range(versions + 1 - redacted, versions + 1))
    world.project(gone)


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_unredacted_events_of_an_erased_customer_are_found_once(
    world: World, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(verify, "PAGE_SIZE", page)
    shown(world, "c-0", 2)
    erased_halfway(world, "c-1", 4, redacted=1)
    erased_halfway(world, "c-2", 2, redacted=2)

    assert found(world) == [Difference("c-1", DifferenceKind.UNREDACTED, expected=5, found=3)]
    assert reported(world) == 1


def test_an_unredacted_row_that_is_not_an_event_is_found(world: World) -> None:
    erased_halfway(world, "c-1", 2, redacted=2)
    world.store.broken["c-1", 1] = unreadable(updated("c-1", 1))

    assert found(world) == [Difference("c-1", DifferenceKind.UNREDACTED, expected=3, found=1)]
    assert world.pauses == [0.25, 0.5, 1.0]


@pytest.mark.parametrize("look", [1, 2, 3])
def test_an_erasure_in_progress_is_not_a_difference(world: World, look: int) -> None:
    erased_halfway(world, "c-1", 4, redacted=0)

    def redact_one() -> None:
        if len(world.pauses) == look:
            world.store.redact("c-1", [1])

    world.while_pausing = redact_one

    assert found(world) == []


def test_unredacted_events_are_not_repaired_by_writing_a_row(world: World) -> None:
    erased_halfway(world, "c-1", 2, redacted=0)
    [difference] = found(world)
    before = list(world.read_model.history)

    assert not world.verifier.repair(difference, 1)
    assert world.read_model.history == before


def test_a_parked_customer_who_is_not_listed_as_parked_is_listed_again(world: World) -> None:
    parked(world)
    row = world.row("c-1")
    assert row
    world.read_model.stored["c-1", 1] = replace(row, misplaced=True)

    difference = world.verifier.compare(["c-1"], 1).get("c-1")

    assert difference
    assert difference.kind is DifferenceKind.UNLISTED
    assert world.verifier.repair(difference, 1)
    assert world.row("c-1") == row
