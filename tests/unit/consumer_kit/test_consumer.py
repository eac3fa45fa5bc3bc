"""Whatever the order and number of deliveries, each version is handled once, in order, until an erasure."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer_kit import (
    ERASED,
    MAX_RECEIVES,
    REDACTED,
    Action,
    CannotSkip,
    Consumer,
    CustomerState,
    Effect,
    GapPolicy,
    HeldEventFailed,
    InboxConflict,
    PublishedEvent,
    TooManyHeld,
    UnknownSchema,
    from_sqs,
    handle_batch,
    skip,
    to_message,
)
from consumer_kit.ordering import MAX_HELD_BYTES
from consumer_kit.testing import InMemoryInbox
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event, event, message

NOW = "2026-05-17T10:00:00.000000Z"


def react_by_version(arrived: PublishedEvent) -> Sequence[Effect]:
    return [{"Put": (arrived.version, arrived.type)}]


def consumer(inbox: InMemoryInbox, policy: GapPolicy = GapPolicy.EVERY, react: Any = react_by_version) -> Consumer:
    return Consumer(inbox, react, {"CustomerCreated": 1, "CustomerUpdated": 1}, policy, now=lambda: NOW)


class NoDeadLetters:
    """Refuses every dead letter."""

    def send(self, body: str, reason: str) -> None:
        raise AssertionError((body, reason))


def written(inbox: InMemoryInbox) -> list[int]:
    return [effect["Put"][0] for effect in inbox.effects]


def history(length: int, *, erased: bool) -> list[PublishedEvent]:
    events = [event(version) for version in range(1, length + 1)]
    return [*events, event(length + 1, ERASED)] if erased else events


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[PublishedEvent], list[PublishedEvent]]:
    """A customer's events, and any order of delivery, with repeats."""
    events = history(draw(st.integers(1, 8)), erased=draw(st.booleans()))
    repeats = draw(st.lists(st.sampled_from(events), max_size=12))
    return events, draw(st.permutations([*events, *repeats]))


@given(deliveries())
@example((history(4, erased=False), history(4, erased=False)[::-1]))
def test_each_version_is_handled_once_and_in_order(case: tuple[list[PublishedEvent], list[PublishedEvent]]) -> None:
    events, delivered = case
    inbox = InMemoryInbox()

    results = [consumer(inbox).handle(arrived) for arrived in delivered]

    erasure = [event.version for event in events if event.erases]
    before = [version for version in written(inbox) if version not in erasure]
    assert before == list(range(1, len(before) + 1))
    assert written(inbox)[len(before) :] == erasure
    assert erasure or len(before) == len(events)
    assert [handled.version for result in results for handled in result.handled] == written(inbox)
    state = inbox.load(CUSTOMER)
    assert (state.version, state.erased, state.held, state.waiting_since) == (len(events), bool(erasure), {}, None)


@given(deliveries())
def test_with_the_latest_policy_nothing_waits_and_versions_only_increase(
    case: tuple[list[PublishedEvent], list[PublishedEvent]],
) -> None:
    events, delivered = case
    inbox = InMemoryInbox()

    actions = [consumer(inbox, GapPolicy.LATEST).handle(arrived).action for arrived in delivered]

    assert Action.HOLD not in actions
    assert written(inbox) == sorted(set(written(inbox)))
    assert written(inbox)[-1] == len(events)


class FailingInbox(InMemoryInbox):
    """Fails before or after a write, as after a crash or a lost response."""

    def __init__(self, plan: Sequence[str]) -> None:
        super().__init__()
        self._plan = iter(plan)

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        fault = next(self._plan, "works")
        if fault == "lost before":
            raise TimeoutError
        if fault == "conflict":
            raise InboxConflict
        super().save(state, effects)
        if fault == "lost after":
            raise TimeoutError


