"""A version that was seen in an older epoch is not a repeat, and what an older epoch still delivers changes nothing."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer_kit import (
    CREATED,
    ERASED,
    REDACTED,
    UPDATED,
    Action,
    Consumer,
    CustomerState,
    Effect,
    GapPolicy,
    InboxConflict,
    NotAnEvent,
    PublishedEvent,
    from_cloud_event,
    from_stream,
    handle_batch,
)
from consumer_kit.dynamodb_inbox import to_item
from consumer_kit.rejection import parsed_rejection, rejection
from consumer_kit.testing import InMemoryInbox
from events.codec import to_item as event_item
from tests.samples import created
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event, envelope, event, message

NOW = "2026-05-17T10:00:00.000000Z"
BOTH = pytest.mark.parametrize("policy", list(GapPolicy))


def react(arrived: PublishedEvent) -> Sequence[Effect]:
    return [{"Put": (arrived.epoch, arrived.version, arrived.type)}]


def consumer(inbox: InMemoryInbox, policy: GapPolicy = GapPolicy.EVERY) -> Consumer:
    return Consumer(inbox, react, {CREATED: 1, UPDATED: 1}, policy, now=lambda: NOW)


def written(inbox: InMemoryInbox) -> list[tuple[int, int]]:
    return [effect["Put"][:2] for effect in inbox.effects]


def at_version(versions: int, policy: GapPolicy = GapPolicy.EVERY) -> InMemoryInbox:
    """An inbox that has handled the first versions of the first epoch."""
    inbox = InMemoryInbox()
    for version in range(1, versions + 1):
        consumer(inbox, policy).handle(event(version))
    inbox.effects.clear()
    return inbox


@BOTH
def test_a_version_that_was_seen_in_an_older_epoch_is_handled(policy: GapPolicy) -> None:
    inbox = at_version(7, policy)

    actions = [consumer(inbox, policy).handle(event(version, epoch=2)).action for version in (1, 2, 3)]

    assert actions == [Action.HANDLE] * 3
    assert written(inbox) == [(2, 1), (2, 2), (2, 3)]
    assert (inbox.load(CUSTOMER).epoch, inbox.load(CUSTOMER).version) == (2, 3)


@BOTH
def test_a_repeat_within_the_newer_epoch_is_skipped(policy: GapPolicy) -> None:
    inbox = at_version(7, policy)

    results = [consumer(inbox, policy).handle(event(1, epoch=2)).action for _ in range(2)]

    assert results == [Action.HANDLE, Action.SKIP]


@BOTH
def test_an_event_of_an_older_epoch_changes_nothing(policy: GapPolicy) -> None:
    inbox = at_version(3, policy)
    consumer(inbox, policy).handle(event(1, epoch=2))
    before = inbox.load(CUSTOMER)

    late = [consumer(inbox, policy).handle(event(version)).action for version in (1, 3, 4, 9)]

    assert late == [Action.SKIP] * 4
    assert inbox.load(CUSTOMER) == before


def test_an_event_of_a_newer_epoch_waits_for_the_ones_before_it() -> None:
    inbox = at_version(4)

    live = consumer(inbox).handle(event(5, epoch=2))
    waiting = inbox.load(CUSTOMER)
    backfill = [consumer(inbox).handle(event(version, epoch=2)) for version in (1, 2, 3, 4)]

    assert (live.action, waiting.version, waiting.waiting_since) == (Action.HOLD, 0, NOW)
    assert [handled.version for result in backfill for handled in result.handled] == [1, 2, 3, 4, 5]


def test_a_gap_of_a_newer_epoch_is_dated_from_its_own_discovery() -> None:
    times = iter(["first", "second"])
    inbox = InMemoryInbox()
    handle = Consumer(inbox, react, {}, now=lambda: next(times)).handle

    handle(event(3))
    handle(event(2, epoch=2))

    assert inbox.load(CUSTOMER).waiting_since == "second"


def test_what_an_older_epoch_held_is_dropped() -> None:
    inbox = at_version(1)
    consumer(inbox).handle(event(3))

    consumer(inbox).handle(event(1, epoch=2))
    consumer(inbox).handle(event(2, epoch=2))

    assert written(inbox) == [(2, 1), (2, 2)]
    assert not inbox.load(CUSTOMER).held
    assert inbox.load(CUSTOMER).waiting_since is None


@BOTH
@pytest.mark.parametrize("kind", [ERASED, REDACTED])
@pytest.mark.parametrize(("before", "of"), [(1, 2), (2, 1)])
def test_an_erasure_of_any_epoch_erases_for_good(policy: GapPolicy, kind: str, before: int, of: int) -> None:
    inbox = InMemoryInbox()
    consumer(inbox, policy).handle(event(1, epoch=before))

    erased = consumer(inbox, policy).handle(event(5, kind, epoch=of))
    late = [consumer(inbox, policy).handle(event(version, epoch=3)).action for version in (1, 2, 6)]

    assert (erased.action, late) == (Action.HANDLE, [Action.SKIP] * 3)
    assert inbox.load(CUSTOMER).erased
    assert inbox.load(CUSTOMER).epoch == 2


@given(st.data())
def test_whatever_the_order_of_deliveries_the_newest_epoch_remains(data: st.DataObject) -> None:
    policy = data.draw(st.sampled_from(list(GapPolicy)))
    lengths = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    events = [event(version, epoch=epoch) for epoch, last in enumerate(lengths, 1) for version in range(1, last + 1)]
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=8))
    inbox = InMemoryInbox()

    for arrived in data.draw(st.permutations([*events, *repeats])):
        consumer(inbox, policy).handle(arrived)

    assert written(inbox) == sorted(set(written(inbox)))
    assert written(inbox)[-1] == (len(lengths), lengths[-1])
    newest = [version for epoch, version in written(inbox) if epoch == len(lengths)]
    assert policy is GapPolicy.LATEST or newest == list(range(1, lengths[-1] + 1))
    state = inbox.load(CUSTOMER)
    assert (state.epoch, state.version, state.held) == (len(lengths), lengths[-1], {})


def test_a_batch_is_handled_in_the_order_of_epochs() -> None:
    inbox = at_version(2)
    bodies = [cloud_event(1, epoch=2), cloud_event(3), cloud_event(2, epoch=2)]
    records = [message(envelope(body), f"m-{place}") for place, body in enumerate(bodies)]
    sink: list[str] = []

    class Sink:
        def send(self, body: str, reason: str) -> None:
            sink.append(reason)

    batch = handle_batch(records, consumer(inbox).handle, Sink())

    assert (written(inbox), batch.failed, sink) == ([(1, 3), (2, 1), (2, 2)], {}, [])


# Parsing and storing


def test_an_event_without_an_epoch_is_of_the_first() -> None:
    assert from_cloud_event(cloud_event()).epoch == 1
    assert from_cloud_event(cloud_event(epoch=3)).epoch == 3


@pytest.mark.parametrize("epoch", [0, -1, "two", True, 1.5, [2]])
def test_an_invalid_epoch_is_named(epoch: object) -> None:
    with pytest.raises(NotAnEvent, match="epoch is not a positive integer"):
        from_cloud_event({**cloud_event(), "epoch": epoch})


def test_a_record_of_the_stream_is_of_the_epoch_that_the_caller_names() -> None:
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": event_item(created())}}

    assert [parsed.epoch for parsed in (from_stream(record), from_stream(record, epoch=2)) if parsed] == [1, 2]


def test_the_first_epoch_is_stored_as_before_epochs() -> None:
    inbox = at_version(1)
    consumer(inbox).handle(event(3))
    stored = to_item(inbox.load(CUSTOMER))

    assert "epoch" not in stored
    assert "epoch" not in json.loads(stored["held"]["M"]["3"]["S"])


@pytest.mark.parametrize(("epoch", "kept"), [(1, {"epoch": 1}), (2, {"epoch": 2}), (True, {}), ("Ada", {}), (0, {})])
def test_a_dead_letter_names_the_epoch(epoch: object, kept: dict[str, int]) -> None:
    letter = parsed_rejection(rejection(json.dumps(envelope({**cloud_event(2), "epoch": epoch})), "too new"))

    assert letter
    assert {name: letter[name] for name in ("epoch",) if name in letter} == kept


# Customers whom the service lost


def test_a_lost_customer_is_forgotten_and_may_come_back() -> None:
    inbox = at_version(3)

    assert consumer(inbox).forget(CUSTOMER, epoch=2)
    assert [effect["Put"] for effect in inbox.effects] == [(2, 4, ERASED)]
    assert consumer(inbox).handle(event(4)).action is Action.SKIP
    assert consumer(inbox).handle(event(1, epoch=2)).action is Action.HANDLE


def test_a_lost_customer_is_erased_by_an_event_of_the_epoch_and_the_time_is_kept() -> None:
    inbox, erased = at_version(3), list[PublishedEvent]()

    def keep(arrived: PublishedEvent) -> Sequence[Effect]:
        erased.append(arrived)
        return []

    Consumer(inbox, keep, {}, now=lambda: "later").forget(CUSTOMER, epoch=2)

    assert erased == [PublishedEvent("", ERASED, CUSTOMER, 4, None, "later", {}, epoch=2)]
    assert inbox.load(CUSTOMER) == CustomerState(CUSTOMER, handled_at="later", revision=4, epoch=2)


def test_an_inbox_in_memory_lists_who_was_left_behind() -> None:
    inbox = InMemoryInbox()
    for arrived in (event(1), event(1, ERASED, "erased"), event(1, customer_id="came", epoch=2)):
        consumer(inbox).handle(arrived)

    assert [list(inbox.left_behind(epoch)) for epoch in (1, 2, 3)] == [[], [CUSTOMER], [CUSTOMER, "came"]]


@pytest.mark.parametrize("arrived", [event(1, epoch=2), event(4, ERASED)])
def test_a_customer_of_the_epoch_or_erased_is_not_forgotten(arrived: PublishedEvent) -> None:
    inbox = at_version(3)
    consumer(inbox).handle(arrived)
    inbox.effects.clear()

    assert not consumer(inbox).forget(CUSTOMER, epoch=2)
    assert not inbox.effects


def test_an_event_that_arrives_meanwhile_is_not_undone() -> None:
    inbox = at_version(3)

    def while_another_handles(_: PublishedEvent) -> Sequence[Effect]:
        consumer(inbox).handle(event(1, epoch=2))
        return []

    overtaken = Consumer(inbox, while_another_handles, {})

    with pytest.raises(InboxConflict):
        overtaken.forget(CUSTOMER, epoch=2)
    assert inbox.load(CUSTOMER).version == 1
