"""Defects of the search by e-mail address, and of the key under which it finds a row."""

from typing import Any, Final

from projections import dynamodb_read_model
from projections.customers import CUSTOMERS
from projections.dynamodb_row import content_of as _content_of
from queries import search_customers
from queries.handlers import search_customers as search_handler
from queries.read_your_writes import wait_for
from tests.simulation.mutations.base import Mutation, one


def _kept_by_an_update(row: Any, shards: int, view: Any = CUSTOMERS) -> Any:
    content = _content_of(row, shards, view)
    return content if row.version <= 1 or row.listing is None else {k: v for k, v in content.items() if k != "address"}


def _kept_by_an_erasure(row: Any, shards: int, view: Any = CUSTOMERS) -> Any:
    content = _content_of(row, shards, view)
    return content if row.listing else {name: value for name, value in content.items() if name != "address"}


def _of_every_generation(row: Any, shards: int, view: Any = CUSTOMERS) -> Any:
    content = _content_of(row, shards, view)
    return content | ({"address": {"S": f"1#{row.listing.address}"}} if row.listing else {})


def _rows_proposed(claim: str, reader: Any, read_after: Any, clock: Any) -> Any:
    generation = reader.generations.load().active
    awaited = wait_for(read_after, reader.rows, generation, clock) if read_after else None
    for customer_id in reader.rows.ids_by_address(claim, generation):
        row = reader.rows.get(customer_id, generation, consistent=awaited is not None)
        if row and row.listing:
            yield row.listing


def _without_the_awaited_row(claim: str, reader: Any, read_after: Any, clock: Any) -> Any:
    return (listing for listing in _rows_proposed(claim, reader, read_after, clock) if listing.address == claim)


SEARCHES: Final[tuple[Mutation, ...]] = (
    one("an old address found: an update leaves the key", dynamodb_read_model, "content_of", _kept_by_an_update),
    one("an erased person found: an erasure leaves the key", dynamodb_read_model, "content_of", _kept_by_an_erasure),
    one("one key for the rows of all generations", dynamodb_read_model, "content_of", _of_every_generation),
    one("another customer found: the index is believed", search_customers, "_with_address", _rows_proposed),
    one("a search without the row that it waited for", search_customers, "_with_address", _without_the_awaited_row),
    one("a search that ignores the Consistency-Token", search_handler, "parse_read_after", lambda *_: None),
)
