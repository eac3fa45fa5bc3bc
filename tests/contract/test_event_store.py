"""What every event store promises."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError

from events.claims import ClaimChange, ClaimTaken, email_claim
from events.codec import REDACTED, to_item
from events.dynamodb_erasures import DynamoDbErasureLog, DynamoDbErasures
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event, Recorded
from events.erasures import UnfinishedErasure
from events.history import is_left_over
from events.store import MOST_REDACTED_AT_ONCE, MOST_RELEASED_AT_ONCE, EventStore, VersionConflict
from local import tables
from tests import samples
from tests.event_log import append_all, every_event
from tests.fakes.network import LossyNetwork, lossy
from tests.samples import created, erased, updated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def history(versions: int, customer_id: str | None = None) -> list[Event]:
    return samples.history(customer_id or str(uuid.uuid4()), versions)


def test_what_was_appended_is_read_in_version_order(event_store: EventStore) -> None:
    events = history(3)
    append_all(event_store, events)

    assert event_store.read(events[0].customer_id) == events


def test_a_customer_without_events_has_no_records(event_store: EventStore) -> None:
    assert event_store.read(str(uuid.uuid4())) == []


def test_reading_can_start_after_a_version(event_store: EventStore) -> None:
    events = history(12)
    append_all(event_store, events)

    assert event_store.read(events[0].customer_id, after_version=9) == events[9:]


def test_the_existing_ones_of_many_keys_are_found(event_store: EventStore) -> None:
    """More keys than one call takes, and one of them twice."""
    events = history(3)
    append_all(event_store, events)
    keys = [(event.customer_id, event.version) for event in events]
    free = [(events[0].customer_id, 4), *((str(uuid.uuid4()), 1) for _ in range(250))]

    assert event_store.existing([*keys, keys[0], *free]) == set(keys)
    assert event_store.existing([]) == set()


def test_all_events_of_a_long_history_are_read(event_store: EventStore) -> None:
    """More than 1 MB, so that DynamoDB needs several pages."""
    customer_id = str(uuid.uuid4())
    events = [created(customer_id, version=version, city="x" * 300_000) for version in range(1, 6)]
    append_all(event_store, events)

    assert event_store.read(customer_id) == events


def test_an_existing_version_is_a_conflict_and_stays_unchanged(event_store: EventStore) -> None:
    [first] = history(1)
    event_store.append(first)

    with pytest.raises(VersionConflict) as raised:
        event_store.append(created(first.customer_id))

    assert (raised.value.customer_id, raised.value.version) == (first.customer_id, 1)
    assert event_store.read(first.customer_id) == [first]


def test_the_same_append_again_is_ours_and_no_conflict(event_store: EventStore) -> None:
    [event] = history(1)
    event_store.append(event)

    event_store.append(event)

    assert event_store.read(event.customer_id) == [event]


def test_twenty_writers_of_one_version_have_one_winner(event_store: EventStore) -> None:
    customer_id = str(uuid.uuid4())

    def write(_: int) -> bool:
        try:
            event_store.append(created(customer_id))
        except VersionConflict:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(write, range(20)))

    assert won.count(True) == 1
    assert len(event_store.read(customer_id)) == 1


@pytest.mark.parametrize("segments", [1, 4])
def test_the_segments_together_contain_every_event_once(event_store: EventStore, segments: int) -> None:
    ours = [event for _ in range(20) for event in history(2)]
    append_all(event_store, ours)
    names = {event.event_id for event in ours}

    read = [event for segment in range(segments) for event in every_event(event_store, segment, segments)]
    found = [event for event in read if event.event_id in names]

    assert sorted(found, key=lambda event: event.event_id) == sorted(ours, key=lambda event: event.event_id)


class TestNewest:
    """What a change reads, whatever the length of the history."""

    def test_the_newest_record_and_any_other_are_read_alone(self, event_store: EventStore) -> None:
        events = history(12)
        append_all(event_store, events)
        customer_id = events[0].customer_id

        assert event_store.latest(customer_id) == events[-1]
        assert [event_store.get(customer_id, version) for version in (1, 11, 13)] == [events[0], events[10], None]
        assert event_store.latest(str(uuid.uuid4())) is None
        assert list(event_store.newest_first(customer_id)) == events[::-1]

    def test_what_an_event_carries_besides_is_kept(self, event_store: EventStore) -> None:
        [first] = history(1)
        kept = replace(first, created_at=first.occurred_at, recent_commands="abcdefgh", unchanged=3)
        event_store.append(kept)

        assert event_store.latest(first.customer_id) == kept


class TestErased:
    """The data of an erased customer's events is withheld until it is removed, however they are read."""

    @pytest.fixture
    def before(self, event_store: EventStore) -> list[Event]:
        before = history(8)
        append_all(event_store, before)
        event_store.append(erased(before[0].customer_id, 9), redact=[7, 8])
        return before

    def test_a_history_is_read_without_data(self, event_store: EventStore, before: list[Event]) -> None:
        customer_id = before[0].customer_id

        for after in (0, 3):
            *found, _ = event_store.read(customer_id, after_version=after)
            assert found == [replace(event, data=REDACTED) for event in before[after:]]
            assert [record.is_sealed for record in found] == [True] * (6 - after) + [False] * 2

    @pytest.mark.parametrize("limit", [1, 3, 5, 500])
    def test_a_page_is_read_without_data_even_if_the_erasure_is_on_a_later_page(
        self, event_store: EventStore, before: list[Event], limit: int
    ) -> None:
        ids = {before[0].customer_id}
        page, records = event_store.read_page(limit=limit), list[Recorded]()
        while True:
            records += [record for record in page.records if record.customer_id in ids]
            if not page.next:
                break
            page = event_store.read_page(start=page.next, limit=limit)

        assert [record.data for record in records] == [REDACTED] * 8 + ["{}"]

    def test_the_rest_is_redacted_from_what_is_stored(self, event_store: EventStore, before: list[Event]) -> None:
        customer_id = before[0].customer_id
        left = [record.version for record in event_store.newest_first(customer_id) if is_left_over(record)]
        assert left == [6, 5, 4, 3, 2, 1]

        event_store.redact(customer_id, left)

        assert not any(map(is_left_over, event_store.newest_first(customer_id)))

    def test_more_events_than_one_transaction_takes_are_redacted(self, event_store: EventStore) -> None:
        before = history(230)
        append_all(event_store, before)

        event_store.redact(before[0].customer_id, range(1, 231))

        assert {record.data for record in event_store.read(before[0].customer_id)} == {REDACTED}

    def test_a_version_that_does_not_exist_is_not_created_by_an_erasure(self, event_store: EventStore) -> None:
        first, _, third = history(3)
        event_store.append(first)
        event_store.append(third)

        event_store.append(erased(first.customer_id, 4), redact=[1, 2, 3])

        assert [(each.version, each.data) for each in event_store.read(first.customer_id)] == [
            (1, REDACTED), (3, REDACTED), (4, "{}")
        ]  # fmt: skip

    def test_the_request_s_hash_is_removed_with_the_data(self, event_store: EventStore) -> None:
        [first] = history(1)
        event_store.append(replace(first, metadata=replace(first.metadata, request_hash="a hash")))

        event_store.append(erased(first.customer_id, 2), redact=[1])

        assert event_store.get(first.customer_id, 1) == replace(first, data=REDACTED)


