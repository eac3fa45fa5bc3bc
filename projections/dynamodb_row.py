"""A row as an item of the read table: its attributes, the keys of its indexes, and what a write of it costs."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from projections.address import address_key
from projections.row import Listing, Parked, Row
from projections.shards import listing_key, parked_key, shard_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_UNIT_BYTES: Final = 1024
_KEY: Final = ("customer_id", "generation")
_LISTING: Final = (*_KEY, "listing_shard", "listing_order", "document")
_ADDRESS: Final = (*_KEY, "address")
_PARKED: Final = (*_KEY, "parked_in", "parked_since", "version", "parked_version", "parked_reason", "parked_attempts")


def key_of(customer_id: str, generation: int) -> "Mapping[str, AttributeValueTypeDef]":
    """Return the key of a row's item."""
    return {"customer_id": {"S": customer_id}, "generation": {"N": str(generation)}}


def content_of(row: Row, shards: int) -> "dict[str, AttributeValueTypeDef | None]":
    """Return a row's attributes other than its key; None for those that it does not have.

    Args:
        shards: The number of shards of the row's generation.
    """
    listing, parked = row.listing, row.parked
    shard = shard_of(row.customer_id, shards)
    return {
        "version": {"N": str(row.version)},
        "document": {"S": listing.document} if listing else None,
        "listing_shard": {"S": listing_key(row.generation, shard)} if listing else None,
        "listing_order": {"S": listing.order} if listing else None,
        # The key of the index `address`, which copies nothing else: an update that keeps the address costs it nothing.
        "address": _address_of(row.generation, listing),
        # The key of the index `parked`: only parked rows have it, so only they are in the index.
        "parked_in": {"N": parked_key(row.generation, shard)} if parked else None,
        "parked_since": {"S": parked.since} if parked else None,
        "parked_version": {"N": str(parked.version)} if parked else None,
        "parked_reason": {"S": parked.reason} if parked else None,
        "parked_attempts": {"N": str(row.attempts)},
    }


def present(content: "Mapping[str, AttributeValueTypeDef | None]") -> "dict[str, AttributeValueTypeDef]":
    """Leave out the attributes that a row does not have."""
    return {name: value for name, value in content.items() if value is not None}


def to_row(item: Mapping[str, Any], shards: int | None = None) -> Row:
    """Read a row from an item of the table or of an index.

    Args:
        shards: The number of shards of the row's generation; None to leave the keys of the indexes unchecked, as for an
            item of an index, which does not have all of them.
    """
    return Row(
        customer_id=item["customer_id"]["S"],
        generation=int(item["generation"]["N"]),
        version=int(item["version"]["N"]),
        listing=to_listing(item) if "document" in item else None,
        parked=_parked(item) if "parked_reason" in item else None,
        misplaced=shards is not None and _is_misplaced(item, shards),
    )


def to_listing(item: Mapping[str, Any]) -> Listing:
    """Read the visible part of a row."""
    return Listing(document=item["document"]["S"], order=item.get("listing_order", {}).get("S", ""))


def write_units(row: Row, shards: int) -> int:
    """Return the write units that a write or a removal of a row uses, in the table and in its indexes.

    Each copy is rounded up to a whole kilobyte on its own (DynamoDB docs, "Write capacity unit consumption", and
    "DynamoDB item sizes and formats"; `python -m benchmarks.consumed_units` measures it).

    Args:
        shards: The number of shards of the row's generation.
    """
    item = {**key_of(row.customer_id, row.generation), **present(content_of(row, shards))}
    copies: list[Iterable[str]] = [item]
    copies += [_LISTING] if row.listing else []
    copies += [_ADDRESS] if "address" in item else []
    copies += [_PARKED] if row.parked else []
    return sum(ceil(sum(_bytes(name, item[name]) for name in copy if name in item) / _UNIT_BYTES) for copy in copies)


def _bytes(name: str, value: Mapping[str, Any]) -> int:
    [(kind, text)] = value.items()
    # A number takes about a byte for two digits, and one more.
    return len(name) + (len(text) // 2 + 2 if kind == "N" else len(text.encode()))


def _address_of(generation: int, listing: Listing | None) -> "AttributeValueTypeDef | None":
    return {"S": address_key(generation, listing.address)} if listing and listing.address else None


def _is_misplaced(item: Mapping[str, Any], shards: int) -> bool:
    generation = int(item["generation"]["N"])
    shard = shard_of(item["customer_id"]["S"], shards)
    is_listed, is_parked = "document" in item, "parked_reason" in item
    if item.get("address") != _address_of(generation, to_listing(item) if is_listed else None):
        return True
    listed_at = item.get("listing_shard", {}).get("S")
    parked_in = item.get("parked_in", {}).get("N")
    # Rows that were parked before the index had shards are all in the first one, where every reader finds them.
    return listed_at != (listing_key(generation, shard) if is_listed else None) or parked_in not in (
        (parked_key(generation, shard), parked_key(generation, 0)) if is_parked else (None,)
    )


def _parked(item: Mapping[str, Any]) -> Parked:
    return Parked(
        version=int(item["parked_version"]["N"]),
        reason=item["parked_reason"]["S"],
        since=item.get("parked_since", {}).get("S", ""),
        attempts=int(item["parked_attempts"]["N"]),
    )