@given(deliveries(), st.lists(st.sampled_from(["works", "lost before", "lost after", "conflict"]), max_size=30))
def test_a_crash_at_any_write_leaves_both_or_neither(
    case: tuple[list[PublishedEvent], list[PublishedEvent]], plan: list[str]
) -> None:
    events, waiting = case
    inbox = FailingInbox(plan)
    while waiting:
        failed = []
        for arrived in waiting:
            try:
                consumer(inbox).handle(arrived)
            except (TimeoutError, HeldEventFailed, InboxConflict):
                failed.append(arrived)
        waiting = failed

    erasure = [event.version for event in events if event.erases]
    before = [version for version in written(inbox) if version not in erasure]
    assert before == list(range(1, len(before) + 1))
    assert written(inbox)[len(before) :] == erasure
    assert erasure or len(before) == len(events)
    assert not inbox.load(CUSTOMER).held


def test_an_erasure_is_handled_immediately_and_deletes_the_held_events() -> None:
    inbox = InMemoryInbox()
    consumer(inbox).handle(event(2))
    consumer(inbox).handle(event(9))  # after the erasure, which should never happen

    erased = consumer(inbox).handle(event(4, ERASED))
    late = [consumer(inbox).handle(event(version)).action for version in (1, 2, 3)]

    assert (erased.action, written(inbox)) == (Action.HANDLE, [4])
    assert late == [Action.SKIP] * 3
    assert not inbox.load(CUSTOMER).held


def test_an_unknown_type_counts_in_the_order() -> None:
    inbox = InMemoryInbox()

    for arrived in (event(1), event(2, "CustomerMoved", schema_version=9), event(3)):
        consumer(inbox).handle(arrived)

    assert inbox.load(CUSTOMER).version == 3


@pytest.mark.parametrize("policy", GapPolicy)
@pytest.mark.parametrize("handled", [0, 1, 3])
def test_a_redacted_event_erases_whatever_was_handled_and_held_before(policy: GapPolicy, handled: int) -> None:
    """Only an erasure removes data, so nothing of that customer may stay, even without `CustomerErased`."""
    inbox = InMemoryInbox()
    handle = consumer(inbox, policy).handle
    for version in [*range(1, handled + 1), handled + 2]:
        handle(event(version))

    redacted = handle(event(2, REDACTED, replayed=True))
    late = [handle(event(version)).action for version in (1, 3, 9)] + [handle(event(10, ERASED)).action]

    state = inbox.load(CUSTOMER)
    assert (redacted.action, inbox.effects[-1]) == (Action.HANDLE, {"Put": (2, REDACTED)})
    assert (state.erased, state.held, late) == (True, {}, [Action.SKIP] * 4)
    assert state.version >= max(handled, 2)


@pytest.mark.parametrize("policy", GapPolicy)
@pytest.mark.parametrize("schema_version", [None, 2, 99])
@pytest.mark.parametrize("event_type", [ERASED, REDACTED])
def test_a_customer_is_forgotten_whatever_the_schema_version(
    event_type: str, schema_version: int | None, policy: GapPolicy
) -> None:
    inbox = InMemoryInbox()
    supported = {"CustomerCreated": 1, ERASED: 1, REDACTED: 1}
    handle = Consumer(inbox, react_by_version, supported, policy, now=lambda: NOW).handle
    handle(event(1))
    handle(event(3, "CustomerMoved"))

    handle(event(5, event_type, schema_version=schema_version))

    assert inbox.load(CUSTOMER) == CustomerState(CUSTOMER, 5, erased=True, handled_at=NOW, revision=3)


@pytest.mark.parametrize(("arrived", "kept"), [(event(2), {"later": {"S": "x"}}), (event(2, ERASED), {})])
def test_what_a_later_kit_added_is_kept_until_the_erasure(arrived: PublishedEvent, kept: dict[str, Any]) -> None:
    """It may be personal data."""
    inbox = InMemoryInbox()
    inbox.save(CustomerState(CUSTOMER, 1, revision=1, unknown={"later": {"S": "x"}}))

    consumer(inbox).handle(arrived)

    assert inbox.load(CUSTOMER).unknown == kept


def test_a_redacted_event_that_an_older_kit_has_held_is_handled_with_the_next_event() -> None:
    inbox = InMemoryInbox()
    inbox.save(CustomerState(CUSTOMER, held={4: event(4, REDACTED), 5: event(5)}, waiting_since=NOW, revision=1))

    result = consumer(inbox).handle(event(2))

    assert [handled.version for handled in result.handled] == [4]
    assert (inbox.load(CUSTOMER).erased, inbox.load(CUSTOMER).held) == (True, {})


