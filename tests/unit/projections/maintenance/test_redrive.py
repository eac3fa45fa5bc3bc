"""Redrive: parked customers return once the cause is fixed, whatever happens meanwhile."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest

from events.customer import Customer
from events.envelope import Event, Recorded
from projections.generations import Generations
from projections.maintenance.redrive import RedriveOutcome, RedriveResult
from projections.read_model import ReadModelBusy, Write, WriteResult
from projections.row import RETURNING, Parked, Row
from shared.runtime.clock import timestamp
from tests.samples import START, updated
from tests.unit.projections.world import THROTTLE, TIMEOUT, World, poison, unreadable


@pytest.fixture
def world() -> World:
    return World()


def parked(world: World, customer_id: str = "c-1") -> Event:
    """Park a customer of three versions at the second, and return the event that fixes them."""
    one, two, three = world.log(customer_id, 3)
    world.replace_event(poison(two))
    world.project(one, poison(two), three)
    assert world.parked(customer_id)
    return two


def run(world: World, *, dry: bool = False, limit: int | None = None) -> list[RedriveResult]:
    return list(world.redrive.run(1, dry=dry, limit=limit))


def outcomes(world: World, *, dry: bool = False, limit: int | None = None) -> list[RedriveOutcome]:
    return [result.outcome for result in run(world, dry=dry, limit=limit)]


@pytest.mark.parametrize("is_fixed", [True, False])
def test_a_dry_run_changes_nothing(world: World, is_fixed: bool) -> None:
    fixed = parked(world)
    if is_fixed:
        world.replace_event(fixed)
    before = dict(world.read_model.stored)

    [result] = run(world, dry=True)

    assert result.outcome is (RedriveOutcome.WOULD_RETURN if is_fixed else RedriveOutcome.STILL_PARKED)
    assert result.version == 1
    assert world.read_model.stored == before


def test_once_the_cause_is_fixed_the_customer_returns_with_all_their_events(world: World) -> None:
    world.replace_event(parked(world))

    [result] = run(world)

    assert (result.outcome, result.version) == (RedriveOutcome.RETURNED, 3)
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
    world.replace_event(parked(world))
    run(world)
    before = dict(world.read_model.stored)

    assert run(world) == []
    assert world.read_model.stored == before


def test_while_the_cause_lasts_the_customer_stays_parked_and_attempts_are_counted(world: World) -> None:
    parked(world)
    first = world.parked("c-1")
    assert first

    assert outcomes(world) == [RedriveOutcome.STILL_PARKED]
    assert outcomes(world) == [RedriveOutcome.STILL_PARKED]

    assert world.parked("c-1") == replace(first, attempts=3)


def test_a_second_poison_event_is_reported_and_the_events_before_it_are_shown(world: World) -> None:
    fixed = parked(world)
    three = world.store.events["c-1", 3]
    world.replace_event(fixed)
    world.replace_event(replace(three, data="{}"))

    [result] = run(world)

    assert result.outcome is RedriveOutcome.STILL_PARKED
    assert result.parked == world.parked("c-1")
    assert (result.version, result.parked.version, result.parked.attempts) == (2, 3, 2)
    assert result.parked.reason == "unreadable birth, city, country, email, full_name"
    assert world.version("c-1") == 2


def test_an_item_that_is_not_an_event_keeps_the_customer_parked(world: World) -> None:
    two = world.replace_event(parked(world))
    world.store.broken["c-1", 2] = unreadable(two)

    [result] = run(world)

    assert result.outcome is RedriveOutcome.STILL_PARKED
    assert result.parked.reason == "the row is not an event: KeyError"


def test_an_event_table_that_ends_before_the_row_keeps_the_customer_parked(world: World) -> None:
    parked(world)
    for version in (1, 2, 3):
        del world.store.events["c-1", version]

    [result] = run(world)

    assert result.outcome is RedriveOutcome.STILL_PARKED
    assert result.parked.reason == "the event table ends before version 1"
    assert world.version("c-1") == 1


@pytest.mark.parametrize("error", [THROTTLE, TIMEOUT], ids=["throttle", "timeout"])
def test_an_event_table_that_does_not_answer_gives_try_again_and_counts_no_attempt(
    world: World, error: Exception
) -> None:
    world.replace_event(parked(world))
    before = dict(world.read_model.stored)
    world.store.errors = [error]

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert world.read_model.stored == before
    assert outcomes(world) == [RedriveOutcome.RETURNED]


def test_a_write_that_fails_gives_try_again(world: World) -> None:
    world.replace_event(parked(world))
    world.read_model.failing = {"c-1"}

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert world.parked("c-1")


def test_an_event_that_arrives_between_the_read_and_the_write_is_not_lost(world: World) -> None:
    """It waits, because the customer is still parked, and the stream does not deliver it again."""
    world.replace_event(parked(world))

    def event_arrives(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        assert world.project(world.append(updated("c-1", 4))).waiting == 1

    world.read_model.interfere = event_arrives

    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert (world.version("c-1"), world.parked("c-1")) == (4, None)


@pytest.mark.parametrize("trouble", ["event table", "row"])
def test_such_an_event_that_cannot_be_projected_now_is_projected_by_the_next_run(world: World, trouble: str) -> None:
    world.replace_event(parked(world))
    writes = 0

    def event_arrives(_: Write) -> None:
        nonlocal writes
        writes += 1
        if writes == 1:
            world.read_model.interfere = lambda _: None
            world.project(world.append(updated("c-1", 4)))
            world.read_model.interfere = event_arrives
            world.store.errors = [TIMEOUT] if trouble == "event table" else []
        elif trouble == "row":
            world.read_model.failing = {"c-1"}

    world.read_model.interfere = event_arrives

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert world.parked("c-1")
    world.read_model.interfere = lambda _: None
    world.read_model.failing = set()
    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert world.version("c-1") == 4


def test_a_redrive_killed_between_its_two_writes_is_finished_by_the_next_run(world: World) -> None:
    """An event arrived after the customer's events were read, and the stream does not deliver it again."""
    world.replace_event(parked(world))
    writes = 0

    def kill(_: Write) -> None:
        nonlocal writes
        writes += 1
        if writes == 1:
            world.read_model.interfere = lambda _: None
            assert world.project(world.append(updated("c-1", 4))).waiting == 1
            world.read_model.interfere = kill
        else:
            raise KeyboardInterrupt

    world.read_model.interfere = kill
    with pytest.raises(KeyboardInterrupt):
        run(world)

    assert world.version("c-1") == 3
    assert world.parked("c-1")
    world.read_model.interfere = lambda _: None
    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert (world.version("c-1"), world.parked("c-1")) == (4, None)


