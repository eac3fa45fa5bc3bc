"""The contract of every store that counts customers: rows and counters change together or not at all."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from events.dynamodb_store import DynamoDbEventStore
from events.store import EventStore
from local import tables
from projections.counting import CountedRows, counting_view
from projections.dynamodb_count_transaction import CountTables
from projections.dynamodb_counted_rows import DynamoDbCountedRows
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import Generations
from projections.read_model import Write, WriteResult
from projections.row import LISTING_SHARDS, Parked, Row
from projections.shards import shard_of
from tests.fakes.counted_rows import InMemoryCountedRows
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.network import lossy
from tests.samples import created, erased, updated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

VIEW = counting_view("countries", 1, "country", lambda customer: customer.country)
PARKED = Parked(3, "a reason", "2026-05-17T09:00:00.000000Z", 1)
AT = "2026-05-17T09:30:00.000000Z"


@dataclass
class Counted:
    """The rows and the events that they look at."""

    rows: CountedRows
    store: EventStore

    def customer(self, versions: int = 1) -> str:
        """Append a customer's events."""
        customer_id = str(uuid.uuid4())
        for version in range(1, versions + 1):
            self.store.append(updated(customer_id, version) if version > 1 else created(customer_id))
        return customer_id

    def counts(self, generation: int) -> dict[str, int]:
        return {each.group: each.customers for each in self.rows.groups(generation)}


def counted_rows(client: "DynamoDBClient", **arguments: Any) -> DynamoDbCountedRows:
    read, events = (tables.from_template()[name]["TableName"] for name in ("ReadTable", "EventTable"))
    return DynamoDbCountedRows(CountTables(client, read, events), VIEW, lambda _: None, **arguments)


def event_store_on(client: "DynamoDBClient") -> DynamoDbEventStore:
    events, claims, erasures = (
        tables.from_template()[name]["TableName"] for name in ("EventTable", "ClaimsTable", "ErasuresTable")
    )
    return DynamoDbEventStore(client, events, claims, erasures)


@pytest.fixture(params=["memory", "moto", "dynamodb-local"])
def counted(request: pytest.FixtureRequest) -> Counted:
    """Each store in turn."""
    if request.param == "memory":
        store = InMemoryEventStore()
        return Counted(InMemoryCountedRows(store.latest), store)
    client = request.getfixturevalue("motos_dynamodb" if request.param == "moto" else "amazons_dynamodb")
    return Counted(counted_rows(client), event_store_on(client))


@pytest.fixture
def generation() -> int:
    """A generation that no other test writes to."""
    return 1000 + uuid.uuid4().int % 10**5


def row(customer_id: str, generation: int, version: int = 1, group: str | None = "germany", **more: Any) -> Row:
    return Row(customer_id, generation, version, None, group=group, **more)


def test_rows_are_read_back_and_counted(counted: Counted, generation: int) -> None:
    rows = [row(counted.customer(), generation, group=f"g-{number % 3}") for number in range(60)]

    assert counted.rows.write([Write(each, None, AT) for each in rows]) == [WriteResult.APPLIED] * 60

    assert counted.rows.get_many([each.customer_id for each in rows], generation) == {r.customer_id: r for r in rows}
    assert counted.counts(generation) == {"g-0": 20, "g-1": 20, "g-2": 20}
    assert {each.changed_at for each in counted.rows.groups(generation)} == {AT}
    assert counted.counts(generation + 1) == {}


def test_a_repeated_insert_counts_once(counted: Counted, generation: int) -> None:
    first = row(counted.customer(), generation)

    assert counted.rows.write([Write(first, None)]) == [WriteResult.APPLIED]
    # Another writer's insert of the same row is as good as this one.
    assert counted.rows.write([Write(first, None)])[0] in (WriteResult.APPLIED, WriteResult.CONFLICT)
    assert counted.rows.write([Write(replace(first, group="france"), None)]) == [WriteResult.CONFLICT]

    assert counted.counts(generation) == {"germany": 1}


