"""What every read model promises."""

import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local import tables
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import Generations
from projections.read_model import ReadModel, ReadModelBusy, Write, Written
from projections.row import Listing, Parked, Row
from tests.fakes.network import LossyNetwork, lossy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def row(generation: int, version: int = 1, customer_id: str | None = None, second: int = 0) -> Row:
    customer_id = customer_id or str(uuid.uuid4())
    listing = Listing(f'{{"v":{version}}}', f"2026-05-17T09:{second:05}#{customer_id}")
    return Row(customer_id, generation, version, listing)


def orders(rows: Iterable[Row]) -> list[str]:
    """The places of rows, newest first."""
    return sorted((row.listing.order for row in rows if row.listing), reverse=True)


def test_what_was_written_is_read(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation) for _ in range(60)]

    assert read_model.write([Write(each, None) for each in rows]) == [Written.APPLIED] * 60
    assert all(read_model.get(each.customer_id, generation) == each for each in rows)
    assert read_model.current([each.customer_id for each in rows], generation) == {r.customer_id: r for r in rows}


def test_what_is_not_there_is_left_out(read_model: ReadModel, generation: int) -> None:
    here = row(generation)
    read_model.write([Write(here, None)])

    assert read_model.get("nobody", generation) is None
    assert read_model.current(["nobody", here.customer_id, here.customer_id], generation) == {here.customer_id: here}


def test_nothing_asked_is_nothing_done(read_model: ReadModel, generation: int) -> None:
    assert read_model.current([], generation) == {}
    assert read_model.write([]) == []


def test_a_row_is_replaced_only_where_it_stands_as_it_was_read(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    three = row(generation, 3, one.customer_id)
    read_model.write([Write(one, None)])

    assert read_model.write([Write(three, replace(one, version=2))]) == [Written.CONFLICT]
    assert read_model.get(one.customer_id, generation) == one
    assert read_model.write([Write(three, one)]) == [Written.APPLIED]
    assert read_model.get(one.customer_id, generation) == three


def test_a_new_row_never_covers_one_that_stands(read_model: ReadModel, generation: int) -> None:
    two = row(generation, 2)
    read_model.write([Write(two, None)])

    assert read_model.write([Write(row(generation, 1, two.customer_id), None)]) == [Written.CONFLICT]
    assert read_model.get(two.customer_id, generation) == two


def test_a_row_that_is_gone_is_not_brought_back_by_an_update(read_model: ReadModel, generation: int) -> None:
    assert read_model.write([Write(row(generation, 2), row(generation, 1))]) == [Written.CONFLICT]


def test_each_row_of_a_write_has_an_outcome_of_its_own(read_model: ReadModel, generation: int) -> None:
    taken = row(generation)
    read_model.write([Write(taken, None)])

    outcomes = read_model.write(
        [Write(row(generation), None), Write(row(generation, 1, taken.customer_id), None), Write(row(generation), None)]
    )

    assert outcomes == [Written.APPLIED, Written.CONFLICT, Written.APPLIED]


def test_one_winner_among_writers_of_one_step(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(
            pool.map(lambda _: read_model.write([Write(row(generation, 2, one.customer_id), one)]), range(8))
        )

    assert outcomes.count([Written.APPLIED]) == 1
    assert outcomes.count([Written.CONFLICT]) == 7


def test_generations_do_not_see_each_other(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])

    assert read_model.get(one.customer_id, generation + 500_000) is None
    assert read_model.page(generation + 500_000, 10, None) == []


def test_pages_are_newest_first_and_together_everyone_once(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation, second=second // 3) for second in range(120)]
    read_model.write([Write(each, None) for each in rows])
    wanted = orders(rows)

    seen: list[str] = []
    while page := read_model.page(generation, 17, seen[-1] if seen else None):
        assert len(page) == min(17, 120 - len(seen))
        seen += [listed.order for listed in page]

    assert seen == wanted


def test_an_erased_customer_leaves_the_list_and_keeps_their_version(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])
    gone = Row(one.customer_id, generation, 2, None)

    assert read_model.write([Write(gone, one)]) == [Written.APPLIED]

    assert read_model.get(one.customer_id, generation, consistent=True) == gone
    assert read_model.page(generation, 10, None) == []
    assert read_model.write([Write(row(generation, 2, one.customer_id), one)]) == [Written.CONFLICT]


def test_a_customer_may_be_erased_before_they_were_ever_shown(read_model: ReadModel, generation: int) -> None:
    gone = Row(str(uuid.uuid4()), generation, 3, None)

    assert read_model.write([Write(gone, None)]) == [Written.APPLIED]

    assert read_model.get(gone.customer_id, generation) == gone
    assert read_model.page(generation, 10, None) == []


def test_a_page_carries_the_documents(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])

    [listed] = read_model.page(generation, 10, None)

    assert listed == one.listing