def test_an_event_of_a_returning_customer_does_not_wait(world: World) -> None:
    world.replace_event(parked(world))
    writes = 0

    def event_arrives(_: Write) -> None:
        nonlocal writes
        writes += 1
        if writes == 2:
            world.read_model.interfere = lambda _: None
            assert world.project(world.append(updated("c-1", 4))).waiting == 0

    world.read_model.interfere = event_arrives

    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert (world.version("c-1"), world.parked("c-1")) == (4, None)


def test_a_conflict_gives_try_again_and_undoes_nothing(world: World) -> None:
    world.replace_event(parked(world))

    def other_redrive(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        assert outcomes(world) == [RedriveOutcome.RETURNED]
        world.project(world.append(updated("c-1", 4)))

    world.read_model.interfere = other_redrive

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert (world.version("c-1"), world.parked("c-1")) == (4, None)


def test_a_customer_who_returned_meanwhile_is_not_parked_again(world: World) -> None:
    fixed = parked(world)

    def other_redrive(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        world.replace_event(fixed)
        run(world)

    world.read_model.interfere = other_redrive

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN]
    assert (world.version("c-1"), world.parked("c-1")) == (3, None)


def test_the_longest_parked_come_first_up_to_the_limit(world: World) -> None:
    for number, customer_id in enumerate(["c-3", "c-1", "c-2"]):
        world.time = world.time.replace(minute=number)
        world.replace_event(parked(world, customer_id))

    assert [result.customer_id for result in run(world, limit=2)] == ["c-3", "c-1"]
    assert world.parked("c-2")
    assert [result.customer_id for result in run(world)] == ["c-2"]


def test_one_customers_failure_does_not_end_the_run(world: World) -> None:
    for customer_id in ("c-1", "c-2"):
        world.replace_event(parked(world, customer_id))
    world.store.errors = [THROTTLE]

    assert outcomes(world) == [RedriveOutcome.TRY_AGAIN, RedriveOutcome.RETURNED]


def test_a_run_that_was_stopped_is_continued_by_the_next(world: World) -> None:
    for customer_id in ("c-1", "c-2"):
        world.replace_event(parked(world, customer_id))

    next(world.redrive.run(1, dry=False))

    assert outcomes(world) == [RedriveOutcome.RETURNED]
    assert [world.version(customer_id) for customer_id in ("c-1", "c-2")] == [3, 3]


def test_the_customer_stays_parked_in_other_generations(world: World) -> None:
    fixed = parked(world)
    one, two = world.store.read("c-1")[:2]
    world.project(one, two, generation=2)
    world.replace_event(fixed)

    run(world)

    assert world.parked("c-1", 2)
    assert next(world.redrive.run(2, dry=False)).outcome is RedriveOutcome.RETURNED


def rebuilding(world: World) -> None:
    """Generation 3 is building, 1 is previous and 2 is active."""
    switched = Generations().start_rebuild().confirm().switch(world.now())
    world.generations.saved = switched.start_rebuild()


def parked_in_the_active_only(world: World) -> None:
    """Park a customer in the active generation; the two others are still at the first event, without being parked."""
    fixed = parked(world)
    world.read_model.stored = {}
    one = world.store.events["c-1", 1]
    for generation in world.generations.load().fed:
        world.project(one, generation=generation)
    world.project(poison(fixed), generation=2)
    world.replace_event(fixed)


def test_the_generations_fed_before_it_are_advanced_first(world: World) -> None:
    rebuilding(world)
    parked_in_the_active_only(world)
    written: list[tuple[int, int]] = []
    world.read_model.interfere = lambda write: written.append((write.row.generation, write.row.version))

    [result] = world.redrive.run(2, dry=False)

    assert result.outcome is RedriveOutcome.RETURNED
    assert written == [(3, 3), (1, 3), (2, 3), (2, 3)]
    assert [world.parked("c-1", generation) for generation in (1, 2, 3)] == [None] * 3


@pytest.mark.parametrize("behind", [3, 1])
def test_while_one_of_them_cannot_be_written_the_active_one_does_not_advance(world: World, behind: int) -> None:
    rebuilding(world)
    parked_in_the_active_only(world)

    def throttle(write: Write) -> None:
        world.read_model.failing = {"c-1"} if write.row.generation == behind else set()

    world.read_model.interfere = throttle

    assert [result.outcome for result in world.redrive.run(2, dry=False)] == [RedriveOutcome.TRY_AGAIN]
    assert world.version("c-1", 2) == 1
    world.read_model.interfere = lambda _: None
    world.read_model.failing = set()
    assert [result.outcome for result in world.redrive.run(2, dry=False)] == [RedriveOutcome.RETURNED]
    assert [world.version("c-1", generation) for generation in (3, 1, 2)] == [3, 3, 3]


def test_a_customer_parked_there_too_returns_there_first(world: World) -> None:
    rebuilding(world)
    parked_in_the_active_only(world)
    world.project(poison(updated("c-1", 2)), generation=1)
    assert world.parked("c-1", 1)

    assert [result.outcome for result in world.redrive.run(2, dry=False)] == [RedriveOutcome.RETURNED]
    assert [world.version("c-1", generation) for generation in (3, 1, 2)] == [3, 3, 3]
    assert not world.parked("c-1", 1)


def test_the_events_before_a_second_poison_event_are_projected_there_too(world: World) -> None:
    rebuilding(world)
    parked_in_the_active_only(world)
    world.replace_event(poison(world.store.events["c-1", 3]))

    assert [result.outcome for result in world.redrive.run(2, dry=False)] == [RedriveOutcome.STILL_PARKED]
    assert [world.version("c-1", generation) for generation in (3, 1, 2)] == [2, 2, 2]


def test_events_that_arrive_meanwhile_are_projected_there_first_too(world: World) -> None:
    rebuilding(world)
    parked_in_the_active_only(world)
    written: list[tuple[int, int]] = []

    def event_arrives(write: Write) -> None:
        if not written:
            world.append(updated("c-1", 4))
        written.append((write.row.generation, write.row.version))

    world.read_model.interfere = event_arrives

    assert [result.outcome for result in world.redrive.run(2, dry=False)] == [RedriveOutcome.RETURNED]
    assert [version for generation, version in written if generation == 2] == [3, 4]
    assert written[-1] == (2, 4)
    assert [world.version("c-1", generation) for generation in (3, 1, 2)] == [4, 4, 4]
    assert not world.parked("c-1", 2)


def test_a_generation_begun_during_the_run_is_advanced_first_too(world: World) -> None:
    for customer_id in ("c-1", "c-2"):
        world.replace_event(parked(world, customer_id))
    results = world.redrive.run(1, dry=False)
    next(results)
    world.generations.saved = world.generations.load().start_rebuild()

    assert [result.outcome for result in results] == [RedriveOutcome.RETURNED]
    assert [world.version(customer_id, 2) for customer_id in ("c-1", "c-2")] == [0, 3]


def test_a_dry_run_reports_the_stored_attempts(world: World) -> None:
    parked(world)
    run(world)

    [result] = run(world, dry=True)

    assert result.parked == world.parked("c-1")
    assert result.parked.attempts == 2


def test_only_who_did_return_is_reported_as_returned(world: World) -> None:
    """The stream delivers another event that cannot be projected, between the two writes of the redrive."""
    world.replace_event(parked(world))
    four = world.append(poison(updated("c-1", 4)))

    def deliver(write: Write) -> None:
        if write.replaces and write.replaces.parked and not write.row.parked:
            world.read_model.interfere = lambda _: None
            world.project(four)

    world.read_model.interfere = deliver
    # The redrive read the events before the fourth was there.
    real = world.store.read

    def read(customer_id: str, after_version: int = 0) -> list[Recorded]:
        return [each for each in real(customer_id, after_version) if each.version < 4]

    world.store.read = read  # type: ignore[method-assign]

    [result] = run(world)

    now = world.parked("c-1")
    assert now
    assert now.version == 4
    assert result == RedriveResult("c-1", RedriveOutcome.STILL_PARKED, now, version=3)


def test_a_customer_whose_return_cannot_be_confirmed_is_tried_again(world: World) -> None:
    world.replace_event(parked(world))
    before = world.parked("c-1")
    assert before
    real = world.read_model.get_many

    def fail_at_the_end(ids: Iterable[str], generation: int) -> dict[str, Row]:
        rows = real(ids, generation)
        if rows["c-1"].version == 3 and not rows["c-1"].parked:
            raise ReadModelBusy("the row was not read")
        return rows

    world.read_model.get_many = fail_at_the_end  # type: ignore[assignment, method-assign]

    assert run(world) == [RedriveResult("c-1", RedriveOutcome.TRY_AGAIN, before, version=3)]


@pytest.mark.parametrize(
    ("stored", "version"),
    [
        (lambda _: None, 0),
        (lambda row: replace(row, version=2), 2),
        (lambda row: replace(row, parked=Parked(4, RETURNING, timestamp(START), 2)), 3),
    ],
    ids=["removed", "older", "returning"],
)
def test_a_customer_whose_row_is_changed_meanwhile_did_not_return(
    world: World, stored: Callable[[Row], Row | None], version: int
) -> None:
    world.replace_event(parked(world))
    before = world.parked("c-1")
    assert before
    real = world.read_model.write

    def write(writes: Sequence[Write]) -> list[WriteResult]:
        results = real(writes)
        if not writes[0].row.parked:
            world.read_model.stored.clear()
            if row := stored(writes[0].row):
                world.read_model.stored["c-1", 1] = row
        return results

    world.read_model.write = write  # type: ignore[method-assign]

    assert run(world) == [RedriveResult("c-1", RedriveOutcome.TRY_AGAIN, before, version)]
