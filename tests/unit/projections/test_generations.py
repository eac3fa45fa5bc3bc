"""The generations: every step in every order, and the few rules that hold through all of them."""

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
def test_a_step_that_does_not_fit_is_refused_in_a_sentence(step: Callable[[], object], sentence: str) -> None:
    with pytest.raises(WrongStep, match=sentence):
        step()


def test_a_rebuild_from_beginning_to_end() -> None:
    assert BUILT.fed == (2, 1)
    assert BUILT.readable == {1}
    assert SWITCHED.fed == (1, 2)
    assert SWITCHED.readable == {1, 2}
    retired = SWITCHED.retire(LATER)
    assert (retired.fed, retired.readable, retired.retired) == ((2,), frozenset({2}), (1,))
    assert retired.removed(1).retired == ()


def test_all_that_live_are_fed_the_one_being_built_first_and_the_one_that_is_read_last() -> None:
    assert SWITCHED.start_rebuild().fed == (3, 1, 2)


def test_a_rollback_swaps_and_a_second_one_undoes_it() -> None:
    back = SWITCHED.rollback(LATER)

    assert (back.active, back.previous) == (1, 2)
    assert back.rollback(LATER + SETTLES_AFTER).active == 2


def test_a_minute_is_enough_and_less_is_not() -> None:
    assert SWITCHED.has_settled(START + SETTLES_AFTER)
    assert not SWITCHED.has_settled(START + SETTLES_AFTER - timedelta(microseconds=1))
    assert Generations().has_settled(START)


@pytest.mark.parametrize("step", ["switch", "rollback", "retire", "abandon"])
def test_every_step_after_which_a_generation_is_no_longer_fed_as_before_has_to_settle(step: str) -> None:
    before = {"switch": BUILT.confirm(), "abandon": BUILT}.get(step, SWITCHED)

    assert not getattr(before, step)(LATER).has_settled(LATER)


def test_a_new_rebuild_is_not_verified_because_the_last_one_was() -> None:
    again = BUILT.confirm().abandon(START).start_rebuild()

    assert (again.building, again.verified) == (3, False)


def test_the_record_in_memory_is_changed_only_from_the_revision_that_was_read() -> None:
    store = InMemoryGenerations()
    store.save(store.load().start_rebuild())

    with pytest.raises(GenerationsChanged):
        store.save(Generations().start_rebuild())


class AnyOrderOfSteps(RuleBasedStateMachine):
    """Operators who try every step at any time, in a store that keeps what was possible."""

    def __init__(self) -> None:
        super().__init__()
        self.store = InMemoryGenerations()
        self.now: datetime = START
        self.switched_at: datetime | None = None
        self.verified: set[int] = set()
        self.given = [1]
        self.gone: set[int] = set()

    def step(self, step: Step) -> bool:
        """Whether it was possible."""
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
        possible = self.step(Generations.start_rebuild)
        assert possible is (building is None)
        if possible:
            number = self.store.load().building
            assert number is not None
            assert number > max(self.given)
            self.given.append(number)

    @rule()
    def confirm(self) -> None:
        building = self.store.load().building
        assert self.step(Generations.confirm) is (building is not None)
        if building is not None:
            self.verified.add(building)

    @rule()
    def switch(self) -> None:
        before = self.store.load()
        possible = self.step(lambda all_: all_.switch(self.now))
        assert possible is (before.building in self.verified and before.previous is None)
        if possible:
            after = self.store.load()
            assert (after.active, after.previous, after.building) == (before.building, before.active, None)
            self.switched_at = self.now

    @rule()
    def rollback(self) -> None:
        before = self.store.load()
        possible = self.step(lambda all_: all_.rollback(self.now))
        if possible:
            assert self.switched_at is not None
            assert self.now - self.switched_at >= timedelta(minutes=1)
            after = self.store.load()
            assert (after.active, after.previous) == (before.previous, before.active)
            self.switched_at = self.now

    @rule()
    def retire(self) -> None:
        previous = self.store.load().previous
        assert self.step(lambda all_: all_.retire(self.now)) is (previous is not None)

    @rule()
    def abandon(self) -> None:
        building = self.store.load().building
        assert self.step(lambda all_: all_.abandon(self.now)) is (building is not None)

    @precondition(lambda self: self.store.load().retired)
    @rule(data=st.data())
    def remove_a_retired_one(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.store.load().retired))
        assert self.step(lambda all_: all_.removed(number))
        self.gone.add(number)

    @rule(number=st.integers(0, 3))
    def remove_one_that_is_not_retired(self, number: int) -> None:
        before = self.store.load()
        if number not in before.retired:
            assert replace(before.removed(number)) == before

    @invariant()
    def every_number_ever_given_is_in_exactly_one_place(self) -> None:
        all_ = self.store.load()
        places = [*all_.fed, *all_.retired, *sorted(self.gone)]
        assert sorted(places) == self.given
        assert all_.newest == max(self.given)

    @invariant()
    def what_is_read_is_fed_last_and_what_is_built_is_fed_first_and_never_read(self) -> None:
        all_ = self.store.load()
        assert all_.fed[-1] == all_.active
        if all_.building is not None:
            assert all_.fed[0] == all_.building
        assert all_.readable == set(all_.fed) - {all_.building}

    @invariant()
    def only_what_was_verified_is_ever_read(self) -> None:
        assert self.store.load().readable <= self.verified | {1}


TestAnyOrderOfSteps = AnyOrderOfSteps.TestCase
TestAnyOrderOfSteps.settings = settings(max_examples=40, stateful_step_count=40)
