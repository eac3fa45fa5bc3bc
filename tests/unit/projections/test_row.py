"""A row's place in the listing index."""

from collections import Counter

from events.codec import decode
from events.customer import evolve
from projections.row import LISTING_SHARDS, Row, row_of
from tests.samples import created


def row(customer_id: str | None = None, second: int = 0) -> Row:
    event = created(customer_id, second=second)
    return row_of(evolve(None, event, decode(event)), 1)


def test_later_customers_sort_after_earlier_ones_whatever_their_ids() -> None:
    assert row("z", 1).listing_order < row("a", 2).listing_order


def test_customers_of_one_instant_have_an_order_too() -> None:
    assert row("a", 1).listing_order < row("b", 1).listing_order


def test_customers_spread_over_the_shards() -> None:
    counts = Counter(row().listing_shard for _ in range(1000))

    assert len(counts) == LISTING_SHARDS
    assert min(counts.values()) > 1000 / LISTING_SHARDS * 0.7