def test_a_move_takes_one_and_gives_one(counted: Counted, generation: int) -> None:
    first = row(counted.customer(2), generation)
    second = replace(first, version=2, group="france")
    counted.rows.write([Write(first, None)])

    assert counted.rows.write([Write(second, first)]) == [WriteResult.APPLIED]

    assert counted.counts(generation) == {"france": 1}
    assert counted.rows.get(first.customer_id, generation, consistent=True) == second


def test_the_last_of_a_group_takes_its_counter_along(counted: Counted, generation: int) -> None:
    """The text of a group may be all that is left of an erased person."""
    rows = [row(counted.customer(), generation) for _ in range(20)]
    counted.rows.write([Write(each, None) for each in rows])
    for each in rows:
        counted.store.append(erased(each.customer_id, 2))

    tombstones = [Write(row(each.customer_id, generation, 2, None), each) for each in rows]
    assert counted.rows.write(tombstones[:7]) == [WriteResult.APPLIED] * 7
    assert counted.counts(generation) == {"germany": 13}
    assert counted.rows.write(tombstones[7:]) == [WriteResult.APPLIED] * 13

    assert list(counted.rows.groups(generation)) == []


def test_a_counter_stays_if_one_of_those_who_would_have_emptied_it_did_not_leave(
    counted: Counted, generation: int
) -> None:
    ids: list[str] = []
    while len(ids) < 3:
        ids += [id_ for id_ in [counted.customer()] if shard_of(id_, LISTING_SHARDS) == 0]
    rows = [row(customer_id, generation) for customer_id in ids]
    counted.rows.write([Write(each, None) for each in rows])
    gone = [row(each.customer_id, generation, 2, None) for each in rows]

    # The last one was written by somebody else meanwhile.
    writes = [
        Write(after, replace(before, version=9 if before is rows[-1] else 1))
        for after, before in zip(gone, rows, strict=True)
    ]
    assert counted.rows.write(writes) == [WriteResult.APPLIED] * 2 + [WriteResult.CONFLICT]

    assert counted.counts(generation) == {"germany": 1}


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"attempts": True}],
)
def test_a_row_is_replaced_only_if_it_is_unchanged_since_it_was_read(
    counted: Counted, generation: int, change: dict[str, Any]
) -> None:
    first = row(counted.customer(3), generation)
    counted.rows.write([Write(first, None)])
    read = replace(first, version=2) if "version" in change else replace(first, parked=PARKED)

    assert counted.rows.write([Write(row(first.customer_id, generation, 3, "france"), read)]) == [WriteResult.CONFLICT]
    assert counted.counts(generation) == {"germany": 1}


def test_an_update_from_an_event_that_is_not_the_newest_is_refused(counted: Counted, generation: int) -> None:
    first = row(counted.customer(3), generation)
    counted.rows.write([Write(first, None)])

    assert counted.rows.write([Write(replace(first, version=2, group="france"), first)]) == [WriteResult.CONFLICT]
    assert counted.rows.write([Write(replace(first, version=3, group="france"), first)]) == [WriteResult.APPLIED]
    assert counted.counts(generation) == {"france": 1}


def test_a_customer_is_parked_at_the_newest_event_only_and_stays_counted(counted: Counted, generation: int) -> None:
    first = row(counted.customer(3), generation)
    counted.rows.write([Write(first, None)])

    early = replace(first, parked=replace(PARKED, version=2))
    assert counted.rows.write([Write(early, first)]) == [WriteResult.CONFLICT]
    parked = replace(first, parked=PARKED)
    assert counted.rows.write([Write(parked, first)]) == [WriteResult.APPLIED]

    assert list(counted.rows.parked(generation)) == [parked]
    assert counted.counts(generation) == {"germany": 1}
    back = row(first.customer_id, generation, 3)
    assert counted.rows.write([Write(back, parked)]) == [WriteResult.APPLIED]
    assert list(counted.rows.parked(generation)) == []
    assert counted.counts(generation) == {"germany": 1}


