"""Get all customers, newest first, page by page."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from projections.generations import Generations
from projections.read_model import Reader
from projections.row import Listing, Row
from queries.cursor import Cursor, InvalidCursor, decode_cursor, encode_cursor
from queries.read_your_writes import Clock, ReadAfter, wait_for
from shared.http.problems import FieldError, InvalidFields
from shared.runtime.signing import Keyring

DEFAULT_LIMIT: Final = 25
LARGEST_LIMIT: Final = 100
_NUMBER: Final = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class GetAllCustomers:
    """The query.

    Attributes:
        limit: The maximum number of customers on the page, 1 to 100.
        cursor: Where the previous page ended; None for the first page.
    """

    limit: int = DEFAULT_LIMIT
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One page of the list.

    Attributes:
        document: The answer as JSON: `{"customers": [...], "next_cursor": string or null}`. The stored documents are
            joined without parsing: parsing and serializing them would cost four times the CPU time of the whole answer.
        ids: The ids of the customers on it.
    """

    document: str
    ids: Sequence[str]


def parse_query(parameters: Mapping[str, str], keys: Keyring) -> GetAllCustomers:
    """Parse the query parameters.

    Args:
        keys: Used only if there is a cursor.

    Raises:
        InvalidFields: Some parameters are invalid or unknown. Each is named.
    """
    errors = [
        FieldError(name, f"{name} is unknown: remove it.", unknown=True)
        for name in sorted(parameters.keys() - {"limit", "cursor"})
    ]
    limit, cursor = DEFAULT_LIMIT, None
    try:
        limit = _limit(parameters.get("limit"))
    except ValueError:
        errors.append(FieldError("limit", f"limit must be a whole number from 1 to {LARGEST_LIMIT}."))
    try:
        cursor = decode_cursor(parameters["cursor"], keys) if "cursor" in parameters else None
    except InvalidCursor:
        errors.append(FieldError("cursor", "cursor must be a next_cursor of this list: start again without a cursor."))
    if errors:
        raise InvalidFields(errors)
    return GetAllCustomers(limit, cursor)


def get_all_customers(
    query: GetAllCustomers, reader: Reader, keys: Keyring, read_after: ReadAfter | None, clock: Clock
) -> CustomerPage:
    """Get one page of the list.

    Args:
        keys: Used only if there is a next page.
        read_after: A write that the answer must contain.

    Raises:
        NotYetReadable: The projection does not have the write in time.
        InvalidFields: The cursor's generation is no longer readable.
    """
    generation = _generation(query.cursor, reader.generations.load())
    after = query.cursor.after if query.cursor else None
    awaited = wait_for(read_after, reader.rows, generation, clock) if read_after else None
    # One more than shown, to know whether there is a next page, and another one in case the awaited row was erased.
    listings = reader.rows.page(generation, query.limit + 2, after)
    if awaited:
        listings = _with(awaited, listings, after)
    shown = listings[: query.limit]
    has_next = len(listings) > query.limit
    next_cursor = encode_cursor(Cursor(generation, shown[-1].order), keys) if has_next else None
    documents = ",".join(listing.document for listing in shown)
    document = f'{{"customers":[{documents}],"next_cursor":{json.dumps(next_cursor)}}}'
    return CustomerPage(document, [listing.order.rpartition("#")[2] for listing in shown])


def _generation(cursor: Cursor | None, generations: Generations) -> int:
    """Return the generation to read. Every page of a list is read from the same one, as long as it is fed."""
    if cursor is None:
        return generations.active
    if cursor.generation not in generations.readable:
        raise InvalidFields([FieldError("cursor", "cursor has expired: start again without a cursor.")])
    return cursor.generation


def _with(row: Row, listings: Sequence[Listing], after: str | None) -> Sequence[Listing]:
    """Return the page with this row as the table has it: the listing index may lag behind its table."""
    others = [listing for listing in listings if not listing.order.endswith(f"#{row.customer_id}")]
    if row.listing is None or (after is not None and row.listing.order >= after):
        return others
    return sorted([*others, row.listing], key=lambda listing: listing.order, reverse=True)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= LARGEST_LIMIT:
        raise ValueError(text)
    return int(text)
