"""Get one customer."""

import re
from typing import Final

from projections.read_model import ReadModel
from projections.row import Row
from shared.http.problems import NotFound

_CUSTOMER_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def get_customer(customer_id: str, read_model: ReadModel) -> Row:
    """Find a customer.

    Args:
        customer_id: As asked for; anything that cannot be an id finds nothing.
        read_model: Where customers are read.

    Raises:
        NotFound: There is no such customer in the projection.
    """
    row = None
    if _CUSTOMER_ID.fullmatch(customer_id):
        row = read_model.get(customer_id, read_model.active_generation())
    if row is None:
        raise NotFound("There is no customer with this id. One that was created a moment ago may still be on its way.")
    return row