def test_a_hash_that_an_older_release_stored_is_removed(amazons_dynamodb: "DynamoDBClient") -> None:
    names = tables.from_template()
    store = DynamoDbEventStore(amazons_dynamodb, names["EventTable"]["TableName"])
    first, second = history(2)
    for event in (first, second):
        item = to_item(event)
        metadata = {**item["metadata"]["M"], "request_hash": {"S": "a hash"}}
        amazons_dynamodb.put_item(
            TableName=names["EventTable"]["TableName"], Item={**item, "metadata": {"M": metadata}}
        )

    store.redact(first.customer_id, [1, 2], in_metadata={1, 2})

    assert list(store.newest_first(first.customer_id)) == [replace(event, data=REDACTED) for event in (second, first)]


def test_an_erasure_is_noted_with_its_event_until_it_is_finished(amazons_dynamodb: "DynamoDBClient") -> None:
    events, claims, notes, logged = (
        tables.from_template()[name]["TableName"]
        for name in ("EventTable", "ClaimsTable", "ErasuresTable", "ErasureLogTable")
    )
    log = DynamoDbErasureLog(amazons_dynamodb, logged)
    store, erasures = (
        DynamoDbEventStore(amazons_dynamodb, events, claims, notes),
        DynamoDbErasures(amazons_dynamodb, notes, log),
    )
    [first], [second] = history(1), history(1)
    append_all(store, [first, second])
    end = erased(first.customer_id, 2)

    store.append(end)
    store.note_erasure(second.customer_id, "2020-01-01T00:00:00.000000Z")

    ours = [each for each in erasures.unfinished() if each.customer_id in (first.customer_id, second.customer_id)]
    assert ours == [
        UnfinishedErasure(second.customer_id, "2020-01-01T00:00:00.000000Z"),
        UnfinishedErasure(first.customer_id, end.occurred_at),
    ]
    both = {first.customer_id, second.customer_id}
    assert log.missing(both) == both
    for each in (first, second, second):
        erasures.finished(each.customer_id)
    assert not {each.customer_id for each in erasures.unfinished()} & both
    assert not log.missing(both)


