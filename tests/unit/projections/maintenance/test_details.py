"""What the maintenance reports, and what it does without: each line that nothing else would miss."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.envelope import Recorded
from projections.generations import Generations
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import SegmentProgress
from projections.maintenance.redrive import RedriveOutcome, RedriveResult
from projections.maintenance.regressions import Regression, WouldRegress, check_regressions
from projections.maintenance.segment_loop import run_steps
from projections.projector import Projector
from projections.row import Listing, Parked, Row
from shared.runtime.clock import timestamp
from tests.samples import START, created, updated
from tests.unit.projections.world import THROTTLE, World, poison

LISTING = Listing("{}", "x")
REASON = Parked(3, "a reason", timestamp(START), 1)


@pytest.fixture
def world() -> World:
    return World()


def parked(world: World, *, repaired: bool) -> Row:
    """A customer at version 2 who is parked at the third of four events."""
    first, second, third, _ = world.log("a", 4)
    world.project(first, second, poison(third))
    if not repaired:
        world.replace_event(poison(third))
    row = world.row("a")
    assert row
    assert row.parked
    return row


class TestRedriveReports:
    """Each outcome names the customer, why they were parked, and the version of their row."""

    def result(self, world: World, *, dry: bool = False) -> RedriveResult:
        [result] = world.redrive.run(1, dry=dry)
        return result

    def test_a_run_is_dry_unless_it_is_told_otherwise(self, world: World) -> None:
        before = parked(world, repaired=True)

        [result] = world.redrive.run(1)

        assert result == RedriveResult("a", RedriveOutcome.WOULD_RETURN, before.parked, 2)  # type: ignore[arg-type]
        assert world.row("a") == before

    def test_events_that_cannot_be_read_now(self, world: World) -> None:
        before = parked(world, repaired=True)
        world.store.errors = [THROTTLE]

        assert self.result(world) == RedriveResult("a", RedriveOutcome.TRY_AGAIN, before.parked, 2)  # type: ignore[arg-type]

    def test_a_row_that_another_writer_changes(self, world: World) -> None:
        before = parked(world, repaired=True)
        world.read_model.failing = {"a"}

        assert self.result(world) == RedriveResult("a", RedriveOutcome.TRY_AGAIN, before.parked, 2)  # type: ignore[arg-type]

    def test_a_customer_who_stays_parked_but_whose_row_cannot_be_written(self, world: World) -> None:
        before = parked(world, repaired=False)
        assert before.parked
        world.read_model.failing = {"a"}

        result = self.result(world)

        assert (result.customer_id, result.outcome, result.version) == ("a", RedriveOutcome.TRY_AGAIN, 2)
        assert result.parked == replace(before.parked, reason="unknown type")

    @pytest.mark.parametrize("dry", [True, False])
    def test_a_customer_who_stays_parked(self, world: World, dry: bool) -> None:
        before = parked(world, repaired=False)
        assert before.parked

        result = self.result(world, dry=dry)

        assert (result.customer_id, result.outcome, result.version) == ("a", RedriveOutcome.STILL_PARKED, 2)
        assert result.parked == replace(before.parked, reason="unknown type", attempts=1 if dry else 2)

    def test_a_redrive_that_comes_no_further_changes_nothing_but_the_mark(self, world: World) -> None:
        """A row that differs from its events stays for a comparison to report."""
        before = replace(parked(world, repaired=False), listing=LISTING)
        assert before.parked
        world.read_model.stored["a", 1] = before

        self.result(world)

        assert world.row("a") == replace(before, parked=replace(before.parked, reason="unknown type", attempts=2))

    def test_a_customer_who_is_parked_at_the_newest_version_of_all(self, world: World) -> None:
        """The event that parked them was removed by hand: nothing is missing, and they return."""
        parked(world, repaired=True)
        del world.store.events["a", 3], world.store.events["a", 4]

        result = self.result(world)

        assert (result.outcome, result.version) == (RedriveOutcome.RETURNED, 2)
        assert world.parked("a") is None

    def test_an_event_table_that_ends_before_the_row_changes_nothing_in_a_dry_run(self, world: World) -> None:
        before = parked(world, repaired=True)
        for version in (2, 3, 4):
            del world.store.events["a", version]

        result = self.result(world, dry=True)

        assert (result.outcome, result.parked.reason) == (
            RedriveOutcome.STILL_PARKED,
            "the event table ends before version 2",
        )
        assert world.row("a") == before

    def test_a_customer_who_returned_while_the_others_were_redriven_is_left_out(self, world: World) -> None:
        """The list of parked customers is read first, and a row may be gone or right by the time it is its turn."""
        before = parked(world, repaired=True)
        for row in (replace(before, parked=None), None):
            world.read_model.stored["a", 1] = before
            listed = list(world.read_model.parked(1))
            if row:
                world.read_model.stored["a", 1] = row
            else:
                del world.read_model.stored["a", 1]
            world.read_model.parked = lambda _, listed=listed: iter(listed)  # type: ignore[method-assign,misc]

            assert list(world.redrive.run(1, dry=False)) == []


class TestRedriveInSeveralGenerations:
    def test_a_row_that_does_not_move_on_asks_nothing_of_the_generations_before_it(self, world: World) -> None:
        """Only a row that moves on could get ahead of them."""
        before = parked(world, repaired=False)
        world.generations.saved = Generations(active=1, building=2, newest=2)
        written: list[tuple[str, int]] = []
        world.read_model.interfere = lambda write: written.append((write.row.customer_id, write.row.generation))

        [result] = world.redrive.run(1, dry=False)

        assert (result.outcome, result.version) == (RedriveOutcome.STILL_PARKED, before.version)
        assert written == [("a", 1)]

    def test_an_error_in_a_generation_before_keeps_the_customer_parked(self, world: World) -> None:
        parked(world, repaired=True)
        world.generations.saved = Generations(active=1, building=2, newest=2)
        world.read_errors = [THROTTLE]

        def unreadable() -> Generations:
            raise THROTTLE

        world.generations.load = unreadable  # type: ignore[method-assign]
        [result] = world.redrive.run(1, dry=False)

        assert result.outcome is RedriveOutcome.TRY_AGAIN
        assert world.parked("a")

    def test_a_generation_that_has_the_version_already_is_not_written_again(self, world: World) -> None:
        parked(world, repaired=True)
        world.generations.saved = Generations(active=1, building=2, newest=2)
        world.project(*world.store.read("a"), generation=2)
        written: list[int] = []
        reads: list[str] = []
        world.read_model.interfere = lambda write: written.append(write.row.generation)
        read = world.store.read

        def watched(customer_id: str, after_version: int = 0) -> list[Recorded]:
            reads.append(customer_id)
            return read(customer_id, after_version)

        world.store.read = watched  # type: ignore[method-assign]
        [result] = world.redrive.run(1, dry=False)

        assert result.outcome is RedriveOutcome.RETURNED
        assert set(written) == {1}
        # Once for the fold, and once for what arrived meanwhile.
        assert reads == ["a", "a"]

    def test_a_customer_who_is_parked_in_the_generation_before_returns_there_first(self, world: World) -> None:
        parked(world, repaired=True)
        world.generations.saved = Generations(active=1, building=2, newest=2)
        world.project(created("a"), poison(world.store.events["a", 2]), generation=2)
        assert world.parked("a", 2)

        [result] = world.redrive.run(1, dry=False)

        assert result.outcome is RedriveOutcome.RETURNED
        assert (world.version("a", 2), world.parked("a", 2)) == (4, None)


@pytest.mark.parametrize(("milliseconds_left", "pages"), [(29_999, 1), (30_000, 3)])
def test_a_page_is_begun_with_half_a_minute_left_and_not_with_less(milliseconds_left: int, pages: int) -> None:
    def step(at: SegmentProgress) -> SegmentProgress:
        return replace(at, events=at.events + 1, done=at.events == 2)

    assert run_steps(SegmentProgress(0), step, lambda: milliseconds_left).events == pages


class TestRegressions:
    def rows(self, world: World, *versions: tuple[int, int]) -> None:
        """Customers with a version in generation 1 and one in generation 2, where they are parked; 0 for no row."""
        for number, (active, target) in enumerate(versions):
            name = f"c{number:03}"
            if active:
                world.read_model.stored[name, 1] = Row(name, 1, active, LISTING)
            world.read_model.stored[name, 2] = Row(name, 2, target, LISTING, REASON)

    def raised(self, world: World) -> WouldRegress:
        with pytest.raises(WouldRegress) as raised:
            check_regressions(world.read_model, 1, 2)
        return raised.value

    def test_a_customer_whom_readers_do_not_see_yet_cannot_go_back(self, world: World) -> None:
        self.rows(world, (0, 0), (1, 1), (1, 2))

        check_regressions(world.read_model, 1, 2)

    def test_whoever_would_go_back_is_named_with_both_versions(self, world: World) -> None:
        self.rows(world, (2, 1), (1, 1), (3, 0))
        raised = self.raised(world)

        assert raised.regressions == [Regression("c000", 2, 1), Regression("c002", 3, 0)]
        assert str(raised) == (
            "Nothing was switched, because generation 2 has an older version of 2 parked customer(s): c000, c002. "
            "Fix the cause and run 'redrive --go' first."
        )

    @pytest.mark.parametrize(("count", "more"), [(10, "."), (11, " and 1 more."), (25, " and 15 more.")])
    def test_ten_are_named_and_the_others_counted(self, world: World, count: int, more: str) -> None:
        self.rows(world, *[(2, 1)] * count)
        raised = self.raised(world)

        assert len(raised.regressions) == count
        assert f"c008, c009{more} Fix the cause" in str(raised)

    def test_rows_are_read_a_hundred_customers_at_a_time(self, world: World) -> None:
        self.rows(world, *[(1, 1)] * 230)
        asked: list[int] = []
        get_many = world.read_model.get_many

        def counted(ids: Collection[str], generation: int) -> dict[str, Row]:
            asked.append(len(ids))
            return get_many(ids, generation)

        world.read_model.get_many = counted  # type: ignore[method-assign,assignment]
        check_regressions(world.read_model, 1, 2)

        assert asked == [100, 100, 100, 100, 30, 30]


class TestVerify:
    def built(self, world: World) -> None:
        for customer_id in "abc":
            world.project(*world.log(customer_id, 2))

    def test_a_page_whose_rows_are_right_takes_one_read_of_rows_and_none_of_events(self, world: World) -> None:
        """Otherwise a comparison would read the event table twice, customer by customer."""
        self.built(world)
        asked: list[tuple[list[str], int]] = []
        get_many = world.read_model.get_many

        def watched(ids: Collection[str], generation: int) -> dict[str, Row]:
            asked.append((sorted(ids), generation))
            return get_many(ids, generation)

        world.read_model.get_many = watched  # type: ignore[method-assign,assignment]
        world.store.read = None  # type: ignore[method-assign,assignment]

        progress, differences = world.verifier.step(1, SegmentProgress(0), 1)

        assert differences == []
        assert (progress.customers, progress.events, progress.problems, progress.done) == (3, 6, 0, True)
        assert [each for each in asked if each[0]] == [(["a", "b", "c"], 1)]

    def test_only_the_customers_whose_rows_are_wrong_are_read_alone(self, world: World) -> None:
        self.built(world)
        world.read_model.stored["b", 1] = replace(world.read_model.stored["b", 1], listing=LISTING)
        reads: set[str] = set()
        read = world.store.read

        def watched(customer_id: str, after_version: int = 0) -> list[Recorded]:
            reads.add(customer_id)
            return read(customer_id, after_version)

        world.store.read = watched  # type: ignore[method-assign]
        _, differences = world.verifier.step(1, SegmentProgress(0), 1)

        assert differences == [Difference("b", DifferenceKind.DIFFERENT, 2, 2)]
        assert reads == {"b"}

    def test_a_failure_that_passes_is_not_taken_for_unreadable_events(self, world: World) -> None:
        world.log("a", 1)
        world.store.errors = [THROTTLE]

        with pytest.raises(type(THROTTLE)):
            world.verifier.repair(Difference("a", DifferenceKind.MISSING, 1, 0), 1)

    def test_events_that_cannot_be_folded_are_not_repaired(self, world: World) -> None:
        world.log("a", 1)
        world.replace_event(poison(world.store.events["a", 1]))

        assert not world.verifier.repair(Difference("a", DifferenceKind.MISSING, 1, 0), 1)

    def test_a_generation_before_that_has_the_version_is_not_written(self, world: World) -> None:
        world.project(*world.log("a", 2), generation=2)
        written: list[int] = []
        world.read_model.interfere = lambda write: written.append(write.row.generation)

        assert world.verifier.repair(Difference("a", DifferenceKind.MISSING, 2, 0), 1, before=[2])
        assert written == [1]

    def test_a_row_without_any_events_is_ahead_of_nothing(self, world: World) -> None:
        world.read_model.stored["a", 1] = Row("a", 1, 2, LISTING)

        assert world.verifier.compare(["a"], 1) == {"a": Difference("a", DifferenceKind.AHEAD, expected=0, found=2)}

    @pytest.mark.parametrize(("age", "expired"), [(timedelta(hours=24), False), (timedelta(hours=24, seconds=1), True)])
    def test_a_missing_event_is_expired_once_the_stream_has_lost_it(
        self, world: World, age: timedelta, expired: bool
    ) -> None:
        """The first missing event decides, not the last one that the row has."""
        first, second = world.log("a", 2)
        world.project(first)
        old = timestamp(START - timedelta(days=9))
        world.replace_event(replace(first, occurred_at=old))
        world.replace_event(replace(second, occurred_at=timestamp(world.now() - age)))
        # The comparisons are repeated with pauses: only the first one is at this time.
        found = world.verifier._compare_once(["a"], 1)

        assert found["a"].expired is expired


class TestGapsAndErrors:
    def test_a_gap_is_filled_from_the_version_of_the_row_on(self, world: World) -> None:
        first, *_, last = world.log("a", 4)
        world.project(first)

        report = world.project(last)

        assert (world.version("a"), report.healed) == (4, 1)
        assert world.read_model.history == [("a", 1), ("a", 4)]

    def test_an_event_that_the_table_does_not_have_parks_its_customer_at_the_end_of_what_it_has(
        self, world: World
    ) -> None:
        first, _ = world.log("a", 2)
        world.project(first)

        world.project(updated("a", 5))

        row = world.row("a")
        assert row
        assert row.parked
        assert (row.version, row.parked.version) == (2, 3)

    @pytest.mark.parametrize("events", [[], [created("b")]])
    def test_a_customer_without_events_at_all_is_parked_at_the_first(self, world: World, events: list[Any]) -> None:
        projector = Projector(world.read_model, lambda _: events[:0], world.now)

        projector.project([updated("a", 2)], 1)

        parked = world.parked("a")
        assert parked
        assert (world.version("a"), parked.version) == (0, 1)


class TestGenerations:
    @pytest.mark.parametrize("verified", [True, False])
    def test_whatever_ends_a_rebuild_ends_its_verification(self, verified: bool) -> None:
        """The next generation would count as verified before anybody has compared it."""
        built = Generations(building=2, newest=2, verified=verified)
        steps: list[Callable[[], Generations]] = [lambda: built.abandon(START)]
        if verified:
            steps.append(lambda: built.switch(START))

        for step in steps:
            assert step().verified is False
            assert step().building is None
