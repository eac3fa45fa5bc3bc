"""A rebuild produces the same rows wherever it is killed, beside live writes, and with any page size."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from events.customer import Customer, Erased
from projections.generations import WrongStep
from projections.maintenance import rebuild
from projections.maintenance.progress import SegmentProgress, rebuild_job
from projections.maintenance.rate_limit import UNITS_PER_ROW
from projections.maintenance.rebuild import Pace, Rebuild, RebuildFailed, page_size_for
from projections.projector import Projector
from projections.read_model import ReadModelBusy, Write
from projections.row import Row
from tests.samples import START, erased, updated
from tests.unit.projections.world import THROTTLE, TIMEOUT, World, poison, unreadable


class Killed(BaseException):
    """The process dies. Nothing may catch this."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(rebuild, "PAGE_SIZE", 3)
    return populated()


def populated() -> World:
    """Ten customers: one erased, one with a poison event, one with an item that is not an event."""
    world = World()
    world.generations.saved = world.generations.load().start_rebuild()
    for number in range(10):
        world.log(f"c-{number}", 1 + number % 4)
    world.append(erased("c-1", 3))
    world.store.redact("c-1", [1, 2])
    world.replace_event(poison(world.store.events["c-2", 2]))
    world.store.broken["c-3", 4] = unreadable(world.store.events["c-3", 4])
    return world


def run(world: World, segments: int = 2) -> None:
    """Run from the saved checkpoints to the end."""
    for saved in world.progress.load(rebuild_job(2), segments):
        at = saved
        while not at.done:
            at = world.rebuild.step(2, at, segments)


def rows(world: World) -> dict[str, Row]:
    return {customer_id: row for (customer_id, number), row in world.read_model.stored.items() if number == 2}


def saved(world: World, segments: int = 2) -> list[SegmentProgress]:
    return [replace(progress, at="") for progress in world.progress.load(rebuild_job(2), segments)]


def test_every_row_is_the_fold_of_its_customers_events(world: World) -> None:
    run(world)

    made = rows(world)
    assert sorted(made) == [f"c-{number}" for number in range(10)]
    assert made["c-1"].state() == Erased("c-1", 3)
    for number in (0, 4, 5, 6, 7, 8, 9):
        state = made[f"c-{number}"].state()
        assert isinstance(state, Customer)
        assert (state.version, state.city) == (1 + number % 4, f"city {1 + number % 4}")


@pytest.mark.parametrize("segments", [1, 2, 3, 8])
def test_the_segments_cover_every_customer_and_count_every_event_once(world: World, segments: int) -> None:
    run(world, segments)

    progress = saved(world, segments)
    assert len(rows(world)) == 10
    assert sum(segment.customers for segment in progress) == 10
    assert sum(segment.events for segment in progress) == len(world.store.events)
    assert all(segment.done for segment in progress)


def test_parked_customers_are_counted_and_keep_the_events_before(world: World) -> None:
    run(world)

    made = rows(world)
    parked = {customer_id: row.parked for customer_id, row in made.items() if row.parked}
    assert {customer_id: reason.version for customer_id, reason in parked.items()} == {"c-2": 2, "c-3": 4}
    assert (made["c-2"].version, made["c-3"].version) == (1, 3)
    assert sum(segment.problems for segment in saved(world)) == 2


@pytest.mark.parametrize("page", range(1, 9))
def test_the_rows_are_the_same_wherever_pages_split_customers(monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    whole, split = populated(), populated()
    monkeypatch.setattr(rebuild, "PAGE_SIZE", 500)
    run(whole, segments=1)
    monkeypatch.setattr(rebuild, "PAGE_SIZE", page)

    run(split, segments=1)

    assert {id_: comparable(row) for id_, row in rows(split).items()} == {
        id_: comparable(row) for id_, row in rows(whole).items()
    }


def comparable(row: Row) -> Row:
    """Return the row without the time of parking, which differs between runs."""
    return replace(row, parked=replace(row.parked, since="") if row.parked else None)


def kill_at(world: World, number: int) -> Callable[[], int]:
    """Kill the process right before or right after its n-th effect. Returns a function that counts them."""
    done = 0
    write, save = world.read_model._write, world.progress.save

    def counted(effect: Callable[..., Any]) -> Callable[..., Any]:
        def killed(*args: Any) -> Any:
            nonlocal done
            done += 1
            if done == number:
                raise Killed
            result = effect(*args)
            done += 1
            if done == number:
                raise Killed
            return result

        return killed

    world.read_model._write = counted(write)  # type: ignore[method-assign]
    world.progress.save = counted(save)  # type: ignore[method-assign]
    return lambda: done


def revive(world: World) -> None:
    del world.read_model._write
    del world.progress.save


def test_killed_before_or_after_any_effect_a_resumed_rebuild_ends_in_the_same_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuild, "PAGE_SIZE", 3)
    whole = populated()
    count = kill_at(whole, 0)
    run(whole)
    effects = count()
    assert effects > 40

    for number in range(1, effects + 1):
        world = populated()
        kill_at(world, number)
        with pytest.raises(Killed):
            run(world)
        revive(world)
        run(world)

        assert {id_: comparable(row) for id_, row in rows(world).items()} == {
            id_: comparable(row) for id_, row in rows(whole).items()
        }
        assert [(at.customers, at.events, at.done) for at in saved(world)] == [
            (at.customers, at.events, at.done) for at in saved(whole)
        ]


