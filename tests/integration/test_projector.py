"""The deployed projector receives batches in any order and any number of times, as from a stream (I4, I5)."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest

from events.codec import to_item
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.row import Row
from tests.integration.aws import Aws
from tests.integration.records import batch_of, failures_of, record, record_of, some_events

pytestmark = pytest.mark.usefixtures("stream_unread")

Project = Callable[..., list[str]]


@pytest.fixture
def project(aws: Aws, function_names: Mapping[str, str]) -> Project:
    """Passes records to the function. Returns the sequence numbers that it wants to receive again."""
    return lambda *records: failures_of(aws.invoke(function_names["ProjectCustomers"], batch_of(*records)))


@pytest.fixture
def row_of(read_model: DynamoDbReadModel, active: int) -> Callable[[Event], Row | None]:
    """The row of an event's customer."""
    return lambda event: read_model.get(event.customer_id, active)


def _is_at(row: Row | None, version: int) -> bool:
    if row is None or row.listing is None:
        return False
    return row.version == version and f'"full_name":"Ada {version}"' in row.listing.document


def _is_parked(row: Row | None, version: int) -> bool:
    """Whether a customer is at an event's version."""
    return row is not None and row.parked is not None and row.parked.version == version


def test_events_become_a_row(project: Project, row_of: Callable[[Event], Row | None]) -> None:
    events = some_events(3)
    assert project(*map(record_of, events)) == []
    assert _is_at(row_of(events[0]), 3)


def test_a_repeated_batch_changes_nothing(project: Project, row_of: Callable[[Event], Row | None]) -> None:
    events = some_events(2)
    records = [record_of(event) for event in events]
    assert project(*records) == []
    before = row_of(events[0])
    assert project(*records) == []
    assert project(*records, *records) == []
    assert row_of(events[0]) == before


def test_repeats_within_a_batch_count_once(project: Project, row_of: Callable[[Event], Row | None]) -> None:
    first, second = some_events(2)
    assert project(record_of(first), record_of(first), record_of(second), record_of(first)) == []
    assert _is_at(row_of(first), 2)


def test_v3_before_v2_is_healed_from_the_event_table(
    project: Project, store: DynamoDbEventStore, row_of: Callable[[Event], Row | None]
) -> None:
    first, second, third = some_events(3)
    for event in (first, second, third):
        store.append(event)
    assert project(record_of(first)) == []
    assert project(record_of(third)) == []
    assert _is_at(row_of(first), 3)
    assert project(record_of(second)) == []
    assert _is_at(row_of(first), 3)


def test_a_gap_that_the_event_table_cannot_fill_parks_its_customer(
    project: Project, row_of: Callable[[Event], Row | None]
) -> None:
    first, _, third = some_events(3)
    neighbour = some_events(1)[0]
    records = [record_of(first), record_of(third)]
    assert project(*records, record_of(neighbour)) == []
    assert _is_parked(row_of(first), 2)
    assert _is_at(row_of(neighbour), 1)


def test_an_old_record_does_not_lower_a_row(project: Project, row_of: Callable[[Event], Row | None]) -> None:
    first, second, third = some_events(3)
    assert project(*map(record_of, (first, second, third))) == []
    before = row_of(first)
    assert project(record_of(first)) == []
    assert project(record_of(second), record_of(first)) == []
    assert row_of(first) == before
    assert _is_at(before, 3)


def test_an_unreadable_record_parks_its_customer_and_its_neighbours_are_projected(
    project: Project, row_of: Callable[[Event], Row | None]
) -> None:
    before, after = some_events(1)[0], some_events(1)[0]
    broken = record({"customer_id": {"S": str(uuid4())}, "version": {"N": "1"}})
    assert project(record_of(before), broken, record_of(after)) == []
    assert _is_at(row_of(before), 1)
    assert _is_at(row_of(after), 1)


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param({"type": {"S": "CustomerVanished"}}, id="unknown-type"),
        pytest.param({"schema_version": {"N": "99"}}, id="unknown-schema-version"),
        pytest.param({"data": {"S": "{}"}}, id="data-without-fields"),
        pytest.param({"data": {"S": "not json"}}, id="data-not-json"),
    ],
)
def test_an_event_without_a_meaning_stops_only_its_own_customer(
    project: Project, row_of: Callable[[Event], Row | None], spoilt: dict[str, Any]
) -> None:
    before, poison, after = (some_events(1)[0] for _ in range(3))
    broken = record({**to_item(poison), **spoilt})
    assert project(record_of(before), broken, record_of(after)) == []
    assert _is_parked(row_of(poison), 1)
    assert _is_at(row_of(before), 1)
    assert _is_at(row_of(after), 1)


def test_a_batch_of_only_unreadable_records_is_answered(project: Project) -> None:
    records = [record({"customer_id": {"S": str(uuid4())}, "version": {"N": "1"}}) for _ in range(2)]
    assert project(*records) == []


def test_an_empty_batch_is_answered(project: Project) -> None:
    assert project() == []


@pytest.mark.parametrize("kind", ["MODIFY", "REMOVE"])
def test_only_inserts_are_facts(project: Project, row_of: Callable[[Event], Row | None], kind: str) -> None:
    event = some_events(1)[0]
    assert project(record_of(event, kind)) == []
    assert row_of(event) is None


def test_many_customers_fit_one_batch(project: Project, row_of: Callable[[Event], Row | None]) -> None:
    customers = [some_events(2) for _ in range(50)]
    records = [record_of(event) for events in customers for event in reversed(events)]
    # Each customer's second event comes before the first, and none of them is in the event table.
    assert project(*records) == []
    assert all(_is_at(row_of(events[0]), 2) for events in customers)
