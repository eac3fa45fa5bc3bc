"""Whatever the order and however often: each version is handled once, in order, up to an erasure."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer_kit import (
    ERASED,
    REDACTED,
    Action,
    Consumer,
    CustomerState,
    Effect,
    GapPolicy,
    HeldEventFailed,
    InboxConflict,
    PublishedEvent,
    TooManyHeld,
    UnknownSchema,
)
from consumer_kit.ordering import MAX_HELD
from consumer_kit.testing import InMemoryInbox
from tests.unit.consumer_kit.deliveries import CUSTOMER, event

NOW = "2026-05-17T10:00:00.000000Z"


def note(arrived: PublishedEvent) -> Sequence[Effect]:
    return [{"Put": (arrived.version, arrived.type)}]


def consumer(inbox: InMemoryInbox, policy: GapPolicy = GapPolicy.EVERY, react: Any = note) -> Consumer:
    return Consumer(inbox, react, {"CustomerCreated": 1, "CustomerUpdated": 1}, policy, now=lambda: NOW)


def written(inbox: InMemoryInbox) -> list[int]:
    return [effect["Put"][0] for effect in inbox.effects]


def history(length: int, *, erased: bool) -> list[PublishedEvent]:
    events = [event(version) for version in range(1, length + 1)]
    return [*events, event(length + 1, ERASED)] if erased else events


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[PublishedEvent], list[PublishedEvent]]:
    """A customer's events, and an order in which they are delivered: any, some of them several times."""
    events = history(draw(st.integers(1, 8)), erased=draw(st.booleans()))
    repeats = draw(st.lists(st.sampled_from(events), max_size=12))
    return events, draw(st.permutations([*events, *repeats]))


@given(deliveries())
@example((history(4, erased=False), history(4, erased=False)[::-1]))
def test_each_version_is_handled_once_and_in_order(case: tuple[list[PublishedEvent], list[PublishedEvent]]) -> None:
    events, delivered = case
    inbox = InMemoryInbox()

    outcomes = [consumer(inbox).handle(each) for each in delivered]

    erasure = [each.version for each in events if each.erases]
    before = [version for version in written(inbox) if version not in erasure]
    assert before == list(range(1, len(before) + 1))
    assert written(inbox)[len(before) :] == erasure
    assert erasure or len(before) == len(events)
    assert [each.version for outcome in outcomes for each in outcome.handled] == written(inbox)
    state = inbox.load(CUSTOMER)
    assert (state.version, state.erased, state.held, state.waiting_since) == (len(events), bool(erasure), {}, None)


@given(deliveries())
def test_who_wants_the_latest_never_waits_and_never_goes_back(
    case: tuple[list[PublishedEvent], list[PublishedEvent]],
) -> None:
    events, delivered = case
    inbox = InMemoryInbox()

    decisions = [consumer(inbox, GapPolicy.LATEST).handle(each).action for each in delivered]

    assert Action.HOLD not in decisions
    assert written(inbox) == sorted(set(written(inbox)))
    assert written(inbox)[-1] == len(events)


class Failing(InMemoryInbox):
    """Fails before or after a write, as a crash or a lost answer would."""

    def __init__(self, plan: Sequence[str]) -> None:
        super().__init__()
        self._plan = iter(plan)

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        what = next(self._plan, "works")
        if what == "lost before":
            raise TimeoutError
        if what == "outrun":
            raise InboxConflict
        super().save(state, effects)
        if what == "lost after":
            raise TimeoutError


@given(deliveries(), st.lists(st.sampled_from(["works", "lost before", "lost after", "outrun"]), max_size=30))
def test_a_crash_anywhere_leaves_both_or_neither(
    case: tuple[list[PublishedEvent], list[PublishedEvent]], plan: list[str]
) -> None:
    events, waiting = case
    inbox = Failing(plan)
    while waiting:
        again = []
        for each in waiting:
            try:
                consumer(inbox).handle(each)
            except (TimeoutError, HeldEventFailed, InboxConflict):
                again.append(each)
        waiting = again

    erasure = [each.version for each in events if each.erases]
    before = [version for version in written(inbox) if version not in erasure]
    assert before == list(range(1, len(before) + 1))
    assert written(inbox)[len(before) :] == erasure
    assert erasure or len(before) == len(events)
    assert not inbox.load(CUSTOMER).held


