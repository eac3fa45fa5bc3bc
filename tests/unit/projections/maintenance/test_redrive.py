"""Redrive: parked customers come back once the cause is mended, whatever happens meanwhile."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from events.customer import Customer
from events.envelope import Event
from projections.generations import Generations
from projections.maintenance.redrive import RedriveOutcome, RedriveResult
from projections.read_model import Write
from tests.samples import updated
from tests.unit.projections.world import THROTTLE, TIMEOUT, World, poison, unreadable


@pytest.fixture
def world() -> World:
    return World()


def parked(world: World, customer_id: str = "c-1") -> Event:
    """A customer of three versions who stands still at the second; gives what must be put there to mend it."""
    one, two, three = world.log(customer_id, 3)
    world.replaced(poison(two))
    world.project(one, poison(two), three)
    assert world.parked(customer_id)
    return two


def run(world: World, *, dry: bool = False, limit: int | None = None) -> list[RedriveResult]:
    return list(world.redrive.run(1, dry=dry, limit=limit))


def outcomes(world: World, *, dry: bool = False, limit: int | None = None) -> list[RedriveOutcome]:
    return [redriven.outcome for redriven in run(world, dry=dry, limit=limit)]


@pytest.mark.parametrize("is_mended", [True, False])
def test_a_dry_run_changes_nothing(world: World, is_mended: bool) -> None:
    mended = parked(world)
    if is_mended:
        world.replaced(mended)
    before = dict(world.read_model.stored)

    [redriven] = run(world, dry=True)

    assert redriven.outcome is (RedriveOutcome.WOULD_RETURN if is_mended else RedriveOutcome.STILL_PARKED)
    assert redriven.version == 1
    assert world.read_model.stored == before


def test_once_the_cause_is_mended_the_customer_returns_with_all_their_events(world: World) -> None:
    world.replaced(parked(world))

    [redriven] = run(world)

    assert (redriven.outcome, redriven.version) == (RedriveOutcome.RETURNED, 3)
    row = world.row("c-1")
    assert row
    assert row.parked is None
    state = row.state()
    assert isinstance(state, Customer)
    assert state.city == "city 3"


@pytest.mark.parametrize("broken", [poison, unreadable], ids=["poison", "unreadable"])
def test_a_customer_parked_at_their_first_event_returns(world: World, broken: Callable[[Event], Event]) -> None:
    [one] = world.log("c-1", 1)
    world.project(broken(one))

    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert (world.version("c-1"), world.parked("c-1")) == (1, None)


def test_a_second_run_changes_nothing(world: World) -> None:
    world.replaced(parked(world))
    run(world)
    before = dict(world.read_model.stored)

    assert run(world) == []
    assert world.read_model.stored == before


def test_as_long_as_the_cause_stands_the_customer_stays_and_the_tries_are_counted(world: World) -> None:
    parked(world)
    first = world.parked("c-1")
    assert first

    assert outcomes(world) == [RedriveOutcome.STILL_PARKED]
    assert outcomes(world) == [RedriveOutcome.STILL_PARKED]

    assert world.parked("c-1") == replace(first, attempts=3)


def test_a_second_poison_event_behind_the_mended_one_is_named_and_what_stands_before_it_shown(world: World) -> None:
    mended = parked(world)
    three = world.store.events["c-1", 3]
    world.replaced(mended)
    world.replaced(replace(three, data="{}"))

    [redriven] = run(world)

    assert redriven.outcome is RedriveOutcome.STILL_PARKED
    assert redriven.parked == world.parked("c-1")
    assert (redriven.version, redriven.parked.version, redriven.parked.attempts) == (2, 3, 2)
    assert redriven.parked.reason == "unreadable birth, city, country, email, full_name"
    assert world.version("c-1") == 2


def test_a_row_of_the_log_that_is_no_event_keeps_the_customer_parked(world: World) -> None:
    two = world.replaced(parked(world))
    world.store.broken["c-1", 2] = unreadable(two)

    [redriven] = run(world)

    assert redriven.outcome is RedriveOutcome.STILL_PARKED
    assert redriven.parked.reason == "the row is not an event: KeyError"


def test_a_log_that_ends_before_the_row_keeps_the_customer_parked(world: World) -> None:
    parked(world)
    for version in (1, 2, 3):
        del world.store.events["c-1", version]

    [redriven] = run(world)

    assert redriven.outcome is RedriveOutcome.STILL_PARKED
    assert redriven.parked.reason == "the event table ends before version 1"
    assert world.version("c-1") == 1


@pytest.mark.parametrize("error", [THROTTLE, TIMEOUT], ids=["throttle", "timeout"])
def test_a_log_that_does_not_answer_says_try_again_and_counts_no_try(world: World, error: Exception) -> None:
    world.replaced(parked(world))
    before = dict(world.read_model.stored)
    world.store.errors = [error]

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert world.read_model.stored == before
    assert outcomes(world) == [RedriveOutcome.RETURNED]


def test_a_write_that_fails_says_try_again(world: World) -> None:
    world.replaced(parked(world))
    world.read_model.failing = {"c-1"}

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert world.parked("c-1")


def test_an_event_that_arrived_between_the_reading_and_the_writing_is_not_lost(world: World) -> None:
    """The stream brings it while the customer is still parked, so it waits, and does not come again."""
    world.replaced(parked(world))

    def arrives(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        assert world.project(world.append(updated("c-1", 4))).waiting == 1

    world.read_model.interfere = arrives

    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert (world.version("c-1"), world.parked("c-1")) == (4, None)


@pytest.mark.parametrize("trouble", ["the log", "the row"])
def test_such_an_event_that_cannot_be_brought_now_is_brought_by_the_next_run(world: World, trouble: str) -> None:
    world.replaced(parked(world))
    writes = 0

    def arrives(_: Write) -> None:
        nonlocal writes
        writes += 1
        if writes == 1:
            world.read_model.interfere = lambda _: None
            world.project(world.append(updated("c-1", 4)))
            world.read_model.interfere = arrives
            world.store.errors = [TIMEOUT] if trouble == "the log" else []
        elif trouble == "the row":
            world.read_model.failing = {"c-1"}

    world.read_model.interfere = arrives

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert world.parked("c-1")
    world.read_model.interfere = lambda _: None
    world.read_model.failing = set()
    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert world.version("c-1") == 4


def test_killed_between_its_two_writes_it_is_gone_on_with_by_the_next_run(world: World) -> None:
    """An event waited since the customer's were read, and the stream does not bring it again."""
    world.replaced(parked(world))
    writes = 0

    def killed(_: Write) -> None:
        nonlocal writes
        writes += 1
        if writes == 1:
            world.read_model.interfere = lambda _: None
            assert world.project(world.append(updated("c-1", 4))).waiting == 1
            world.read_model.interfere = killed
        else:
            raise KeyboardInterrupt

    world.read_model.interfere = killed
    with pytest.raises(KeyboardInterrupt):
        run(world)

    assert world.version("c-1") == 3
    assert world.parked("c-1")
    world.read_model.interfere = lambda _: None
    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert (world.version("c-1"), world.parked("c-1")) == (4, None)


