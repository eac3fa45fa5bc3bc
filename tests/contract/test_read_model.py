"""The contract of every read model."""

import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from local import tables
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import Generations
from projections.read_model import ReadModel, ReadModelBusy, Write, WriteResult
from projections.row import Listing, Parked, Row
from projections.shards import shard_of
from tests.fakes.network import LossyNetwork, lossy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def row(generation: int, version: int = 1, customer_id: str | None = None, second: int = 0) -> Row:
    customer_id = customer_id or str(uuid.uuid4())
    listing = Listing(f'{{"v":{version}}}', f"2026-05-17T09:{second:05}#{customer_id}")
    return Row(customer_id, generation, version, listing)


def orders(rows: Iterable[Row]) -> list[str]:
    """Return the list positions of rows, newest first."""
    return sorted((row.listing.order for row in rows if row.listing), reverse=True)


def test_a_written_row_is_read_back(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation) for _ in range(60)]

    assert read_model.write([Write(each, None) for each in rows]) == [WriteResult.APPLIED] * 60
    assert all(read_model.get(each.customer_id, generation) == each for each in rows)
    assert read_model.get_many([each.customer_id for each in rows], generation) == {r.customer_id: r for r in rows}


def test_a_missing_row_is_left_out(read_model: ReadModel, generation: int) -> None:
    existing = row(generation)
    read_model.write([Write(existing, None)])

    assert read_model.get("nobody", generation) is None
    assert read_model.get_many(["nobody", existing.customer_id, existing.customer_id], generation) == {
        existing.customer_id: existing
    }


def test_an_empty_request_returns_nothing(read_model: ReadModel, generation: int) -> None:
    assert read_model.get_many([], generation) == {}
    assert read_model.write([]) == []


def test_a_row_is_replaced_only_if_it_is_unchanged_since_it_was_read(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    three = row(generation, 3, one.customer_id)
    read_model.write([Write(one, None)])

    assert read_model.write([Write(three, replace(one, version=2))]) == [WriteResult.CONFLICT]
    assert read_model.get(one.customer_id, generation) == one
    assert read_model.write([Write(three, one)]) == [WriteResult.APPLIED]
    assert read_model.get(one.customer_id, generation) == three


def test_an_insert_never_replaces_an_existing_row(read_model: ReadModel, generation: int) -> None:
    two = row(generation, 2)
    read_model.write([Write(two, None)])

    assert read_model.write([Write(row(generation, 1, two.customer_id), None)]) == [WriteResult.CONFLICT]
    assert read_model.get(two.customer_id, generation) == two


def test_an_update_does_not_recreate_a_removed_row(read_model: ReadModel, generation: int) -> None:
    assert read_model.write([Write(row(generation, 2), row(generation, 1))]) == [WriteResult.CONFLICT]


def test_a_row_that_is_too_large_is_refused_and_the_others_are_written(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation) for _ in range(30)]
    huge = replace(row(generation), listing=Listing("x" * 410_000, "2026-05-17T09:00#huge"))
    writes = [Write(each, None) for each in [*rows[:3], huge, *rows[3:]]]

    results = read_model.write(writes)

    assert results == [WriteResult.APPLIED] * 3 + [WriteResult.REFUSED] + [WriteResult.APPLIED] * 27
    assert read_model.get(huge.customer_id, generation) is None
    parked_row = Row(huge.customer_id, generation, 0, None, Parked(1, "refused", "2026-05-17T09:00:00.000000Z", 1))
    assert read_model.write([Write(parked_row, None)]) == [WriteResult.APPLIED]


def test_each_row_of_a_write_has_its_own_result(read_model: ReadModel, generation: int) -> None:
    existing = row(generation)
    read_model.write([Write(existing, None)])

    results = read_model.write(
        [
            Write(row(generation), None),
            Write(row(generation, 1, existing.customer_id), None),
            Write(row(generation), None),
        ]
    )

    assert results == [WriteResult.APPLIED, WriteResult.CONFLICT, WriteResult.APPLIED]


def test_exactly_one_of_several_concurrent_writers_wins(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])
    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(lambda _: read_model.write([Write(row(generation, 2, one.customer_id), one)]), range(8))
        )

    assert results.count([WriteResult.APPLIED]) == 1
    assert results.count([WriteResult.CONFLICT]) == 7


def test_generations_are_separate(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])

    assert read_model.get(one.customer_id, generation + 500_000) is None
    assert read_model.page(generation + 500_000, 10, None) == []


