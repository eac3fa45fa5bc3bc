"""A row as an item of the read table, and back."""

from dataclasses import replace

import pytest

from events.claims import email_claim
from projections.dynamodb_row import content_of, key_of, present, to_listing, to_row
from projections.row import Listing, Parked, Row
from projections.shards import listing_key, parked_key, shard_of

SHARDS = 16
PARKED = Parked(version=4, reason="unknown type", since="2026-05-17T09:30:00.000000Z", attempts=2)
DOCUMENT = '{"id":"c-2","email":"ada@example.com"}'
ROW = Row("c-2", 2, 3, Listing(DOCUMENT, "2026#c-2"), PARKED)


def test_every_attribute_has_its_name_and_its_type() -> None:
    """The template defines the keys of the indexes by these names, and stored rows have them."""
    shard = shard_of("c-2", SHARDS)

    assert {**key_of("c-2", 2), **content_of(ROW, SHARDS)} == {
        "customer_id": {"S": "c-2"},
        "generation": {"N": "2"},
        "version": {"N": "3"},
        "document": {"S": DOCUMENT},
        "listing_shard": {"S": listing_key(2, shard)},
        "listing_order": {"S": "2026#c-2"},
        "address": {"S": f"2#{email_claim('ada@example.com')}"},
        "parked_in": {"N": parked_key(2, shard)},
        "parked_since": {"S": "2026-05-17T09:30:00.000000Z"},
        "parked_version": {"N": "4"},
        "parked_reason": {"S": "unknown type"},
        "parked_attempts": {"N": "2"},
    }
    assert present(content_of(Row("c-2", 2, 3, None), SHARDS)) == {"version": {"N": "3"}, "parked_attempts": {"N": "0"}}


@pytest.mark.parametrize(
    "row", [ROW, replace(ROW, parked=None), replace(ROW, listing=None), Row("c-2", 2, 5, None)], ids=repr
)
@pytest.mark.parametrize("checked", [SHARDS, None])
def test_a_row_is_read_as_it_was_written(row: Row, checked: int | None) -> None:
    assert to_row({**key_of("c-2", 2), **present(content_of(row, SHARDS))}, checked) == row


def test_a_row_that_lost_what_its_indexes_sort_by_can_be_read() -> None:
    """`verify` finds it, and a write puts it right."""
    item = {**key_of("c-2", 2), **present(content_of(ROW, SHARDS))}
    del item["listing_order"], item["parked_since"]

    assert ROW.listing
    listing = replace(ROW.listing, order="")
    assert to_listing(item) == listing
    assert to_row(item) == replace(ROW, listing=listing, parked=replace(PARKED, since=""))