@pytest.mark.parametrize("schema_version", [2, None])
def test_an_unsupported_schema_version_is_rejected_and_changes_nothing(schema_version: int | None) -> None:
    inbox = InMemoryInbox()

    with pytest.raises(UnknownSchema, match="CustomerCreated has schema version"):
        consumer(inbox).handle(event(1, schema_version=schema_version))

    assert inbox.load(CUSTOMER) == CustomerState(CUSTOMER)


def test_a_gap_is_dated_from_its_discovery_and_the_next_gap_from_its_own() -> None:
    times = iter(["first", "second", "third"])
    inbox = InMemoryInbox()
    handle = Consumer(inbox, react_by_version, {}, now=lambda: next(times)).handle

    handle(event(3))
    handle(event(5))
    assert inbox.load(CUSTOMER).waiting_since == "first"
    handle(event(1))
    assert inbox.load(CUSTOMER).waiting_since == "third"


def test_a_held_event_that_fails_stays_held_until_a_repeat_releases_it() -> None:
    inbox, broken = InMemoryInbox(), True

    def react(arrived: PublishedEvent) -> Sequence[Effect]:
        if arrived.version == 2 and broken:
            raise ValueError("ada@example.com")
        return react_by_version(arrived)

    handle = consumer(inbox, react=react).handle
    handle(event(2))
    with pytest.raises(HeldEventFailed) as failed:
        handle(event(1))
    assert written(inbox) == [1]
    assert "ada@" not in str(failed.value)

    broken = False
    assert [handled.version for handled in handle(event(1)).handled] == [2]
    assert written(inbox) == [1, 2]


def test_one_late_event_makes_no_other_a_dead_letter() -> None:
    """Version 1 is late for as long as a message may be received, and versions 2 to 100 arrive meanwhile."""
    inbox = InMemoryInbox()
    received = {"attributes": {"ApproximateReceiveCount": str(MAX_RECEIVES)}}
    for version in range(2, 101):
        batch = handle_batch([message(cloud_event(version)) | received], consumer(inbox).handle, NoDeadLetters())
        assert (batch.failed, batch.rejected) == ({}, {})

    consumer(inbox).handle(event(1))

    assert written(inbox) == list(range(1, 101))


def test_held_events_are_limited_by_their_size() -> None:
    inbox, large = InMemoryInbox(), {"city": "x" * (MAX_HELD_BYTES // 10)}
    for version in range(2, 11):
        consumer(inbox).handle(event(version, data=large))

    with pytest.raises(TooManyHeld, match=r"9 events .* wait for version 1, and no more fit"):
        consumer(inbox).handle(event(11, data=large))
    consumer(inbox).handle(event(1))

    assert written(inbox) == list(range(1, 11))


@pytest.mark.parametrize("too_much", [0, 1])
def test_an_event_that_takes_the_last_byte_is_held(too_much: int) -> None:
    without_city = len(json.dumps(asdict(event(2, data={"city": ""}))))
    largest = event(2, data={"city": "x" * (MAX_HELD_BYTES - without_city + too_much)})

    with pytest.raises(TooManyHeld) if too_much else nullcontext():
        consumer(InMemoryInbox()).handle(largest)


def test_a_version_that_no_longer_exists_is_skipped_and_what_waited_is_handled() -> None:
    inbox = InMemoryInbox()
    for version in (1, 3, 4, 6):
        consumer(inbox).handle(event(version))

    released = skip(inbox, CUSTOMER, 2, NOW)
    assert released is not None
    # A run that was killed before it sent the event sends it the next time.
    assert skip(inbox, CUSTOMER, 2, NOW) == released
    arrived = from_sqs(message(to_message(released)))
    assert arrived == released
    result = consumer(inbox).handle(arrived)

    assert [each.version for each in result.handled] == [3, 4]
    assert consumer(inbox).handle(event(2)).action is Action.SKIP
    assert skip(inbox, CUSTOMER, 5, NOW) == event(6)
    assert written(inbox) == [1, 3, 4]


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": 2},
        {"replayed": True},
        {"schema_version": None},
        {"correlation_id": "c"},
        {"causation_id": "c"},
        {"traceparent": "00-6b036503594e24e9b5054ead17cda855-0000000000000001-00"},
    ],
)
def test_a_released_event_arrives_as_it_was_held(changes: dict[str, Any]) -> None:
    held = event(3, **changes)

    assert from_sqs(message(to_message(held))) == held