def test_pages_are_newest_first_and_list_every_customer_once(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation, second=second // 3) for second in range(120)]
    read_model.write([Write(each, None) for each in rows])
    wanted = orders(rows)

    seen: list[str] = []
    while page := read_model.page(generation, 17, seen[-1] if seen else None):
        assert len(page) == min(17, 120 - len(seen))
        seen += [listed.order for listed in page]

    assert seen == wanted


def test_an_erased_customer_leaves_the_list_and_the_row_keeps_its_version(
    read_model: ReadModel, generation: int
) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])
    gone = Row(one.customer_id, generation, 2, None)

    assert read_model.write([Write(gone, one)]) == [WriteResult.APPLIED]

    assert read_model.get(one.customer_id, generation, consistent=True) == gone
    assert read_model.page(generation, 10, None) == []
    assert read_model.write([Write(row(generation, 2, one.customer_id), one)]) == [WriteResult.CONFLICT]


def test_a_customer_may_be_erased_before_the_first_projection(read_model: ReadModel, generation: int) -> None:
    gone = Row(str(uuid.uuid4()), generation, 3, None)

    assert read_model.write([Write(gone, None)]) == [WriteResult.APPLIED]

    assert read_model.get(gone.customer_id, generation) == gone
    assert read_model.page(generation, 10, None) == []


def test_a_page_contains_the_documents(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])

    [listed] = read_model.page(generation, 10, None)

    assert listed == one.listing


def test_a_page_can_be_filled_from_a_single_shard(read_model: ReadModel, generation: int) -> None:
    rows = [each for each in (row(generation, second=n) for n in range(200)) if shard_of(each.customer_id, 4) == 0]
    read_model.write([Write(each, None) for each in rows])

    page = read_model.page(generation, 25, None)

    assert [listed.order for listed in page] == orders(rows)[:25]


class TestOnTheWire:
    """Failures of the network and the service."""

    TABLE = tables.from_template()["ReadTable"]["TableName"]

    @pytest.fixture
    def wire(self, amazons_dynamodb: "DynamoDBClient") -> tuple[DynamoDbReadModel, LossyNetwork]:
        client, network = lossy(amazons_dynamodb.meta.endpoint_url, attempts=1)
        return DynamoDbReadModel(client, self.TABLE), network

    def test_a_lost_answer_is_a_failure_although_the_row_was_written(
        self, wire: tuple[DynamoDbReadModel, LossyNetwork], generation: int
    ) -> None:
        read_model, network = wire
        one = row(generation)
        network.lose_writes = 1

        assert read_model.write([Write(one, None)]) == [WriteResult.FAILED]
        assert read_model.get_many([one.customer_id], generation) == {one.customer_id: one}

    def test_rows_that_the_service_leaves_unread_are_requested_again(
        self, amazons_dynamodb: "DynamoDBClient", generation: int
    ) -> None:
        """60 rows of 350 KB are 21 MB; one BatchGetItem answer holds 16 MB."""
        read_model = DynamoDbReadModel(amazons_dynamodb, self.TABLE, sleep=lambda _: None)
        rows = [Row(str(uuid.uuid4()), generation, 1, Listing("x" * 350_000, f"2026#{number}")) for number in range(60)]
        for each in rows:
            read_model.write([Write(each, None)])

        found = read_model.get_many([each.customer_id for each in rows], generation)

        assert len(found) == 60

    def test_rows_that_stay_unread_raise_busy(self) -> None:
        class Throttled:
            def get_item(self, **_: object) -> dict[str, object]:
                return {}

            def batch_get_item(self, RequestItems: dict[str, object]) -> dict[str, object]:  # noqa: N803 - boto3's name
                return {"Responses": {}, "UnprocessedKeys": RequestItems}

        waits: list[float] = []
        read_model = DynamoDbReadModel(Throttled(), "t", waits.append)  # type: ignore[arg-type]

        with pytest.raises(ReadModelBusy, match="1 items of t were not read in 5 attempts"):
            read_model.get_many(["c-1"], 1)
        assert waits == sorted(waits)
        assert len(waits) == 5


def parked(row: Row, attempts: int = 1, since: str = "2026-05-17T09:30:00.000000Z") -> Row:
    return replace(row, parked=Parked(row.version + 1, "unknown type", since, attempts))


def test_a_parked_row_keeps_its_listing_and_has_a_reason(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])

    assert read_model.write([Write(parked(one), one)]) == [WriteResult.APPLIED]

    assert read_model.get(one.customer_id, generation) == parked(one)
    assert read_model.page(generation, 10, None) == [one.listing]


def test_a_customer_parked_at_their_first_event_is_not_listed(read_model: ReadModel, generation: int) -> None:
    placeholder = parked(Row(str(uuid.uuid4()), generation, 0, None))

    assert read_model.write([Write(placeholder, None)]) == [WriteResult.APPLIED]
    assert read_model.get_many([placeholder.customer_id], generation) == {placeholder.customer_id: placeholder}
    assert read_model.page(generation, 10, None) == []

    back = row(generation, 1, placeholder.customer_id)
    assert read_model.write([Write(back, None)]) == [WriteResult.CONFLICT]
    assert read_model.write([Write(back, placeholder)]) == [WriteResult.APPLIED]
    assert read_model.get(back.customer_id, generation) == back


