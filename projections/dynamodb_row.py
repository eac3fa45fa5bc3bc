"""A row as an item of the read table: its attributes, the keys of its indexes, and what a write of it costs."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from projections.address import address_key
from projections.customers import CUSTOMERS
from projections.dynamodb_keys import key_of_row, rows_prefix, version_attribute
from projections.row import Listing, Parked, Row
from projections.shards import listing_key, parked_key, shard_of
from projections.view import View

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

UNIT_BYTES: Final = 1024
_KEY: Final = ("customer_id", "generation")
_LISTING: Final = (*_KEY, "listing_shard", "listing_order", "document")
_ADDRESS: Final = (*_KEY, "address")
_PARKED: Final = (*_KEY, "parked_in", "parked_since", "version", "parked_version", "parked_reason", "parked_attempts")


def key_of(customer_id: str, generation: int) -> "Mapping[str, AttributeValueTypeDef]":
    """Return the key of the item of a row of the customers' view."""
    return key_of_row(CUSTOMERS, customer_id, generation)


def content_of(row: Row, shards: int, view: View = CUSTOMERS) -> "dict[str, AttributeValueTypeDef | None]":
    """Return a row's attributes other than its key; None for those that it does not have.

    Args:
        shards: The number of shards of the row's generation.
        view: Whose row it is.
    """
    listing, parked = row.listing, row.parked
    shard = shard_of(row.customer_id, shards)
    return {
        version_attribute(view): {"N": str(row.version)},
        "document": {"S": listing.document} if listing else None,
        "listing_shard": {"S": listing_key(row.generation, shard, view)} if listing else None,
        "listing_order": {"S": listing.order} if listing else None,
        # The key of the index `address`, which copies nothing else: an update that keeps the address costs it nothing.
        "address": _address_of(row.generation, listing, view),
        # The key of the index `parked`: only parked rows have it, so only they are in the index.
        "parked_in": {"N": parked_key(row.generation, shard, view)} if parked else None,
        "parked_since": {"S": parked.since} if parked else None,
        "parked_version": {"N": str(parked.version)} if parked else None,
        "parked_reason": {"S": parked.reason} if parked else None,
        "parked_attempts": {"N": str(row.attempts)},
    }


def present(content: "Mapping[str, AttributeValueTypeDef | None]") -> "dict[str, AttributeValueTypeDef]":
    """Leave out the attributes that a row does not have."""
    return {name: value for name, value in content.items() if value is not None}


def to_row(item: Mapping[str, Any], shards: int | None = None, view: View = CUSTOMERS) -> Row:
    """Read a row from an item of the table or of an index.

    Args:
        shards: The number of shards of the row's generation; None to leave the keys of the indexes unchecked, as for an
            item of an index, which does not have all of them.
        view: Whose row it is.
    """
    listing = to_listing(item) if "document" in item else None
    return Row(
        customer_id=item["customer_id"]["S"].removeprefix(rows_prefix(view)),
        generation=int(item["generation"]["N"]),
        version=int(item[version_attribute(view)]["N"]),
        listing=listing,
        parked=_parked(item) if "parked_reason" in item else None,
        misplaced=shards is not None and _is_misplaced(item, listing, shards, view),
    )


def to_listing(item: Mapping[str, Any]) -> Listing:
    """Read the visible part of a row."""
    return Listing(document=item["document"]["S"], order=item.get("listing_order", {}).get("S", ""))


def write_units(row: Row, shards: int, view: View = CUSTOMERS) -> int:
    """Return the write units that a write or a removal of a row uses, in the table and in its indexes.

    Each copy is rounded up to a whole kilobyte on its own (DynamoDB docs, "Write capacity unit consumption", and
    "DynamoDB item sizes and formats"; `python -m benchmarks.consumed_units` measures it).

    Args:
        shards: The number of shards of the row's generation.
        view: Whose row it is.
    """
    item = {**key_of_row(view, row.customer_id, row.generation), **present(content_of(row, shards, view))}
    copies: list[Iterable[str]] = [item]
    copies += [_LISTING] if row.listing else []
    copies += [_ADDRESS] if "address" in item else []
    copies += [_PARKED] if row.parked else []
    return sum(ceil(sum(_bytes(name, item[name]) for name in copy if name in item) / UNIT_BYTES) for copy in copies)


def size_of(item: "Mapping[str, AttributeValueTypeDef]") -> int:
    """Return the bytes of an item or of a part of it."""
    return sum(_bytes(name, value) for name, value in item.items())


def _bytes(name: str, value: Mapping[str, Any]) -> int:
    [(kind, text)] = value.items()
    # A number takes about a byte for two digits, and one more.
    return len(name) + (len(text) // 2 + 2 if kind == "N" else len(text.encode()))


def _address_of(generation: int, listing: Listing | None, view: View) -> "AttributeValueTypeDef | None":
    """Only customers are found by address: the index knows no views."""
    if view.name != CUSTOMERS.name or listing is None or listing.address is None:
        return None
    return {"S": address_key(generation, listing.address)}


def _is_misplaced(item: Mapping[str, Any], listing: Listing | None, shards: int, view: View) -> bool:
    generation = int(item["generation"]["N"])
    shard = shard_of(item["customer_id"]["S"].removeprefix(rows_prefix(view)), shards)
    is_listed, is_parked = listing is not None, "parked_reason" in item
    if item.get("address") != _address_of(generation, listing, view):
        return True
    listed_at = item.get("listing_shard", {}).get("S")
    parked_in = item.get("parked_in", {}).get("N")
    # Rows that were parked before the index had shards are all in the first one, where every reader finds them.
    return listed_at != (listing_key(generation, shard, view) if is_listed else None) or parked_in not in (
        (parked_key(generation, shard, view), parked_key(generation, 0, view)) if is_parked else (None,)
    )


def _parked(item: Mapping[str, Any]) -> Parked:
    return Parked(
        version=int(item["parked_version"]["N"]),
        reason=item["parked_reason"]["S"],
        since=item.get("parked_since", {}).get("S", ""),
        attempts=int(item["parked_attempts"]["N"]),
    )