def test_a_released_event_is_a_cloud_event_in_utf_8() -> None:
    """An escape takes more bytes, and a message has a size limit."""
    held = event(3, data={"full_name": "Zoë"})

    text = to_message(held)

    assert "Zoë" in text
    assert json.loads(text) == {
        "specversion": "1.0",
        "id": held.id,
        "source": "urn:customers-api:held",
        "type": "customers.CustomerUpdated",
        "subject": CUSTOMER,
        "time": held.occurred_at,
        "datacontenttype": "application/json",
        "dataschema": "urn:customers-api:schema:CustomerUpdated:1",
        "sequence": "0000000003",
        "data": {"full_name": "Zoë"},
    }


def test_a_skip_dates_the_next_gap() -> None:
    inbox = InMemoryInbox()
    consumer(inbox).handle(event(4))

    skip(inbox, CUSTOMER, 1, "later")

    assert inbox.load(CUSTOMER) == CustomerState(CUSTOMER, 1, held={4: event(4)}, waiting_since="later", revision=2)


@pytest.mark.parametrize("version", [2, 9])
def test_an_event_that_is_held_is_not_missing(version: int) -> None:
    """The invocation that should have handled version 2 has failed."""
    inbox = InMemoryInbox()
    inbox.save(CustomerState(CUSTOMER, 1, held={2: event(2)}, waiting_since=NOW, revision=1))

    with pytest.raises(CannotSkip, match=f"does not wait for version {version}: version 2 is held$"):
        skip(inbox, CUSTOMER, version, NOW)


def test_a_skip_before_another_gap_releases_nothing() -> None:
    inbox = InMemoryInbox()
    consumer(inbox).handle(event(4))

    assert [skip(inbox, CUSTOMER, version, NOW) for version in (1, 2)] == [None, None]
    assert skip(inbox, CUSTOMER, 3, NOW) == event(4)


@pytest.mark.parametrize(
    ("arrived", "version", "problem"),
    [
        ([], 1, "has no held event, so nothing waits for version 1"),
        ([1], 2, "has no held event, so nothing waits for version 2"),
        ([1, 3], 1, "does not wait for version 1: version 2 is missing"),
        ([1, 3], 3, "does not wait for version 3: version 2 is missing"),
        ([1, 3], 9, "does not wait for version 9: version 2 is missing"),
    ],
)
def test_only_the_version_that_is_waited_for_can_be_skipped(arrived: list[int], version: int, problem: str) -> None:
    inbox = InMemoryInbox()
    for each in arrived:
        consumer(inbox).handle(event(each))
    before = inbox.load(CUSTOMER)

    with pytest.raises(CannotSkip, match=problem):
        skip(inbox, CUSTOMER, version, NOW)

    assert inbox.load(CUSTOMER) == before


def test_after_a_conflict_halfway_the_result_has_all_handled_events() -> None:
    inbox = FailingInbox(["works", "works", "conflict"])
    consumer(inbox).handle(event(2))

    result = consumer(inbox).handle(event(1))

    assert result.action is Action.HANDLE
    assert [handled.version for handled in result.handled] == [1, 2]


def test_after_conflicts_in_several_tries_the_result_has_what_each_of_them_handled() -> None:
    inbox = FailingInbox(["works", "works", "works", "conflict", "works", "conflict"])
    for version in (2, 3):
        consumer(inbox).handle(event(version))

    result = consumer(inbox).handle(event(1))

    assert result.action is Action.HANDLE
    assert [handled.version for handled in result.handled] == [1, 2, 3]


def test_a_conflict_on_every_try_gives_up_and_writes_nothing() -> None:
    inbox = FailingInbox(["conflict"] * 100)

    with pytest.raises(InboxConflict, match=f"^{CUSTOMER}$"):
        consumer(inbox).handle(event(1))

    assert inbox.effects == []