def test_the_log_of_erasures_is_read_in_pages_and_segments(amazons_dynamodb: "DynamoDBClient") -> None:
    log = DynamoDbErasureLog(amazons_dynamodb, tables.from_template()["ErasureLogTable"]["TableName"])
    ours = {str(uuid.uuid4()) for _ in range(7)}
    for customer_id in [*ours, *ours]:
        log.add(customer_id)

    found: list[str] = []
    for segment in range(2):
        page = log.read_page(segment, 2, limit=2)
        found += page.customer_ids
        while page.next:
            page = log.read_page(segment, 2, page.next, limit=2)
            found += page.customer_ids

    assert sorted(each for each in found if each in ours) == sorted(ours)


class TestLostAnswers:
    """The write succeeds and its response is lost: on the wire, under botocore, against a real server."""

    @pytest.fixture
    def wire(self, amazons_dynamodb: "DynamoDBClient") -> tuple[DynamoDbEventStore, LossyNetwork]:
        client, network = lossy(amazons_dynamodb.meta.endpoint_url)
        return DynamoDbEventStore(client, tables.from_template()["EventTable"]["TableName"]), network

    @pytest.mark.parametrize("together", [False, True], ids=["alone", "in a transaction"])
    def test_the_clients_own_retry_finds_our_event(
        self, wire: tuple[DynamoDbEventStore, LossyNetwork], together: bool
    ) -> None:
        store, network = wire
        first, second = history(2)
        store.append(first)
        network.lose = 1

        store.append(second, redact=[1] if together else [])

        assert network.lost == 1
        assert store.read(first.customer_id)[-1] == second

    def test_a_call_that_gives_up_can_be_repeated(self, wire: tuple[DynamoDbEventStore, LossyNetwork]) -> None:
        store, network = wire
        [event] = history(1)
        network.lose = 3
        with pytest.raises(ReadTimeoutError):
            store.append(event)

        store.append(event)

        assert store.read(event.customer_id) == [event]

    def test_another_writers_event_is_still_a_conflict(self, wire: tuple[DynamoDbEventStore, LossyNetwork]) -> None:
        store, network = wire
        [first] = history(1)
        store.append(first)
        network.lose = 1

        with pytest.raises(VersionConflict):
            store.append(created(first.customer_id))

        assert store.read(first.customer_id) == [first]


