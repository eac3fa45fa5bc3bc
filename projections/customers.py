"""The customers' view: each row has the document that the API returns, and a place in the list."""

from typing import Final

from pydantic import ValidationError

from events.customer import State
from projections.row import Row, row_of
from projections.view import View


def _state_of(row: Row) -> State | None:
    """Return the state in a row. A row that today's code cannot read was written by other code."""
    try:
        return row.state()
    except ValidationError:
        return None


CUSTOMERS: Final = View("customers", 0, row_of, _state_of)