def test_parked_customers_are_listed_by_generation_the_longest_parked_first(
    read_model: ReadModel, generation: int
) -> None:
    rows = [parked(row(generation), since=f"2026-05-17T09:30:{second:02}.000000Z") for second in (30, 10, 20)]
    others = [row(generation), parked(row(generation + 500_000))]
    read_model.write([Write(each, None) for each in [*rows, *others]])

    found = list(read_model.parked(generation))

    wanted = [rows[1], rows[2], rows[0]]
    assert [(each.customer_id, each.version, each.parked) for each in found] == [
        (each.customer_id, each.version, each.parked) for each in wanted
    ]


def test_parked_customers_of_all_shards_are_listed_by_time(read_model: ReadModel, generation: int) -> None:
    rows = [parked(row(generation), since=f"2026-05-17T09:30:{second:02}.000000Z") for second in range(40)]
    read_model.write([Write(each, None) for each in reversed(rows)])

    assert [each.customer_id for each in read_model.parked(generation)] == [each.customer_id for each in rows]


def test_rows_that_were_parked_before_the_index_had_shards_are_found(
    amazons_dynamodb: "DynamoDBClient", generation: int
) -> None:
    read_model = DynamoDbReadModel(amazons_dynamodb, TestOnTheWire.TABLE)
    rows = [parked(row(generation)) for _ in range(20)]
    read_model.write([Write(each, None) for each in rows])
    for each in rows:
        amazons_dynamodb.update_item(
            TableName=TestOnTheWire.TABLE,
            Key={"customer_id": {"S": each.customer_id}, "generation": {"N": str(generation)}},
            UpdateExpression="SET parked_in = :key",
            ExpressionAttributeValues={":key": {"N": str(generation)}},
        )

    found = {each.customer_id for each in read_model.parked(generation)}

    assert found == {each.customer_id for each in rows}
    assert read_model.get_many(found, generation) == {each.customer_id: each for each in rows}


@pytest.mark.parametrize("change", ["REMOVE listing_shard", "SET listing_shard = :wrong"])
def test_a_row_that_a_list_lacks_is_seen_and_its_next_write_lists_it(
    amazons_dynamodb: "DynamoDBClient", generation: int, change: str
) -> None:
    read_model = DynamoDbReadModel(amazons_dynamodb, TestOnTheWire.TABLE)
    rows = [row(generation, second=second) for second in range(3)]
    read_model.write([Write(each, None) for each in rows])
    values: Any = {"ExpressionAttributeValues": {":wrong": {"S": f"{generation}#99"}}} if ":wrong" in change else {}
    amazons_dynamodb.update_item(
        TableName=TestOnTheWire.TABLE,
        Key={"customer_id": {"S": rows[1].customer_id}, "generation": {"N": str(generation)}},
        UpdateExpression=change,
        **values,
    )
    assert len(read_model.page(generation, 10, None)) == 2

    found = read_model.get_many([each.customer_id for each in rows], generation)
    assert [found[each.customer_id].misplaced for each in rows] == [False, True, False]
    assert read_model.write([Write(rows[1], found[rows[1].customer_id])]) == [WriteResult.APPLIED]

    assert [listed.order for listed in read_model.page(generation, 10, None)] == orders(rows)


def test_a_customer_who_returned_is_no_longer_listed_as_parked(read_model: ReadModel, generation: int) -> None:
    one = parked(row(generation))
    read_model.write([Write(one, None)])
    back = row(generation, 2, one.customer_id)

    assert read_model.write([Write(back, one)]) == [WriteResult.APPLIED]

    assert list(read_model.parked(generation)) == []
    assert read_model.get(one.customer_id, generation) == back


def test_a_writer_who_read_the_row_before_it_was_parked_gets_a_conflict(read_model: ReadModel, generation: int) -> None:
    """Parking does not change the version, so the version alone would let this write undo it."""
    one = row(generation)
    read_model.write([Write(one, None)])
    read_model.write([Write(parked(one), one)])

    assert read_model.write([Write(row(generation, 2, one.customer_id), one)]) == [WriteResult.CONFLICT]
    assert read_model.write([Write(parked(one), one)]) == [WriteResult.CONFLICT]
    assert read_model.get(one.customer_id, generation) == parked(one)


