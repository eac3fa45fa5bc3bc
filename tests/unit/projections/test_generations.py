"""The generations: every step in every order, and the rules that always hold."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from projections.generations import SETTLES_AFTER, Generations, GenerationsChanged, WrongStep
from tests.fakes.read_model import InMemoryGenerations
from tests.samples import START

Step = Callable[[Generations], Generations]
LATER = START + timedelta(hours=1)
BUILT = Generations().start_rebuild()
SWITCHED = BUILT.confirm().switch(START)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (BUILT.start_rebuild, "Generation 2 is being built already"),
        (lambda: Generations().confirm(), "No generation is being built"),
        (lambda: Generations().switch(START), "No generation is being built"),
        (lambda: BUILT.switch(START), "Generation 2 was not verified"),
        (lambda: SWITCHED.start_rebuild().confirm().switch(LATER), "Generation 1 is kept from the last switch"),
        (lambda: Generations().rollback(START), "No previous generation is kept"),
        (lambda: SWITCHED.rollback(START + timedelta(seconds=59)), "less than a minute old"),
        (lambda: SWITCHED.rollback(LATER).rollback(LATER + timedelta(seconds=59)), "less than a minute old"),
        (lambda: Generations().retire(START), "No previous generation is kept"),
        (lambda: SWITCHED.retire(LATER).rollback(LATER + timedelta(hours=1)), "No previous generation is kept"),
        (lambda: Generations().abandon(START), "No generation is being built"),
    ],
)
def test_a_step_in_the_wrong_state_is_refused_with_a_sentence(step: Callable[[], object], sentence: str) -> None:
    with pytest.raises(WrongStep, match=sentence):
        step()


def test_a_rebuild_from_start_to_retire() -> None:
    assert BUILT.fed == (2, 1)
    assert BUILT.readable == {1}
    assert SWITCHED.fed == (1, 2)
    assert SWITCHED.readable == {1, 2}
    retired = SWITCHED.retire(LATER)
    assert (retired.fed, retired.readable, retired.retired) == ((2,), frozenset({2}), (1,))
    assert retired.removed(1).retired == ()


def test_the_building_generation_is_fed_first_and_the_active_one_last() -> None:
    assert SWITCHED.start_rebuild().fed == (3, 1, 2)


def test_a_rollback_swaps_active_and_previous_and_a_second_one_undoes_it() -> None:
    back = SWITCHED.rollback(LATER)

    assert (back.active, back.previous) == (1, 2)
    assert back.rollback(LATER + SETTLES_AFTER).active == 2


def test_a_change_settles_after_a_minute() -> None:
    assert SWITCHED.has_settled(START + SETTLES_AFTER)
    assert not SWITCHED.has_settled(START + SETTLES_AFTER - timedelta(microseconds=1))
    assert Generations().has_settled(START)


@pytest.mark.parametrize("step", ["switch", "rollback", "retire", "abandon"])
def test_every_step_that_changes_how_generations_are_fed_has_to_settle(step: str) -> None:
    before = {"switch": BUILT.confirm(), "abandon": BUILT}.get(step, SWITCHED)

    assert not getattr(before, step)(LATER).has_settled(LATER)


def test_each_generation_has_one_role() -> None:
    current = replace(SWITCHED.start_rebuild(), retired=(7,))

    assert [current.role_of(number) for number in (1, 2, 3, 7)] == ["previous", "active", "building", "retired"]


@pytest.mark.parametrize(
    ("generation", "problem"),
    [(1, "was given up, so nothing keeps its rows up to date"), (4, "does not exist"), (0, "does not exist")],
)
def test_a_generation_that_is_not_fed_is_refused_with_those_that_are(generation: int, problem: str) -> None:
    current = SWITCHED.retire(LATER).start_rebuild()

    for fed in (2, 3):
        current.must_be_fed(fed)
    with pytest.raises(WrongStep) as refused:
        current.must_be_fed(generation)
    assert str(refused.value) == f"Generation {generation} {problem}: choose one of 2, 3, or leave out --generation."


@pytest.mark.parametrize(("generation", "before"), [(3, ()), (1, (3,)), (2, (3, 1)), (4, ())])
def test_a_generation_knows_those_that_are_fed_before_it(generation: int, before: tuple[int, ...]) -> None:
    assert SWITCHED.start_rebuild().before(generation) == before


@pytest.mark.parametrize("before", [BUILT.confirm().abandon(START), Generations(newest=2, verified=True)])
def test_a_new_rebuild_is_not_verified_even_if_the_last_one_was(before: Generations) -> None:
    again = before.start_rebuild()

    assert (again.building, again.verified) == (3, False)


def test_the_in_memory_store_refuses_an_outdated_revision() -> None:
    store = InMemoryGenerations()
    store.save(store.load().start_rebuild())

    with pytest.raises(GenerationsChanged):
        store.save(Generations().start_rebuild())


class AnyOrderOfSteps(RuleBasedStateMachine):
    """Operators try every step at any time; the store keeps the result of the steps that are allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.store = InMemoryGenerations()
        self.now: datetime = START
        self.switched_at: datetime | None = None
        self.verified: set[int] = set()
        self.assigned = [1]
        self.removed_numbers: set[int] = set()

    def step(self, step: Step) -> bool:
        """Try a step, and return whether it was allowed."""
        before = self.store.load()
        try:
            after = step(before)
        except WrongStep:
            assert self.store.load() == before
            return False
        self.store.save(after)
        assert self.store.load().revision == before.revision + 1
        return True

    @rule(seconds=st.sampled_from([0, 1, 59, 60, 61, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def start_rebuild(self) -> None:
        building = self.store.load().building
        allowed = self.step(Generations.start_rebuild)
        assert allowed is (building is None)
        if allowed:
            number = self.store.load().building
            assert number is not None
            assert number > max(self.assigned)
            self.assigned.append(number)

    @rule()
    def confirm(self) -> None:
        building = self.store.load().building
        assert self.step(Generations.confirm) is (building is not None)
        if building is not None:
            self.verified.add(building)

    @rule()
    def switch(self) -> None:
        before = self.store.load()
        allowed = self.step(lambda current: current.switch(self.now))
        assert allowed is (before.building in self.verified and before.previous is None)
        if allowed:
            after = self.store.load()
            assert (after.active, after.previous, after.building) == (before.building, before.active, None)
            self.switched_at = self.now

    @rule()
    def rollback(self) -> None:
        before = self.store.load()
        allowed = self.step(lambda current: current.rollback(self.now))
        if allowed:
            assert self.switched_at is not None
            assert self.now - self.switched_at >= timedelta(minutes=1)
            after = self.store.load()
            assert (after.active, after.previous) == (before.previous, before.active)
            self.switched_at = self.now

    @rule()
    def retire(self) -> None:
        previous = self.store.load().previous
        assert self.step(lambda current: current.retire(self.now)) is (previous is not None)

    @rule()
    def abandon(self) -> None:
        building = self.store.load().building
        assert self.step(lambda current: current.abandon(self.now)) is (building is not None)

    @precondition(lambda self: self.store.load().retired)
    @rule(data=st.data())
    def remove_a_retired_generation(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.store.load().retired))
        assert self.step(lambda current: current.removed(number))
        self.removed_numbers.add(number)

    @rule(number=st.integers(0, 3))
    def remove_a_generation_that_is_not_retired(self, number: int) -> None:
        before = self.store.load()
        if number not in before.retired:
            assert replace(before.removed(number)) == before

    @invariant()
    def every_assigned_number_is_in_exactly_one_place(self) -> None:
        current = self.store.load()
        places = [*current.fed, *current.retired, *sorted(self.removed_numbers)]
        assert sorted(places) == self.assigned
        assert current.newest == max(self.assigned)

    @invariant()
    def active_is_fed_last_and_building_is_fed_first_and_never_read(self) -> None:
        current = self.store.load()
        assert current.fed[-1] == current.active
        if current.building is not None:
            assert current.fed[0] == current.building
        assert current.readable == set(current.fed) - {current.building}

    @invariant()
    def only_verified_generations_are_ever_read(self) -> None:
        assert self.store.load().readable <= self.verified | {1}


TestAnyOrderOfSteps = AnyOrderOfSteps.TestCase
TestAnyOrderOfSteps.settings = settings(max_examples=40, stateful_step_count=40)
