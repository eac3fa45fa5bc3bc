"""The shards of a generation: in its record, for ever, and different from those of others."""

from collections import Counter

import pytest

from projections.dynamodb_row import content_of, key_of, present, to_row, write_units
from projections.generation_details import MOST_SHARDS, GenerationDetails
from projections.generations import Generations, WrongStep
from projections.row import LISTING_SHARDS, Listing, Parked, Row
from projections.shards import Shards, listing_key, parked_key, shard_of
from shared.runtime.clock import timestamp
from tests.samples import START

PARKED = Parked(version=3, reason="unknown type", since="2026-05-17T09:30:00.000000Z", attempts=2)
LISTED = Row("c-1", 2, 2, Listing('{"id":"c-1"}', "2026#c-1"))
BUILT = Generations().start_rebuild(16)


def test_a_rebuild_raises_the_number_of_shards_and_the_next_one_keeps_it() -> None:
    assert [BUILT.details_of(number).shards for number in (1, 2)] == [LISTING_SHARDS, 16]
    switched = BUILT.confirm(timestamp(START), 9).switch(START)
    assert switched.retire(START).start_rebuild().details_of(3).shards == 16
    assert switched.rollback(START.replace(year=2027)).details_of(2).shards == 16


def test_what_was_verified_is_known_after_the_switch() -> None:
    switched = BUILT.confirm(timestamp(START), 9).switch(START)

    assert switched.details_of(2) == GenerationDetails(2, 16, timestamp(START), 9)
    assert switched.details_of(1) == GenerationDetails(1)
    assert switched.rollback(START.replace(year=2027)).retire(START).removed(2).details == ()


@pytest.mark.parametrize("shards", [0, -1, MOST_SHARDS + 1])
def test_a_number_of_shards_out_of_range_is_refused(shards: int) -> None:
    with pytest.raises(WrongStep, match=f"shards must be a whole number from 1 to 64, not {shards}"):
        Generations().start_rebuild(shards)


def test_the_number_of_a_generation_is_read_once_and_that_of_a_later_one_again() -> None:
    record, loads = [Generations()], []

    def load() -> Generations:
        loads.append(record[0].newest)
        return record[0]

    shards = Shards(load)
    assert [shards.of(number) for number in (1, 1, 2, 2)] == [LISTING_SHARDS] * 4
    assert loads == [1, 1, 1]
    record[0] = BUILT

    assert [shards.of(number) for number in (2, 2, 1)] == [16, 16, LISTING_SHARDS]
    assert loads == [1, 1, 1, 2]


@pytest.mark.parametrize("shards", [1, 4, 64])
def test_customers_are_spread_evenly(shards: int) -> None:
    counts = Counter(shard_of(str(number), shards) for number in range(shards * 250))

    assert set(counts) == set(range(shards))
    assert min(counts.values()) > 250 * 0.6


def test_every_shard_has_a_key_of_its_own_in_both_indexes_and_every_generation() -> None:
    """DynamoDB compares numbers by value, so two texts of one number are the same key."""
    shards = [(generation, shard) for generation in range(1, 111) for shard in range(MOST_SHARDS)]

    assert len({float(parked_key(*each)) for each in shards}) == len(shards)
    assert len({listing_key(*each) for each in shards}) == len(shards)
    assert not any(parked_key(*each).endswith(("0", ".")) and "." in parked_key(*each) for each in shards)


def stored(row: Row, shards: int, **changes: str | None) -> Row:
    """Return a row as it is read, after some attributes of its item were changed or removed."""
    item = {**key_of(row.customer_id, row.generation), **present(content_of(row, shards))}
    for name, value in changes.items():
        item.pop(name, None)
        if value is not None:
            item[name] = {"N" if name == "parked_in" else "S": value}  # type: ignore[misc]
    return to_row(item, shards)


RIGHT = listing_key(2, shard_of("c-1", 4))
WRONG = listing_key(2, shard_of("c-1", 4) + 1)
PARKED_ROW = Row("c-1", 2, 2, LISTED.listing, PARKED)
TOMBSTONE = Row("c-1", 2, 2, None)


@pytest.mark.parametrize(
    ("row", "changes", "misplaced"),
    [
        (LISTED, {}, False),
        (LISTED, {"listing_shard": RIGHT}, False),
        (LISTED, {"listing_shard": WRONG}, True),
        (LISTED, {"listing_shard": None}, True),
        (LISTED, {"parked_in": "2"}, True),
        (TOMBSTONE, {}, False),
        (TOMBSTONE, {"listing_shard": RIGHT}, True),
        (PARKED_ROW, {}, False),
        (PARKED_ROW, {"parked_in": None}, True),
        (PARKED_ROW, {"parked_in": "3"}, True),
        (PARKED_ROW, {"parked_in": "2"}, False),
    ],
)
def test_a_wrong_or_missing_key_of_an_index_is_seen(row: Row, changes: dict[str, str | None], misplaced: bool) -> None:
    assert stored(row, 4, **changes).misplaced == misplaced
    assert to_row({**key_of("c-1", 2), **present(content_of(row, 16))}, 4).misplaced == (row is not TOMBSTONE)


def test_a_row_that_lost_its_place_in_the_list_differs_from_the_right_one() -> None:
    assert stored(LISTED, 4, listing_order=None) != LISTED
    assert stored(LISTED, 4) == LISTED


@pytest.mark.parametrize(
    ("document", "parked", "units"),
    [(100, None, 2), (1000, None, 4), (2500, None, 6), (100, PARKED, 3), (1500, PARKED, 5)],
)
def test_a_write_is_counted_by_the_kilobytes_of_every_copy(document: int, parked: Parked | None, units: int) -> None:
    row = Row("4c5c7f0a-7a34-4c59-9d9b-0c7d0c0f8a01", 2, 2, Listing("x" * document, "2026#c"), parked)

    assert write_units(row, 4) == units
    assert write_units(Row("c", 2, 2, None), 4) == 1


# The bytes of a row's names. In a copy of the project under another name, the key's is another one.
NAMES = 66 + len("customer_id")


@pytest.mark.parametrize(
    ("version", "text", "full"),
    [
        # The other values take 16 bytes; a version takes a byte for two digits, and two.
        (2, "x", 1024 - NAMES - 16 - 2),
        (1_234_567, "x", 1024 - NAMES - 16 - 5),
        (2, "é", (1024 - NAMES - 16 - 2) // 2),
    ],
)
def test_a_write_is_counted_to_the_byte(version: int, text: str, full: int) -> None:
    """The copy in the index `listing` is smaller, and takes one unit both times."""
    units = [write_units(Row("c-1", 2, version, Listing(text * size, "2026#c")), 4) for size in (full, full + 1)]

    assert units == [2, 3]