def test_a_page_can_fill_from_one_shard_alone(read_model: ReadModel, generation: int) -> None:
    rows = [each for each in (row(generation, second=n) for n in range(200)) if each.listing_shard.endswith("#0")]
    read_model.write([Write(each, None) for each in rows])

    page = read_model.page(generation, 25, None)

    assert [listed.order for listed in page] == orders(rows)[:25]


class TestOnTheWire:
    """What only a network can do."""

    TABLE = tables.from_template()["ReadTable"]["TableName"]

    @pytest.fixture
    def wire(self, amazons_dynamodb: "DynamoDBClient") -> tuple[DynamoDbReadModel, LossyNetwork]:
        client, network = lossy(amazons_dynamodb.meta.endpoint_url, attempts=1)
        return DynamoDbReadModel(client, self.TABLE), network

    def test_a_lost_answer_is_a_failure_that_a_retry_finds_done(
        self, wire: tuple[DynamoDbReadModel, LossyNetwork], generation: int
    ) -> None:
        read_model, network = wire
        one = row(generation)
        network.lose = 1

        assert read_model.write([Write(one, None)]) == [Written.FAILED]
        assert read_model.current([one.customer_id], generation) == {one.customer_id: one}

    def test_rows_that_the_service_leaves_unread_are_asked_for_again(
        self, amazons_dynamodb: "DynamoDBClient", generation: int
    ) -> None:
        """60 rows of 350 KB are 21 MB, and one BatchGetItem answer holds 16 MB."""
        read_model = DynamoDbReadModel(amazons_dynamodb, self.TABLE, sleep=lambda _: None)
        rows = [Row(str(uuid.uuid4()), generation, 1, Listing("x" * 350_000, f"2026#{number}")) for number in range(60)]
        for each in rows:
            read_model.write([Write(each, None)])

        found = read_model.current([each.customer_id for each in rows], generation)

        assert len(found) == 60

    def test_a_service_that_leaves_rows_unread_for_ever_is_busy(self) -> None:
        class Throttled:
            def batch_get_item(self, RequestItems: dict[str, object]) -> dict[str, object]:  # noqa: N803 - boto3's name
                return {"Responses": {}, "UnprocessedKeys": RequestItems}

        waits: list[float] = []
        read_model = DynamoDbReadModel(Throttled(), "t", waits.append)  # type: ignore[arg-type]

        with pytest.raises(ReadModelBusy, match="1 items of t were not read in 5 tries"):
            read_model.current(["c-1"], 1)
        assert waits == sorted(waits)
        assert len(waits) == 5


def parked(row: Row, attempts: int = 1, since: str = "2026-05-17T09:30:00.000000Z") -> Row:
    return replace(row, parked=Parked(row.version + 1, "unknown type CustomerTeleported", since, attempts))


def test_a_parked_row_keeps_what_it_shows_and_says_why(read_model: ReadModel, generation: int) -> None:
    one = row(generation)
    read_model.write([Write(one, None)])

    assert read_model.write([Write(parked(one), one)]) == [Written.APPLIED]

    assert read_model.get(one.customer_id, generation) == parked(one)
    assert read_model.page(generation, 10, None) == [one.listing]


def test_a_customer_parked_at_their_first_event_is_not_listed(read_model: ReadModel, generation: int) -> None:
    placeholder = parked(Row(str(uuid.uuid4()), generation, 0, None))

    assert read_model.write([Write(placeholder, None)]) == [Written.APPLIED]
    assert read_model.current([placeholder.customer_id], generation) == {placeholder.customer_id: placeholder}
    assert read_model.page(generation, 10, None) == []

    back = row(generation, 1, placeholder.customer_id)
    assert read_model.write([Write(back, None)]) == [Written.CONFLICT]
    assert read_model.write([Write(back, placeholder)]) == [Written.APPLIED]
    assert read_model.get(back.customer_id, generation) == back


def test_parked_customers_are_found_the_longest_first_and_by_generation(read_model: ReadModel, generation: int) -> None:
    rows = [parked(row(generation), since=f"2026-05-17T09:30:{second:02}.000000Z") for second in (30, 10, 20)]
    others = [row(generation), parked(row(generation + 500_000))]
    read_model.write([Write(each, None) for each in [*rows, *others]])

    found = list(read_model.parked(generation))

    wanted = [rows[1], rows[2], rows[0]]
    assert [(each.customer_id, each.version, each.parked) for each in found] == [
        (each.customer_id, each.version, each.parked) for each in wanted
    ]


