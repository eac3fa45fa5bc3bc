"""GET /customers/{customer_id}."""

from http import HTTPStatus

from projections.dynamodb_read_model import reader_for
from queries.get_customer import get_customer
from queries.read_your_writes import REAL_CLOCK, parse_read_after
from shared.http.endpoint import endpoint
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
    """Get one customer."""
    customer_id = request.path.get("customer_id", "")
    read_after = parse_read_after(request.headers, keys)
    listing, version = get_customer(customer_id, reader, read_after, REAL_CLOCK)
    headers, log = {"ETag": f'"{version}"'}, {"customer": fingerprint(customer_id)}
    return Response(HTTPStatus.OK, listing.document, headers, log=log)
