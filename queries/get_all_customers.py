"""Get all customers, newest first, page by page."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from projections.generations import Generations
from projections.read_model import Reader
from projections.row import Listing, Row
from queries.cursor import Cursor, InvalidCursor, seal, unseal
from queries.read_your_writes import Clock, ReadAfter, wait_for
from shared.http.problems import FieldError, InvalidFields

DEFAULT_LIMIT: Final = 25
LARGEST_LIMIT: Final = 100
_NUMBER: Final = re.compile(r"[0-9]{1,3}")


Key = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class GetAllCustomers:
    """Please list customers.

    Attributes:
        limit: At most so many, 1 to 100.
        cursor: Where an earlier page ended; None for the first.
    """

    limit: int = DEFAULT_LIMIT
    cursor: Cursor | None = None


def parse_query(query: Mapping[str, str], key: Key) -> GetAllCustomers:
    """Read the query parameters.

    Args:
        query: By name.
        key: Gives what cursors are signed with; asked only when there is a cursor.

    Raises:
        InvalidFields: Some are bad or unknown; each is named.
    """
    errors = [
        FieldError(name, f"{name} is unknown: remove it.", unknown=True)
        for name in sorted(query.keys() - {"limit", "cursor"})
    ]
    limit, cursor = DEFAULT_LIMIT, None
    try:
        limit = _limit(query.get("limit"))
    except ValueError:
        errors.append(FieldError("limit", f"limit must be a whole number from 1 to {LARGEST_LIMIT}."))
    try:
        cursor = unseal(query["cursor"], key()) if "cursor" in query else None
    except InvalidCursor:
        errors.append(FieldError("cursor", "cursor must be a next_cursor of this list: start again without it."))
    if errors:
        raise InvalidFields(errors)
    return GetAllCustomers(limit, cursor)


def get_all_customers(
    query: GetAllCustomers, reader: Reader, key: Key, patience: ReadAfter | None, clock: Clock
) -> str:
    """One page.

    Args:
        query: What is asked.
        reader: Where customers are read.
        key: Gives what cursors are signed with; asked only when there is a next page.
        patience: A write that the answer must contain.
        clock: Real or not.

    Returns:
        The answer as JSON: `{"customers": [...], "next_cursor": text or null}`. The stored documents are joined as
        they are, as parsing and writing them again would cost four times the CPU of the whole answer.

    Raises:
        NotYetReadable: The projection does not have the write in time.
        InvalidFields: The list that the cursor belongs to is no longer kept.
    """
    generation = _generation(query.cursor, reader.generations.load())
    after = query.cursor.after if query.cursor else None
    awaited = wait_for(patience, reader.rows, generation, clock) if patience else None
    # One more than shown tells whether there is a next page; another one may be an erased customer's.
    found = reader.rows.page(generation, query.limit + 2, after)
    if awaited:
        found = _with(awaited, found, after)
    shown = found[: query.limit]
    next_cursor = seal(Cursor(generation, shown[-1].order), key()) if len(found) > query.limit else None
    documents = ",".join(listing.document for listing in shown)
    return f'{{"customers":[{documents}],"next_cursor":{json.dumps(next_cursor)}}}'


def _generation(cursor: Cursor | None, generations: Generations) -> int:
    """The generation to read: a list stays with the one that its first page came from, as long as that is fed."""
    if cursor is None:
        return generations.active
    if cursor.generation not in generations.readable:
        raise InvalidFields([FieldError("cursor", "cursor is too old: start again without it.")])
    return cursor.generation


def _with(row: Row, found: Sequence[Listing], after: str | None) -> Sequence[Listing]:
    """A page as it is with one row that is known for certain: the listing index may lag behind its table."""
    others = [listing for listing in found if not listing.order.endswith(f"#{row.customer_id}")]
    if row.listing is None or (after is not None and row.listing.order >= after):
        return others
    return sorted([*others, row.listing], key=lambda listing: listing.order, reverse=True)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= LARGEST_LIMIT:
        raise ValueError(text)
    return int(text)