class TestTogether:
    """Everything that changes with an event changes together with it or not at all."""

    def claim(self) -> str:
        return email_claim(f"{uuid.uuid4()}@example.com")

    def test_a_claim_belongs_to_one_customer(self, event_store: EventStore) -> None:
        claim = self.claim()
        mine, theirs = created(), created()
        event_store.append(mine, ClaimChange(take=(claim,)))

        with pytest.raises(ClaimTaken):
            event_store.append(theirs, ClaimChange(take=(claim,)))

        assert event_store.read(theirs.customer_id) == []

    def test_a_claim_can_be_taken_again_by_its_holder(self, event_store: EventStore) -> None:
        claim = self.claim()
        first = created()
        event_store.append(first, ClaimChange(take=(claim,)))

        event_store.append(updated(first.customer_id, 2), ClaimChange(take=(claim,)))

        assert len(event_store.read(first.customer_id)) == 2

    def test_moving_a_claim_releases_the_old_one(self, event_store: EventStore) -> None:
        old, new = self.claim(), self.claim()
        first = created()
        event_store.append(first, ClaimChange(take=(old,)))

        event_store.append(updated(first.customer_id, 2), ClaimChange(take=(new,), release=(old,)))

        event_store.append(created(), ClaimChange(take=(old,)))
        with pytest.raises(ClaimTaken):
            event_store.append(created(), ClaimChange(take=(new,)))

    def test_a_claim_of_another_customer_is_not_released_and_does_not_prevent_the_append(
        self, event_store: EventStore
    ) -> None:
        """This happens after a restore of one table alone. A customer must be erasable even then."""
        claim, first = self.claim(), created()
        event_store.append(created(), ClaimChange(take=(claim,)))
        event_store.append(first)

        event_store.append(erased(first.customer_id, 2), ClaimChange(release=(claim,)), redact=[1])

        assert event_store.read(first.customer_id)[0].data == REDACTED
        with pytest.raises(ClaimTaken):
            event_store.append(created(), ClaimChange(take=(claim,)))

    def test_only_the_own_ones_of_several_claims_are_released(self, event_store: EventStore) -> None:
        """For an unreadable history, the claims on all addresses in it are released."""
        theirs, ours, another, nobodys = (self.claim() for _ in range(4))
        first = created()
        event_store.append(created(), ClaimChange(take=(theirs, another)))
        event_store.append(first, ClaimChange(take=(ours,)))

        released = ClaimChange(release=(theirs, ours, nobodys, another))
        event_store.append(erased(first.customer_id, 2), released, redact=[1])

        event_store.append(created(), ClaimChange(take=(ours, nobodys)))
        for kept in (theirs, another):
            with pytest.raises(ClaimTaken):
                event_store.append(created(), ClaimChange(take=(kept,)))

    def test_a_conflict_moves_no_claim_and_redacts_nothing(self, event_store: EventStore) -> None:
        old, new = self.claim(), self.claim()
        first = created()
        two = updated(first.customer_id, 2)
        event_store.append(first, ClaimChange(take=(old,)))
        event_store.append(two)

        with pytest.raises(VersionConflict):
            event_store.append(erased(first.customer_id, 2), ClaimChange(take=(new,), release=(old,)), redact=[1])

        assert event_store.read(first.customer_id) == [first, two]
        event_store.append(created(), ClaimChange(take=(new,)))
        with pytest.raises(ClaimTaken):
            event_store.append(created(), ClaimChange(take=(old,)))

    def test_a_conflict_returns_the_stored_event(self, event_store: EventStore) -> None:
        claim, first = self.claim(), created()
        event_store.append(first, ClaimChange(take=(claim,)))

        with pytest.raises(VersionConflict) as raised:
            event_store.append(created(first.customer_id), ClaimChange(take=(claim,)))

        assert raised.value.stored == first

    def test_an_existing_version_is_reported_before_a_taken_claim(self, event_store: EventStore) -> None:
        """A repeated creation must find its own event, even if another customer holds the address now."""
        claim, first = self.claim(), created()
        event_store.append(first)
        event_store.append(created(), ClaimChange(take=(claim,)))

        with pytest.raises(VersionConflict):
            event_store.append(created(first.customer_id), ClaimChange(take=(claim,)))

    def test_an_erasure_removes_the_data_and_nothing_else(self, event_store: EventStore) -> None:
        before = history(3)
        customer_id = before[0].customer_id
        append_all(event_store, before)
        end = erased(customer_id, 4)

        event_store.append(end, redact=[1, 2])
        event_store.redact(customer_id, [3])

        assert event_store.read(customer_id) == [*(replace(event, data=REDACTED) for event in before), end]

    def test_the_same_erasure_again_is_ours_and_no_conflict(self, event_store: EventStore) -> None:
        claim, first = self.claim(), created()
        event_store.append(first, ClaimChange(take=(claim,)))
        end = erased(first.customer_id, 2)
        event_store.append(end, ClaimChange(release=(claim,)), redact=[1])

        event_store.append(end, ClaimChange(release=(claim,)), redact=[1])

        assert event_store.read(first.customer_id) == [replace(first, data=REDACTED), end]

    def test_as_much_as_promised_changes_with_the_event(self, event_store: EventStore) -> None:
        claims = tuple(self.claim() for _ in range(MOST_RELEASED_AT_ONCE + 1))
        before = history(MOST_REDACTED_AT_ONCE + 2)
        event_store.append(before[0], ClaimChange(take=claims))
        append_all(event_store, before[1:])
        end = erased(before[0].customer_id, len(before) + 1)

        event_store.append(end, ClaimChange(release=claims), redact=[event.version for event in before])

        redacted = [replace(event, data=REDACTED) for event in before[2:]]
        assert list(event_store.newest_first(end.customer_id)) == [end, *reversed(redacted), *reversed(before[:2])]
        event_store.append(created(), ClaimChange(take=claims[:-1]))
        with pytest.raises(ClaimTaken):
            event_store.append(created(), ClaimChange(take=claims[-1:]))