def test_a_checkpoint_is_never_saved_before_its_rows(world: World) -> None:
    seen: set[str] = set()
    real_page, real_save = world.store.read_page, world.progress.save

    def read_page(*args: Any) -> Any:
        page = real_page(*args)
        seen.update(record.customer_id for record in page.records)
        return page

    def save(job: str, progress: SegmentProgress) -> None:
        assert seen <= set(rows(world))
        real_save(job, progress)

    world.store.read_page = read_page  # type: ignore[assignment]
    world.progress.save = save  # type: ignore[method-assign]

    run(world)
    assert len(seen) == 10


def test_a_live_projector_may_write_the_same_rows_at_the_same_time(world: World) -> None:
    """Before each write of the rebuild, the live projector advances that customer in the same generation."""
    live = Projector(world.read_model, world.store.read, world.now)

    def customer_advances(write: Write) -> None:
        world.read_model.interfere = lambda _: None
        if write.row.customer_id in ("c-0", "c-5", "c-6"):
            version = len(world.store.read(write.row.customer_id)) + 1
            if version < 7:
                event = world.append(updated(write.row.customer_id, version, city=f"city {version}"))
                live.project([event], 2)
        world.read_model.interfere = customer_advances

    world.read_model.interfere = customer_advances

    run(world)

    for customer_id in ("c-0", "c-5", "c-6"):
        assert rows(world)[customer_id].version == len(world.store.read(customer_id))
    versions: dict[str, int] = {}
    for customer_id, version in world.read_model.history:
        assert version >= versions.get(customer_id, 0)
        versions[customer_id] = version


def test_the_active_generation_is_not_touched(world: World) -> None:
    world.project(*world.store.read("c-5"))
    before = world.row("c-5", 1)

    run(world)

    assert {key for key in world.read_model.stored if key[1] == 1} == {("c-5", 1)}
    assert world.row("c-5", 1) == before


def test_a_finished_segment_reads_and_writes_nothing(world: World) -> None:
    run(world)
    world.store.errors = [THROTTLE]
    [done, _] = world.progress.load(rebuild_job(2), 2)

    assert world.rebuild.step(2, done, 2) == done


class TestTransientFailures:
    """They are retried with growing pauses. If they last, the checkpoint stays before them."""

    def test_a_failure_that_passes_is_retried(self, world: World) -> None:
        world.read_model.failing = {"c-0", "c-5"}

        def recover() -> None:
            if len(world.pauses) == 3:
                world.read_model.failing = set()

        world.while_pausing = recover

        run(world, segments=1)

        assert len(rows(world)) == 10
        assert len(world.pauses) == 3
        assert world.pauses == sorted(set(world.pauses))

    def test_who_was_parked_before_a_failure_is_counted_after_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rebuild, "PAGE_SIZE", 100)
        world.read_model.failing = {"c-0"}
        world.while_pausing = world.read_model.failing.clear

        assert world.rebuild.step(2, SegmentProgress(0), 1).problems == 2

    def test_a_failure_that_lasts_ends_the_step_and_keeps_the_checkpoint(self, world: World) -> None:
        at = world.rebuild.step(2, SegmentProgress(0), 1)
        world.read_model.failing = {"c-1"}
        before = world.progress.load(rebuild_job(2), 1)

        with pytest.raises(RebuildFailed, match="1 customers were not written"):
            world.rebuild.step(2, at, 1)

        assert world.progress.load(rebuild_job(2), 1) == before
        assert world.pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4])
        world.read_model.failing = set()
        run(world, segments=1)
        assert len(rows(world)) == 10

    @pytest.mark.parametrize("error", [THROTTLE, TIMEOUT, ReadModelBusy("busy")], ids=["throttle", "timeout", "busy"])
    def test_a_failure_to_read_rows_is_retried_too(self, world: World, error: Exception) -> None:
        real, errors = world.read_model.get_many, [error, error]

        def current(*args: Any) -> Any:
            if errors:
                raise errors.pop()
            return real(*args)

        world.read_model.get_many = current  # type: ignore[assignment]

        run(world, segments=1)

        assert len(rows(world)) == 10
        assert len(world.pauses) == 2

    def test_a_lasting_failure_to_read_rows_ends_the_step_and_keeps_the_checkpoint(self, world: World) -> None:
        def current(*_args: Any) -> Any:
            raise THROTTLE

        world.read_model.get_many = current  # type: ignore[assignment]

        with pytest.raises(RebuildFailed, match="customers were not written"):
            run(world)

        assert saved(world) == [SegmentProgress(0), SegmentProgress(1)]

    def test_a_bug_is_not_retried(self, world: World) -> None:
        def current(*_args: Any) -> Any:
            raise ZeroDivisionError

        world.read_model.get_many = current  # type: ignore[assignment]

        with pytest.raises(ZeroDivisionError):
            run(world)

        assert world.pauses == []