def test_an_erasure_needs_no_newest_event(counted: Counted, generation: int) -> None:
    """Nothing after it can bring the person back."""
    first = row(counted.customer(3), generation)
    counted.rows.write([Write(first, None)])

    assert counted.rows.write([Write(row(first.customer_id, generation, 2, None), first)]) == [WriteResult.APPLIED]
    assert counted.counts(generation) == {}


def test_each_row_of_a_write_has_its_own_result(counted: Counted, generation: int) -> None:
    known = [row(counted.customer(2), generation) for _ in range(10)]
    counted.rows.write([Write(each, None) for each in known])
    new = [row(counted.customer(), generation, group="france") for _ in range(40)]
    stale = [Write(replace(each, group="italy"), None) for each in known]

    results = counted.rows.write(
        [*(Write(each, None) for each in new[:20]), *stale, *(Write(each, None) for each in new[20:])]
    )

    assert results == [WriteResult.APPLIED] * 20 + [WriteResult.CONFLICT] * 10 + [WriteResult.APPLIED] * 20
    assert counted.counts(generation) == {"germany": 10, "france": 40}


def test_rows_and_counters_of_a_generation_are_removed_together(counted: Counted, generation: int) -> None:
    rows = [row(counted.customer(), generation, group=f"g-{number % 2}") for number in range(20)]
    kept = row(counted.customer(), generation + 1)
    counted.rows.write([Write(each, None) for each in [*rows, kept]])

    counted.rows.remove(rows)
    counted.rows.forget(generation)

    assert counted.rows.get_many([each.customer_id for each in rows], generation) == {}
    assert counted.counts(generation) == {}
    assert counted.counts(generation + 1) == {"germany": 1}


def test_any_number_of_moves_fits_into_transactions(counted: Counted, generation: int) -> None:
    """Each takes four items: the row, the check of the event table, and two counters."""
    rows = [row(counted.customer(2), generation, group=f"from-{number}") for number in range(120)]
    moved = [replace(each, version=2, group=f"to-{number}") for number, each in enumerate(rows)]

    assert counted.rows.write([Write(each, None) for each in rows]) == [WriteResult.APPLIED] * 120
    writes = [Write(after, before) for after, before in zip(moved, rows, strict=True)]
    assert counted.rows.write(writes) == [WriteResult.APPLIED] * 120

    assert counted.counts(generation) == {f"to-{number}": 1 for number in range(120)}


def test_a_scan_finds_the_rows_of_this_view_and_no_counter(counted: Counted, generation: int) -> None:
    rows = [row(counted.customer(), generation) for _ in range(5)]
    counted.rows.write([Write(each, None) for each in rows])

    found: list[Row] = []
    start = None
    while True:
        page = counted.rows.rows(generation, 0, 1, start)
        found += page.rows
        start = page.next
        if start is None:
            break

    assert sorted(found, key=str) == sorted(rows, key=str)


