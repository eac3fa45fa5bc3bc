"""GET /customers."""

from http import HTTPStatus

from projections.dynamodb_read_model import reader_for
from queries.get_all_customers import get_all_customers, parse_query
from queries.read_your_writes import REAL_CLOCK, parse_read_after
from shared.http.endpoint import endpoint
from shared.http.preconditions import answer_without_etag
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.ids import fingerprint
from shared.runtime.settings import required
from shared.runtime.signing_keys import keyring_of

reader = reader_for(dynamodb(), required("READ_TABLE"))
keys = keyring_of(required("SIGNING_SECRET"))


@endpoint(scope="customers/read", parameters=None)
def handle(request: Request) -> Response:
    """List customers."""
    query = parse_query(request.query, keys, request.repeated)
    read_after = parse_read_after(request.headers, keys)
    # A page has no ETag: it changes with every customer, and to know that it has not would cost as much as sending it.
    if decided := answer_without_etag(request.headers, "The list has"):
        return decided
    page = get_all_customers(query, reader, keys, read_after, REAL_CLOCK)
    return Response(HTTPStatus.OK, page.document, log={"customers": [fingerprint(shown) for shown in page.ids]})