def test_an_erasure_waits_for_nothing_and_nothing_of_the_customer_stays_held() -> None:
    inbox = InMemoryInbox()
    consumer(inbox).handle(event(2))
    consumer(inbox).handle(event(9))  # later than the erasure, which nothing should be

    erased = consumer(inbox).handle(event(4, ERASED))
    late = [consumer(inbox).handle(event(version)).action for version in (1, 2, 3)]

    assert (erased.action, written(inbox)) == (Action.HANDLE, [4])
    assert late == [Action.SKIP] * 3
    assert not inbox.load(CUSTOMER).held


def test_an_unknown_type_takes_its_place_in_the_order() -> None:
    inbox = InMemoryInbox()

    for each in (event(1), event(2, "CustomerMoved", schema_version=9), event(3)):
        consumer(inbox).handle(each)

    assert inbox.load(CUSTOMER).version == 3


def test_an_event_whose_data_is_gone_counts_and_does_nothing() -> None:
    inbox = InMemoryInbox()

    consumer(inbox).handle(event(1, REDACTED, data={"type": "CustomerCreated"}))

    assert (inbox.load(CUSTOMER).version, inbox.effects) == (1, [])


@pytest.mark.parametrize("schema_version", [2, None])
def test_a_shape_that_is_not_understood_is_rejected_and_changes_nothing(schema_version: int | None) -> None:
    inbox = InMemoryInbox()

    with pytest.raises(UnknownSchema, match="CustomerCreated of schema version"):
        consumer(inbox).handle(event(1, schema_version=schema_version))

    assert inbox.load(CUSTOMER) == CustomerState(CUSTOMER)


def test_the_gap_is_dated_from_when_it_was_met() -> None:
    times = iter(["first", "second", "third"])
    inbox = InMemoryInbox()
    takes = Consumer(inbox, note, {}, now=lambda: next(times)).handle

    takes(event(3))
    takes(event(5))
    assert inbox.load(CUSTOMER).waiting_since == "first"
    takes(event(1))
    assert inbox.load(CUSTOMER).waiting_since == "first"


def test_a_held_event_that_fails_stays_held_until_a_repeat_brings_its_turn() -> None:
    inbox, broken = InMemoryInbox(), True

    def react(each: PublishedEvent) -> Sequence[Effect]:
        if each.version == 2 and broken:
            raise ValueError("ada@example.com")
        return note(each)

    takes = consumer(inbox, react=react).handle
    takes(event(2))
    with pytest.raises(HeldEventFailed) as failed:
        takes(event(1))
    assert written(inbox) == [1]
    assert "ada@" not in str(failed.value)

    broken = False
    assert [each.version for each in takes(event(1)).handled] == [2]
    assert written(inbox) == [1, 2]


def test_so_many_are_held_and_no_more() -> None:
    inbox = InMemoryInbox()
    for version in range(2, MAX_HELD + 2):
        consumer(inbox).handle(event(version))

    with pytest.raises(TooManyHeld, match="version 1"):
        consumer(inbox).handle(event(MAX_HELD + 2))
    consumer(inbox).handle(event(1))

    assert written(inbox) == list(range(1, MAX_HELD + 2))


def test_who_is_outrun_half_way_still_tells_all_that_it_handled() -> None:
    inbox = Failing(["works", "works", "outrun"])
    consumer(inbox).handle(event(2))

    outcome = consumer(inbox).handle(event(1))

    assert outcome.action is Action.HANDLE
    assert [each.version for each in outcome.handled] == [1, 2]


def test_who_is_outrun_every_time_gives_up_and_leaves_nothing() -> None:
    inbox = Failing(["outrun"] * 100)

    with pytest.raises(InboxConflict):
        consumer(inbox).handle(event(1))

    assert inbox.effects == []