class TestOnTheTable:
    """What only a table shows."""

    def test_the_customers_view_sees_nothing_of_it(self, amazons_dynamodb: "DynamoDBClient", generation: int) -> None:
        counted = Counted(counted_rows(amazons_dynamodb), event_store_on(amazons_dynamodb))
        first = row(counted.customer(), generation, parked=PARKED)
        counted.rows.write([Write(first, None)])

        customers = DynamoDbReadModel(amazons_dynamodb, tables.from_template()["ReadTable"]["TableName"])

        assert customers.get(first.customer_id, generation) is None
        assert customers.all_rows(first.customer_id) == []
        assert list(customers.parked(generation)) == []
        assert customers.rows(generation, 0, 1, None).rows == []

    def test_rows_of_a_generation_that_never_existed_go_with_their_counters(
        self, amazons_dynamodb: "DynamoDBClient", generation: int
    ) -> None:
        counted = Counted(counted_rows(amazons_dynamodb), event_store_on(amazons_dynamodb))
        rows = [row(counted.customer(), generation) for _ in range(10)]
        counted.rows.write([Write(each, None) for each in rows])
        table = tables.from_template()["ReadTable"]["TableName"]
        record = DynamoDbGenerations(amazons_dynamodb, table, VIEW).load()

        assert not counted.rows.remove_unassigned(rows, replace(record, revision=record.revision + 1))
        assert counted.counts(generation) == {"germany": 10}
        assert counted.rows.remove_unassigned(rows, record)
        assert counted.counts(generation) == {}

    def test_concurrent_writers_count_each_customer_once(
        self, amazons_dynamodb: "DynamoDBClient", generation: int
    ) -> None:
        counted = Counted(counted_rows(amazons_dynamodb), event_store_on(amazons_dynamodb))
        rows = [row(counted.customer(), generation) for _ in range(40)]

        def insert(_: int) -> None:
            left = [Write(each, None) for each in rows]
            while left:
                results = counted.rows.write(left)
                left = [write for write, result in zip(left, results, strict=True) if result is WriteResult.FAILED]

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(insert, range(4)))

        assert counted.counts(generation) == {"germany": 40}

    def test_a_damaged_counter_does_not_keep_a_customer_from_being_erased(
        self, amazons_dynamodb: "DynamoDBClient", generation: int
    ) -> None:
        counted = Counted(counted_rows(amazons_dynamodb), event_store_on(amazons_dynamodb))
        first = row(counted.customer(), generation)
        counted.rows.write([Write(first, None)])
        counted.rows.forget(generation)

        gone = row(first.customer_id, generation, 2, None)
        assert counted.rows.write([Write(gone, first)]) == [WriteResult.APPLIED]
        assert counted.counts(generation) == {}

    def test_a_write_whose_answer_was_lost_counts_once(
        self, amazons_dynamodb: "DynamoDBClient", generation: int
    ) -> None:
        client, network = lossy(amazons_dynamodb.meta.endpoint_url)
        counted = Counted(counted_rows(client), event_store_on(client))
        rows = [row(counted.customer(2), generation) for _ in range(3)]
        network.lose = 1

        assert counted.rows.write([Write(each, None) for each in rows]) == [WriteResult.APPLIED] * 3
        moved = [replace(each, version=2, group="france") for each in rows]
        network.lose = 1
        writes = [Write(after, before) for after, before in zip(moved, rows, strict=True)]
        assert counted.rows.write(writes) == [WriteResult.APPLIED] * 3

        assert counted.counts(generation) == {"france": 3}
        assert network.lost == 2

    def test_units_are_no_less_than_what_the_table_takes(
        self, amazons_dynamodb: "DynamoDBClient", generation: int
    ) -> None:
        taken: list[float] = []
        counted = Counted(counted_rows(amazons_dynamodb), event_store_on(amazons_dynamodb))
        first = row(counted.customer(2), generation)
        rows: Any = counted.rows
        write = rows._client.transact_write_items

        class Measuring:
            def __getattr__(self, name: str) -> Any:
                return getattr(amazons_dynamodb, name)

            def transact_write_items(self, **request: Any) -> Any:
                answer = write(**request, ReturnConsumedCapacity="TOTAL")
                taken.append(sum(each["CapacityUnits"] for each in answer["ConsumedCapacity"]))
                return answer

        rows = counted_rows(Measuring())  # type: ignore[arg-type]
        moved = [Write(replace(first, version=2, group="france"), first)]

        for writes in ([Write(first, None)], moved):
            rows.write(writes)
            assert rows.units_of_writes(writes) >= taken[-1]

    def test_generations_are_recorded_apart(self, amazons_dynamodb: "DynamoDBClient") -> None:
        table = tables.from_template()["ReadTable"]["TableName"]
        before = DynamoDbGenerations(amazons_dynamodb, table).load()
        view = counting_view(f"v{uuid.uuid4().hex[:8]}", 2, "country", lambda customer: customer.country)

        DynamoDbGenerations(amazons_dynamodb, table, view).save(Generations(building=2, newest=2))

        assert DynamoDbGenerations(amazons_dynamodb, table).load() == before
        assert DynamoDbGenerations(amazons_dynamodb, table, view).load().building == 2