def test_a_writer_who_read_the_parked_row_before_a_redrive_gets_a_conflict(
    read_model: ReadModel, generation: int
) -> None:
    first = parked(row(generation))
    read_model.write([Write(first, None)])
    second = parked(replace(first, parked=None), attempts=2)

    assert read_model.write([Write(second, first)]) == [WriteResult.APPLIED]
    assert read_model.write([Write(row(generation, 2, first.customer_id), first)]) == [WriteResult.CONFLICT]

    back = replace(first, parked=None)
    assert read_model.write([Write(back, second)]) == [WriteResult.APPLIED]
    assert read_model.write([Write(parked(back, attempts=3), second)]) == [WriteResult.CONFLICT]
    assert read_model.get(first.customer_id, generation) == back


def test_the_segments_cover_every_row_of_a_generation_once(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation) for _ in range(30)]
    expected = [*rows, Row(str(uuid.uuid4()), generation, 2, None), parked(row(generation))]
    read_model.write([Write(each, None) for each in [*expected, row(generation + 500_000)]])

    assert sorted(each.customer_id for each in every_row(read_model, generation)) == sorted(
        each.customer_id for each in expected
    )
    assert {each.customer_id: each for each in every_row(read_model, generation)} == {
        r.customer_id: r for r in expected
    }


def every_row(read_model: ReadModel, generation: int) -> list[Row]:
    found: list[Row] = []
    for segment in range(3):
        page = read_model.rows(generation, segment, 3, None)
        found += page.rows
        while page.next:
            page = read_model.rows(generation, segment, 3, page.next)
            found += page.rows
    return found


def test_retired_rows_are_those_of_older_generations_that_are_not_fed(read_model: ReadModel, generation: int) -> None:
    """A number above the newest known one belongs to a rebuild that another operator has just begun."""
    newest = generation * 10
    generations = Generations(active=newest - 1, building=newest, previous=newest - 2, newest=newest)
    rows = {number: row(number) for number in range(newest - 4, newest + 3)}
    read_model.write([Write(each, None) for each in rows.values()])

    found: list[Row] = []
    for segment in range(3):
        start, done = None, False
        while not done:
            page = read_model.retired_rows(generations, segment, 3, start)
            found += page.rows
            start, done = page.next, page.next is None

    ours = [each for each in found if each in rows.values()]
    assert sorted(ours, key=lambda each: each.generation) == [rows[newest - 4], rows[newest - 3]]


def test_retired_rows_include_those_of_the_newest_generation_if_it_was_given_up(
    read_model: ReadModel, generation: int
) -> None:
    """A rebuild that was abandoned has the highest number."""
    newest = generation * 10
    generations = Generations(active=newest - 1, newest=newest)
    rows = {number: row(number) for number in (newest - 1, newest, newest + 1)}
    read_model.write([Write(each, None) for each in rows.values()])

    found: list[Row] = []
    start, done = None, False
    while not done:
        page = read_model.retired_rows(generations, 0, 1, start)
        found += page.rows
        start, done = page.next, page.next is None

    assert [each for each in found if each in rows.values()] == [rows[newest]]


def test_other_rows_are_those_of_every_generation_that_is_not_fed(read_model: ReadModel, generation: int) -> None:
    """Numbers that no rebuild has made are included."""
    base = generation * 10_000
    rows = {number: row(base + number) for number in range(5)}
    read_model.write([Write(each, None) for each in rows.values()])

    found: list[Row] = []
    for segment in range(3):
        start, done = None, False
        while not done:
            page = read_model.other_rows((base + 1, base + 3), segment, 3, start)
            found += page.rows
            start, done = page.next, page.next is None

    ours = [each for each in found if each in rows.values()]
    assert sorted(each.generation - base for each in ours) == [0, 2, 4]


def test_only_the_given_rows_are_removed(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation) for _ in range(25)]
    other = replace(rows[0], generation=generation + 500_000)
    read_model.write([Write(each, None) for each in [*rows, other]])

    read_model.remove(rows[:24])
    read_model.remove(rows[:24])
    read_model.remove([])

    assert every_row(read_model, generation) == [rows[24]]
    assert read_model.get(other.customer_id, other.generation) == other


class UnprocessedClient:
    """Leaves a removal unprocessed a number of times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def batch_write_item(self, RequestItems: dict[str, object]) -> dict[str, object]:  # noqa: N803 - boto3's name
        self.times -= 1
        return {"UnprocessedItems": RequestItems if self.times >= 0 else {}}


def test_a_removal_may_succeed_at_the_last_try() -> None:
    DynamoDbReadModel(UnprocessedClient(4), "t", lambda _: None).remove([row(1)])  # type: ignore[arg-type]


def test_a_removal_that_stays_unprocessed_raises_busy() -> None:
    with pytest.raises(ReadModelBusy, match="1 rows were not removed in 5 tries"):
        DynamoDbReadModel(UnprocessedClient(5), "t", lambda _: None).remove([row(1)])  # type: ignore[arg-type]