def test_an_event_of_a_customer_who_is_coming_back_does_not_wait(world: World) -> None:
    world.replaced(parked(world))
    writes = 0

    def arrives(_: Write) -> None:
        nonlocal writes
        writes += 1
        if writes == 2:
            world.read_model.interfere = lambda _: None
            assert world.project(world.append(updated("c-1", 4))).waiting == 0

    world.read_model.interfere = arrives

    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert (world.version("c-1"), world.parked("c-1")) == (4, None)


def test_a_lost_race_says_try_again_and_undoes_nothing(world: World) -> None:
    world.replaced(parked(world))

    def other_redrives(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        assert outcomes(world) == [RedriveOutcome.RETURNED]
        world.project(world.append(updated("c-1", 4)))

    world.read_model.interfere = other_redrives

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert (world.version("c-1"), world.parked("c-1")) == (4, None)


def test_a_customer_who_came_back_meanwhile_is_not_parked_again(world: World) -> None:
    mended = parked(world)

    def other_redrives(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        world.replaced(mended)
        run(world)

    world.read_model.interfere = other_redrives

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert (world.version("c-1"), world.parked("c-1")) == (3, None)


def test_the_longest_parked_come_first_and_no_more_than_asked_for(world: World) -> None:
    for number, customer_id in enumerate(["c-3", "c-1", "c-2"]):
        world.time = world.time.replace(minute=number)
        world.replaced(parked(world, customer_id))

    assert [redriven.customer_id for redriven in run(world, limit=2)] == ["c-3", "c-1"]
    assert world.parked("c-2")
    assert [redriven.customer_id for redriven in run(world)] == ["c-2"]


def test_one_customers_trouble_does_not_end_the_run(world: World) -> None:
    for customer_id in ("c-1", "c-2"):
        world.replaced(parked(world, customer_id))
    world.store.errors = [THROTTLE]

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN, RedriveOutcome.RETURNED]


def test_stopped_at_any_customer_it_goes_on_with_the_others(world: World) -> None:
    for customer_id in ("c-1", "c-2"):
        world.replaced(parked(world, customer_id))

    next(world.redrive.run(1, dry=False))

    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert [world.version(customer_id) for customer_id in ("c-1", "c-2")] == [3, 3]


def test_the_customer_stays_in_other_generations_as_they_are(world: World) -> None:
    mended = parked(world)
    one, two = world.store.read("c-1")[:2]
    world.project(one, two, generation=2)
    world.replaced(mended)

    run(world)

    assert world.parked("c-1", 2)
    assert next(world.redrive.run(2, dry=False)).outcome is RedriveOutcome.RETURNED


def rebuilding(world: World) -> None:
    """Generation 3 is built, 1 is kept and 2 is read."""
    switched = Generations().start_rebuild().confirm().switch(world.now())
    world.generations.saved = switched.start_rebuild()


def parked_in_the_active_alone(world: World) -> None:
    """The two that are fed before it could not be written when the later events came, and stand at the first one."""
    mended = parked(world)
    world.read_model.stored = {}
    one = world.store.events["c-1", 1]
    for generation in world.generations.load().fed:
        world.project(one, generation=generation)
    world.project(poison(mended), generation=2)
    world.replaced(mended)


def test_the_generations_that_are_fed_before_it_are_brought_as_far_first(world: World) -> None:
    rebuilding(world)
    parked_in_the_active_alone(world)
    written: list[tuple[int, int]] = []
    world.read_model.interfere = lambda write: written.append((write.row.generation, write.row.version))

    [redriven] = world.redrive.run(2, dry=False)

    assert redriven.outcome is RedriveOutcome.RETURNED
    assert written == [(3, 3), (1, 3), (2, 3), (2, 3)]
    assert [world.parked("c-1", generation) for generation in (1, 2, 3)] == [None] * 3


@pytest.mark.parametrize("behind", [3, 1])
def test_as_long_as_one_of_them_cannot_be_written_the_one_that_is_read_does_not_go_ahead(
    world: World, behind: int
) -> None:
    rebuilding(world)
    parked_in_the_active_alone(world)

    def throttled(write: Write) -> None:
        world.read_model.failing = {"c-1"} if write.row.generation == behind else set()

    world.read_model.interfere = throttled

    assert [redriven.outcome for redriven in world.redrive.run(2, dry=False)] == [RedriveOutcome.TRY_AGAIN]
    assert world.version("c-1", 2) == 1
    world.read_model.interfere = lambda _: None
    world.read_model.failing = set()
    assert [redriven.outcome for redriven in world.redrive.run(2, dry=False)] == [RedriveOutcome.RETURNED]
    assert [world.version("c-1", generation) for generation in (3, 1, 2)] == [3, 3, 3]


def test_whoever_is_parked_there_too_returns_there_first(world: World) -> None:
    rebuilding(world)
    parked_in_the_active_alone(world)
    world.project(poison(updated("c-1", 2)), generation=1)
    assert world.parked("c-1", 1)

    assert [redriven.outcome for redriven in world.redrive.run(2, dry=False)] == [RedriveOutcome.RETURNED]
    assert [world.version("c-1", generation) for generation in (3, 1, 2)] == [3, 3, 3]
    assert not world.parked("c-1", 1)


def test_what_stands_before_a_second_poison_event_is_brought_to_them_too(world: World) -> None:
    rebuilding(world)
    parked_in_the_active_alone(world)
    world.replaced(poison(world.store.events["c-1", 3]))

    assert [redriven.outcome for redriven in world.redrive.run(2, dry=False)] == [RedriveOutcome.STILL_PARKED]
    assert [world.version("c-1", generation) for generation in (3, 1, 2)] == [2, 2, 2]


def test_what_came_meanwhile_is_brought_to_them_first_too(world: World) -> None:
    rebuilding(world)
    parked_in_the_active_alone(world)
    written: list[tuple[int, int]] = []

    def arrives(write: Write) -> None:
        if not written:
            world.append(updated("c-1", 4))
        written.append((write.row.generation, write.row.version))

    world.read_model.interfere = arrives

    assert [redriven.outcome for redriven in world.redrive.run(2, dry=False)] == [RedriveOutcome.RETURNED]
    assert [version for generation, version in written if generation == 2] == [3, 4]
    assert written[-1] == (2, 4)
    assert [world.version("c-1", generation) for generation in (3, 1, 2)] == [4, 4, 4]
    assert not world.parked("c-1", 2)


def test_a_generation_begun_during_the_run_goes_first_as_well(world: World) -> None:
    for customer_id in ("c-1", "c-2"):
        world.replaced(parked(world, customer_id))
    redriving = world.redrive.run(1, dry=False)
    next(redriving)
    world.generations.saved = world.generations.load().start_rebuild()

    assert [redriven.outcome for redriven in redriving] == [RedriveOutcome.RETURNED]
    assert [world.version(customer_id, 2) for customer_id in ("c-1", "c-2")] == [0, 3]


def test_a_dry_run_tells_the_tries_as_they_are_stored(world: World) -> None:
    parked(world)
    run(world)

    [redriven] = run(world, dry=True)

    assert redriven.parked == world.parked("c-1")
    assert redriven.parked.attempts == 2
