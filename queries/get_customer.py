"""Get one customer."""

from events.customer import parse_customer_id
from projections.read_model import Reader
from projections.row import Listing, Row
from queries.read_your_writes import Clock, ReadAfter, wait_for
from shared.http.problems import NotFound


def get_customer(requested_id: str, reader: Reader, read_after: ReadAfter | None, clock: Clock) -> tuple[Listing, int]:
    """Get a customer and their version.

    Args:
        requested_id: In whatever case. A text that cannot be an id is not found.
        read_after: A write that the answer must contain.

    Raises:
        NotFound: The projection has no such customer, or the customer was erased.
        NotYetReadable: The projection does not have the write in time.
    """
    customer_id = parse_customer_id(requested_id)
    row = _row(customer_id, reader, read_after, clock) if customer_id else None
    if row is None or row.listing is None:
        raise NotFound("There is no customer with this id. If it was created a moment ago, try again.")
    return row.listing, row.version


def _row(customer_id: str, reader: Reader, read_after: ReadAfter | None, clock: Clock) -> Row | None:
    generation = reader.generations.load().active
    if read_after is None:
        return reader.rows.get(customer_id, generation)
    awaited = wait_for(read_after, reader.rows, generation, clock)
    return awaited if awaited.customer_id == customer_id else reader.rows.get(customer_id, generation, consistent=True)
