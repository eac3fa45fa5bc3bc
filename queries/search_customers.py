"""Find the customer who has an e-mail address, in whatever spelling.

The address is in the body of a POST: URLs end in access logs, browser histories and traces.
"""

import json
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from events.claims import email_claim
from projections.read_model import Reader
from projections.row import Listing
from queries.get_all_customers import CustomerPage
from queries.read_your_writes import Clock, ReadAfter, wait_for

# An address has at most 254 characters (RFC 5321, 4.5.3.1.3), each of which may be sent as up to four (Unicode NFD).
LONGEST_ADDRESS: Final = 4 * 254
# A character that `str.strip` leaves, for every dialect of regular expressions.
VISIBLE: Final = r"[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"


def _trimmed(text: str) -> str:
    """Trim a text, and check no more: earlier releases accepted addresses that are refused now, and their customers are
    found too. The claim composes it (NFC).
    """
    trimmed = text.strip()
    if not trimmed:
        raise ValueError("must not be empty")
    if len(trimmed) > LONGEST_ADDRESS:
        raise ValueError(f"must have at most {LONGEST_ADDRESS} characters")
    return trimmed


class SearchCustomers(BaseModel):
    """The query."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: Annotated[
        str,
        AfterValidator(_trimmed),
        Field(
            description="The whole address. Case and the two spellings of an international domain do not matter.",
            examples=["ada@example.com"],
            json_schema_extra={"minLength": 1, "maxLength": LONGEST_ADDRESS, "pattern": VISIBLE},
        ),
    ]


def search_customers(
    query: SearchCustomers, reader: Reader, read_after: ReadAfter | None, clock: Clock
) -> CustomerPage:
    """Find the customer with an address.

    Args:
        read_after: A write that the answer must contain.

    Returns:
        A page with one customer or nobody.

    Raises:
        NotYetReadable: The projection does not have the write in time.
    """
    claim = email_claim(query.email)
    # Two rows show one address while the row of the customer who gave it up lags behind. That row is the older one: the
    # address was given up before it was taken.
    found = sorted(_with_address(claim, reader, read_after, clock), key=_updated_at)[-1:]
    documents = ",".join(listing.document for listing in found)
    document = f'{{"customers":[{documents}],"next_cursor":null}}'
    return CustomerPage(document, [listing.order.rpartition("#")[2] for listing in found])


def _with_address(claim: str, reader: Reader, read_after: ReadAfter | None, clock: Clock) -> Iterator[Listing]:
    """Yield what the rows of the customers with this address show. The index only proposes them, as it lags behind the
    rows, and the awaited row needs no proposal.
    """
    generation = reader.generations.load().active
    awaited = wait_for(read_after, reader.rows, generation, clock) if read_after else None
    rows = {awaited.customer_id: awaited} if awaited else {}
    for customer_id in reader.rows.ids_by_address(claim, generation):
        row = rows.get(customer_id) or reader.rows.get(customer_id, generation, consistent=awaited is not None)
        if row:
            rows[customer_id] = row
    for row in rows.values():
        if row.listing and row.listing.address == claim:
            yield row.listing


def _updated_at(listing: Listing) -> str:
    return str(json.loads(listing.document)["updated_at"])
