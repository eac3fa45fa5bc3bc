"""What every event store promises."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError

from events.claims import ClaimChange, ClaimTaken, email_claim
from events.codec import REDACTED
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from events.store import MOST_REDACTED_AT_ONCE, EventStore, VersionConflict
from local import tables
from tests import samples
from tests.event_log import every_event
from tests.fakes.network import LossyNetwork, lossy
from tests.samples import created, erased, updated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def history(versions: int, customer_id: str | None = None) -> list[Event]:
    return samples.history(customer_id or str(uuid.uuid4()), versions)


def test_what_was_appended_is_read_in_version_order(event_store: EventStore) -> None:
    events = history(3)
    for event in events:
        event_store.append([event], event.version - 1)

    assert event_store.read(events[0].customer_id) == events


def test_a_customer_without_events_reads_as_none(event_store: EventStore) -> None:
    assert event_store.read(str(uuid.uuid4())) == []


def test_reading_can_start_after_a_version(event_store: EventStore) -> None:
    events = history(12)
    event_store.append(events, 0)

    assert event_store.read(events[0].customer_id, after_version=9) == events[9:]


def test_of_many_places_the_taken_ones_are_known(event_store: EventStore) -> None:
    """More than one call takes, and one of them asked for twice."""
    events = history(3)
    event_store.append(events, 0)
    places = [(event.customer_id, event.version) for event in events]
    free = [(events[0].customer_id, 4), *((str(uuid.uuid4()), 1) for _ in range(250))]

    assert event_store.existing([*places, places[0], *free]) == set(places)
    assert event_store.existing([]) == set()


def test_a_customers_many_events_are_read_whole(event_store: EventStore) -> None:
    """More than 1 MB, so that DynamoDB needs several pages."""
    customer_id = str(uuid.uuid4())
    events = [created(customer_id, version=version, city="x" * 300_000) for version in range(1, 6)]
    for event in events:
        event_store.append([event], event.version - 1)

    assert event_store.read(customer_id) == events


def test_a_taken_version_is_a_conflict_and_stays_as_it_was(event_store: EventStore) -> None:
    [first] = history(1)
    event_store.append([first], 0)

    with pytest.raises(VersionConflict) as raised:
        event_store.append(history(1, first.customer_id), 0)

    assert (raised.value.customer_id, raised.value.version) == (first.customer_id, 1)
    assert event_store.read(first.customer_id) == [first]


def test_several_events_are_appended_together_or_not_at_all(event_store: EventStore) -> None:
    events = history(3)
    event_store.append(events[:1], 0)
    intruder = replace(events[1], event_id=str(uuid.uuid4()))
    event_store.append([intruder], 1)

    with pytest.raises(VersionConflict):
        event_store.append([replace(events[1]), events[2]], 1)

    assert event_store.read(events[0].customer_id) == [events[0], intruder]


@pytest.mark.parametrize("size", [1, 3])
def test_the_same_append_again_is_our_own_and_no_conflict(event_store: EventStore, size: int) -> None:
    events = history(size)
    event_store.append(events, 0)

    event_store.append(events, 0)

    assert event_store.read(events[0].customer_id) == events


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], 0),
        ([created("a"), created("b")], 0),
        ([created("a", version=2)], 0),
        ([created("a"), created("a", version=3)], 0),
        ([created("a")], 1),
    ],
)
def test_an_append_that_makes_no_sense_is_refused(event_store: EventStore, events: list[Event], expected: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        event_store.append(events, expected)


def test_twenty_writers_of_one_version_have_one_winner(event_store: EventStore) -> None:
    customer_id = str(uuid.uuid4())

    def write(_: int) -> bool:
        try:
            event_store.append(history(1, customer_id), 0)
        except VersionConflict:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(write, range(20)))

    assert won.count(True) == 1
    assert len(event_store.read(customer_id)) == 1


@pytest.mark.parametrize("segments", [1, 4])
def test_the_segments_together_are_every_event_once(event_store: EventStore, segments: int) -> None:
    ours = [event for _ in range(20) for event in history(2)]
    for first, second in zip(ours[::2], ours[1::2], strict=True):
        event_store.append([first, second], 0)
    names = {event.event_id for event in ours}

    read = [event for segment in range(segments) for event in every_event(event_store, segment, segments)]
    found = [event for event in read if event.event_id in names]

    assert sorted(found, key=lambda event: event.event_id) == sorted(ours, key=lambda event: event.event_id)


class TestLostAnswers:
    """The write got through and its answer did not: on the wire, under botocore, against a real server."""

    @pytest.fixture
    def wire(self, amazons_dynamodb: "DynamoDBClient") -> tuple[DynamoDbEventStore, LossyNetwork]:
        client, network = lossy(amazons_dynamodb.meta.endpoint_url)
        return DynamoDbEventStore(client, tables.from_template()["EventTable"]["TableName"]), network

    @pytest.mark.parametrize("size", [1, 2])
    def test_the_clients_own_retry_finds_our_event(
        self, wire: tuple[DynamoDbEventStore, LossyNetwork], size: int
    ) -> None:
        store, network = wire
        events = history(size)
        network.lose = 1

        store.append(events, 0)

        assert network.lost == 1
        assert store.read(events[0].customer_id) == events

    def test_a_call_that_gives_up_can_be_repeated(self, wire: tuple[DynamoDbEventStore, LossyNetwork]) -> None:
        store, network = wire
        events = history(1)
        network.lose = 3
        with pytest.raises(ReadTimeoutError):
            store.append(events, 0)

        store.append(events, 0)

        assert store.read(events[0].customer_id) == events

    def test_somebody_elses_event_is_still_a_conflict(self, wire: tuple[DynamoDbEventStore, LossyNetwork]) -> None:
        store, network = wire
        [first] = history(1)
        store.append([first], 0)
        network.lose = 1

        with pytest.raises(VersionConflict):
            store.append(history(1, first.customer_id), 0)

        assert store.read(first.customer_id) == [first]


class TestTogether:
    """What is written with an event is written with it or not at all."""

    def claim(self) -> str:
        return email_claim(f"{uuid.uuid4()}@example.com")

    def test_a_claim_is_one_customers(self, event_store: EventStore) -> None:
        claim = self.claim()
        mine, theirs = created(), created()
        event_store.append([mine], 0, ClaimChange(take=(claim,)))

        with pytest.raises(ClaimTaken):
            event_store.append([theirs], 0, ClaimChange(take=(claim,)))

        assert event_store.read(theirs.customer_id) == []

    def test_a_claim_can_be_taken_again_by_its_holder(self, event_store: EventStore) -> None:
        claim = self.claim()
        one = created()
        event_store.append([one], 0, ClaimChange(take=(claim,)))

        event_store.append([updated(one.customer_id, 2)], 1, ClaimChange(take=(claim,)))

        assert len(event_store.read(one.customer_id)) == 2

    def test_a_claim_that_moves_frees_the_old_one(self, event_store: EventStore) -> None:
        old, new = self.claim(), self.claim()
        one = created()
        event_store.append([one], 0, ClaimChange(take=(old,)))

        event_store.append([updated(one.customer_id, 2)], 1, ClaimChange(take=(new,), release=(old,)))

        event_store.append([created()], 0, ClaimChange(take=(old,)))
        with pytest.raises(ClaimTaken):
            event_store.append([created()], 0, ClaimChange(take=(new,)))

    def test_a_claim_that_is_anothers_by_now_is_not_freed_and_does_not_stand_in_the_way(
        self, event_store: EventStore
    ) -> None:
        """After a restore of one table alone; a person must be erasable all the same."""
        claim, one = self.claim(), created()
        event_store.append([created()], 0, ClaimChange(take=(claim,)))
        event_store.append([one], 0)

        event_store.append([erased(one.customer_id, 2)], 1, ClaimChange(release=(claim,)), redact=[1])

        assert event_store.read(one.customer_id)[0].data == REDACTED
        with pytest.raises(ClaimTaken):
            event_store.append([created()], 0, ClaimChange(take=(claim,)))

    def test_of_several_claims_the_own_ones_are_freed_and_others_kept(self, event_store: EventStore) -> None:
        """Of a customer whose events cannot be read, every address that stands in them is given."""
        theirs, ours, another, nobodys = (self.claim() for _ in range(4))
        one = created()
        event_store.append([created()], 0, ClaimChange(take=(theirs, another)))
        event_store.append([one], 0, ClaimChange(take=(ours,)))

        released = ClaimChange(release=(theirs, ours, nobodys, another))
        event_store.append([erased(one.customer_id, 2)], 1, released, redact=[1])

        event_store.append([created()], 0, ClaimChange(take=(ours, nobodys)))
        for kept in (theirs, another):
            with pytest.raises(ClaimTaken):
                event_store.append([created()], 0, ClaimChange(take=(kept,)))

    def test_a_conflict_moves_no_claim_and_redacts_nothing(self, event_store: EventStore) -> None:
        old, new = self.claim(), self.claim()
        one = created()
        two = updated(one.customer_id, 2)
        event_store.append([one], 0, ClaimChange(take=(old,)))
        event_store.append([two], 1)

        with pytest.raises(VersionConflict):
            event_store.append([erased(one.customer_id, 2)], 1, ClaimChange(take=(new,), release=(old,)), redact=[1])

        assert event_store.read(one.customer_id) == [one, two]
        event_store.append([created()], 0, ClaimChange(take=(new,)))
        with pytest.raises(ClaimTaken):
            event_store.append([created()], 0, ClaimChange(take=(old,)))

    def test_a_conflict_shows_the_event_in_the_way(self, event_store: EventStore) -> None:
        claim, one = self.claim(), created()
        event_store.append([one], 0, ClaimChange(take=(claim,)))

        with pytest.raises(VersionConflict) as raised:
            event_store.append([created(one.customer_id)], 0, ClaimChange(take=(claim,)))

        assert raised.value.stored == one

    def test_a_taken_version_is_told_before_a_taken_claim(self, event_store: EventStore) -> None:
        """A repeat of a creation must find its own event, whoever holds the address by now."""
        claim, one = self.claim(), created()
        event_store.append([one], 0)
        event_store.append([created()], 0, ClaimChange(take=(claim,)))

        with pytest.raises(VersionConflict):
            event_store.append([created(one.customer_id)], 0, ClaimChange(take=(claim,)))

    def test_an_erasure_takes_the_data_and_nothing_else(self, event_store: EventStore) -> None:
        before = history(3)
        customer_id = before[0].customer_id
        event_store.append(before, 0)
        end = erased(customer_id, 4)

        event_store.append([end], 3, redact=[1, 2])
        event_store.redact(customer_id, [3])

        assert event_store.read(customer_id) == [*(replace(event, data=REDACTED) for event in before), end]

    def test_the_same_erasure_again_is_our_own(self, event_store: EventStore) -> None:
        claim, one = self.claim(), created()
        event_store.append([one], 0, ClaimChange(take=(claim,)))
        end = erased(one.customer_id, 2)
        event_store.append([end], 1, ClaimChange(release=(claim,)), redact=[1])

        event_store.append([end], 1, ClaimChange(release=(claim,)), redact=[1])

        assert event_store.read(one.customer_id) == [replace(one, data=REDACTED), end]

    def test_as_many_events_as_promised_are_redacted_at_once(self, event_store: EventStore) -> None:
        claim = self.claim()
        before = history(MOST_REDACTED_AT_ONCE)
        for event in before:
            event_store.append([event], event.version - 1)
        end = erased(before[0].customer_id, len(before) + 1)

        versions = [event.version for event in before]
        event_store.append([end], len(before), ClaimChange(release=(claim,)), redact=versions)

        assert {event.data for event in event_store.read(end.customer_id)} == {REDACTED, "{}"}
