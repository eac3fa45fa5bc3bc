"""POST /customers/search."""

from http import HTTPStatus

from projections.dynamodb_read_model import reader_for
from queries.read_your_writes import REAL_CLOCK, parse_read_after
from queries.search_customers import SearchCustomers, search_customers
from shared.http.body import parse_request
from shared.http.endpoint import endpoint
from shared.http.preconditions import preconditions_of
from shared.http.problems import PreconditionFailed
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.ids import fingerprint
from shared.runtime.settings import required
from shared.runtime.signing_keys import keyring_of

reader = reader_for(dynamodb(), required("READ_TABLE"))
keys = keyring_of(required("SIGNING_SECRET"))


@endpoint(scope="customers/read")
def handle(request: Request) -> Response:
    """Find a customer by e-mail address."""
    query = parse_request(SearchCustomers, request, {})
    read_after = parse_read_after(request.headers, keys)
    # The target of the conditions is the search, which exists and has no ETag. 304 is for GET alone (RFC 9110, 13.1.2).
    if false := preconditions_of(request.headers).first_false(None):
        raise PreconditionFailed(f"{false} cannot be true for a search: send the request without it.")
    page = search_customers(query, reader, read_after, REAL_CLOCK)
    return Response(HTTPStatus.OK, page.document, log={"customers": [fingerprint(found) for found in page.ids]})
