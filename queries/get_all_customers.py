"""Get all customers, newest first, page by page."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from projections.read_model import ReadModel
from queries.cursor import Cursor, InvalidCursor, seal, unseal
from shared.http.problems import FieldError, InvalidFields

_DEFAULT_LIMIT: Final = 25
_LARGEST_LIMIT: Final = 100
_NUMBER: Final = re.compile(r"[0-9]{1,3}")


Key = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class GetAllCustomers:
    """Please list customers.

    Attributes:
        limit: At most so many, 1 to 100.
        cursor: Where an earlier page ended; None for the first.
    """

    limit: int = _DEFAULT_LIMIT
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
        FieldError(name, f"{name} is not known: leave it out.", unknown=True)
        for name in sorted(query.keys() - {"limit", "cursor"})
    ]
    limit, cursor = _DEFAULT_LIMIT, None
    try:
        limit = _limit(query.get("limit"))
    except ValueError:
        errors.append(FieldError("limit", f"limit must be a whole number from 1 to {_LARGEST_LIMIT}."))
    try:
        cursor = unseal(query["cursor"], key()) if "cursor" in query else None
    except InvalidCursor:
        errors.append(FieldError("cursor", "cursor must be a next_cursor of this list: start again without it."))
    if errors:
        raise InvalidFields(errors)
    return GetAllCustomers(limit, cursor)


def get_all_customers(query: GetAllCustomers, read_model: ReadModel, key: Key) -> str:
    """One page.

    Args:
        query: What is asked.
        read_model: Where customers are read.
        key: Gives what cursors are signed with; asked only when there is a cursor.

    Returns:
        The answer as JSON: `{"customers": [...], "next_cursor": text or null}`. The stored documents are joined as
        they are, as parsing and writing them again would cost four times the CPU of the whole answer.
    """
    generation = query.cursor.generation if query.cursor else read_model.active_generation()
    found = read_model.page(generation, query.limit + 1, query.cursor.after if query.cursor else None)
    shown = found[: query.limit]
    more = len(found) > query.limit
    next_cursor = seal(Cursor(generation, shown[-1].order), key()) if more else None
    return f'{{"customers":[{",".join(listed.document for listed in shown)}],"next_cursor":{json.dumps(next_cursor)}}}'


def _limit(text: str | None) -> int:
    if text is None:
        return _DEFAULT_LIMIT
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= _LARGEST_LIMIT:
        raise ValueError(text)
    return int(text)
