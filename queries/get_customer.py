"""Get one customer."""

from events.customer import is_customer_id
from projections.read_model import Reader
from projections.row import Listing, Row
from queries.read_your_writes import Clock, ReadAfter, wait_for
from shared.http.problems import NotFound


def get_customer(customer_id: str, reader: Reader, patience: ReadAfter | None, clock: Clock) -> tuple[Listing, int]:
    """Find a customer.

    Args:
        customer_id: As asked for; anything that cannot be an id finds nothing.
        reader: Where customers are read.
        patience: A write that the answer must contain.
        clock: Real or not.

    Returns:
        What is shown, and its version.

    Raises:
        NotFound: There is no such customer in the projection, or they were erased.
        NotYetReadable: The projection does not have the write in time.
    """
    row = _row(customer_id, reader, patience, clock) if is_customer_id(customer_id) else None
    if row is None or row.listing is None:
        raise NotFound("There is no customer with this id. One that was created a moment ago may still be on its way.")
    return row.listing, row.version


def _row(customer_id: str, reader: Reader, patience: ReadAfter | None, clock: Clock) -> Row | None:
    generation = reader.generations.load().active
    if patience is None:
        return reader.rows.get(customer_id, generation)
    awaited = wait_for(patience, reader.rows, generation, clock)
    return awaited if awaited.customer_id == customer_id else reader.rows.get(customer_id, generation, consistent=True)