def test_one_who_came_back_is_no_longer_found_among_the_parked(read_model: ReadModel, generation: int) -> None:
    one = parked(row(generation))
    read_model.write([Write(one, None)])
    back = row(generation, 2, one.customer_id)

    assert read_model.write([Write(back, one)]) == [Written.APPLIED]

    assert list(read_model.parked(generation)) == []
    assert read_model.get(one.customer_id, generation) == back


def test_a_writer_who_read_the_row_before_it_was_parked_is_outrun(read_model: ReadModel, generation: int) -> None:
    """Parking moves no version, so the version alone would let this write undo it."""
    one = row(generation)
    read_model.write([Write(one, None)])
    read_model.write([Write(parked(one), one)])

    assert read_model.write([Write(row(generation, 2, one.customer_id), one)]) == [Written.CONFLICT]
    assert read_model.write([Write(parked(one), one)]) == [Written.CONFLICT]
    assert read_model.get(one.customer_id, generation) == parked(one)


def test_a_writer_who_read_the_row_parked_before_it_was_tried_again_or_came_back_is_outrun(
    read_model: ReadModel, generation: int
) -> None:
    first = parked(row(generation))
    read_model.write([Write(first, None)])
    second = parked(replace(first, parked=None), attempts=2)

    assert read_model.write([Write(second, first)]) == [Written.APPLIED]
    assert read_model.write([Write(row(generation, 2, first.customer_id), first)]) == [Written.CONFLICT]

    back = replace(first, parked=None)
    assert read_model.write([Write(back, second)]) == [Written.APPLIED]
    assert read_model.write([Write(parked(back, attempts=3), second)]) == [Written.CONFLICT]
    assert read_model.get(first.customer_id, generation) == back


def test_segments_together_are_every_row_of_a_generation_once(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation) for _ in range(30)]
    kept = [*rows, Row(str(uuid.uuid4()), generation, 2, None), parked(row(generation))]
    read_model.write([Write(each, None) for each in [*kept, row(generation + 500_000)]])

    assert sorted(each.customer_id for each in every_row(read_model, generation)) == sorted(
        each.customer_id for each in kept
    )
    assert {each.customer_id: each for each in every_row(read_model, generation)} == {r.customer_id: r for r in kept}


def every_row(read_model: ReadModel, generation: int) -> list[Row]:
    found: list[Row] = []
    for segment in range(3):
        page = read_model.rows(generation, segment, 3, None)
        found += page.rows
        while page.next:
            page = read_model.rows(generation, segment, 3, page.next)
            found += page.rows
    return found


def test_what_was_given_up_is_every_row_that_is_not_fed_and_has_an_older_number(
    read_model: ReadModel, generation: int
) -> None:
    """A number above the newest one known belongs to a rebuild that somebody else has just begun."""
    newest = generation * 10
    generations = Generations(active=newest - 1, building=newest, previous=newest - 2, newest=newest)
    rows = {number: row(number) for number in range(newest - 4, newest + 3)}
    read_model.write([Write(each, None) for each in rows.values()])

    found: list[Row] = []
    for segment in range(3):
        start, ended = None, False
        while not ended:
            page = read_model.rows_given_up(generations, segment, 3, start)
            found += page.rows
            start, ended = page.next, page.next is None

    ours = [each for each in found if each in rows.values()]
    assert sorted(ours, key=lambda each: each.generation) == [rows[newest - 4], rows[newest - 3]]


def test_removed_rows_are_gone_and_no_others(read_model: ReadModel, generation: int) -> None:
    rows = [row(generation) for _ in range(25)]
    other = replace(rows[0], generation=generation + 500_000)
    read_model.write([Write(each, None) for each in [*rows, other]])

    read_model.remove(rows[:24])
    read_model.remove(rows[:24])
    read_model.remove([])

    assert every_row(read_model, generation) == [rows[24]]
    assert read_model.get(other.customer_id, other.generation) == other


class Leaves:
    """Leaves a removal undone so many times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def batch_write_item(self, RequestItems: dict[str, object]) -> dict[str, object]:  # noqa: N803 - boto3's name
        self.times -= 1
        return {"UnprocessedItems": RequestItems if self.times >= 0 else {}}


def test_a_removal_that_succeeds_at_the_last_try_has_succeeded() -> None:
    DynamoDbReadModel(Leaves(4), "t", lambda _: None).remove([row(1)])  # type: ignore[arg-type]


def test_a_removal_that_is_left_undone_for_ever_is_busy() -> None:
    with pytest.raises(ReadModelBusy, match="1 rows were not removed in 5 tries"):
        DynamoDbReadModel(Leaves(5), "t", lambda _: None).remove([row(1)])  # type: ignore[arg-type]