def test_the_limiter_is_asked_before_each_page_is_written(world: World) -> None:
    spent: list[tuple[int, int]] = []

    class Limiter:
        def spend(self, units: int) -> None:
            spent.append((units, len(world.read_model.history)))

    pace = Pace(world.pauses.append, Limiter())
    world.rebuild = Rebuild(world.store, world.projector, world.progress, world.generations, pace)
    at = world.rebuild.step(2, SegmentProgress(0), 1)
    world.rebuild.step(2, at, 1)

    # The first pages are c-0 v1, c-1 v1, c-1 v2 | c-1 v3, c-2 v1, c-2 v2. Each row takes two units.
    assert spent == [(4, 0), (4, 2)]


def test_the_next_page_waits_for_what_large_rows_took_beyond_the_least(world: World) -> None:
    spent: list[tuple[int, int]] = []

    class Limiter:
        def spend(self, units: int) -> None:
            spent.append((units, len(world.read_model.history)))

    pace = Pace(world.pauses.append, Limiter())
    world.rebuild = Rebuild(world.store, world.projector, world.progress, world.generations, pace)
    world.read_model.units = 7
    world.rebuild.step(2, SegmentProgress(0), 1)

    assert spent == [(4, 0), (10, 2)]


class InterruptingLimiter:
    """Makes something happen while a batch waits for the rate."""

    def __init__(self, meanwhile: Callable[[], None], batch: int) -> None:
        self.meanwhile = meanwhile
        self.batches_left = batch

    def spend(self, _: int) -> None:
        self.batches_left -= 1
        if self.batches_left == 0:
            self.meanwhile()


class TestAGenerationAbandonedMeanwhile:
    """Its rows may be removed a minute later, so a rebuild that waited longer must not write any more."""

    @pytest.fixture(params=[1, 2, 3])
    def slow(self, request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
        """The generation is abandoned while the first, second or third batch of a page waits for the rate."""
        monkeypatch.setattr(rebuild, "PAGE_SIZE", 100)
        monkeypatch.setattr(rebuild, "_CUSTOMERS_PER_BATCH", 4)

        def abandon_and_remove() -> None:
            world.generations.save(world.generations.load().abandon(START))
            world.read_model.stored.clear()

        pace = Pace(world.pauses.append, InterruptingLimiter(abandon_and_remove, request.param))
        world.rebuild = Rebuild(world.store, world.projector, world.progress, world.generations, pace)
        return world

    def test_no_more_rows_or_checkpoints_are_written(self, slow: World) -> None:
        with pytest.raises(WrongStep, match="Generation 2 is no longer being built"):
            slow.rebuild.step(2, SegmentProgress(0), 1)

        assert slow.read_model.stored == {}
        assert slow.progress.saved == {}

    def test_no_more_rows_are_written_after_a_pause_between_tries(self, world: World) -> None:
        world.read_model.failing = {"c-0"}

        def abandon_and_remove() -> None:
            world.read_model.failing = set()
            if world.generations.load().building:
                world.generations.save(world.generations.load().abandon(START))
            world.read_model.stored.clear()

        world.while_pausing = abandon_and_remove

        with pytest.raises(WrongStep):
            world.rebuild.step(2, SegmentProgress(0), 1)

        assert world.read_model.stored == {}


def test_the_pace_sets_the_page_size(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "PAGE_SIZE", 500)
    pace = Pace(world.pauses.append, page_size=2)
    world.rebuild = Rebuild(world.store, world.projector, world.progress, world.generations, pace)

    assert world.rebuild.step(2, SegmentProgress(0), 1).events == 2


@pytest.mark.parametrize("rate", [0.1, 0.5, 1, 3, 20, 99.9, 1000, 1e9])
def test_a_page_takes_at_most_ten_seconds_unless_it_is_a_single_row(rate: float) -> None:
    size = page_size_for(rate)

    assert size == 1 or size * UNITS_PER_ROW / rate <= 10
    assert 1 <= size <= 500
