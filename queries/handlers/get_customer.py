"""GET /customers/{customer_id}."""

from http import HTTPStatus

from projections.dynamodb_read_model import reader_for
from queries.get_customer import get_customer
from queries.read_your_writes import REAL_CLOCK, parse_read_after
from shared.http.endpoint import endpoint
from shared.http.preconditions import etag_of, preconditions_of
from shared.http.problems import StaleVersion
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.settings import required

reader = reader_for(dynamodb(), required("READ_TABLE"))


@endpoint(scope="customers/read")
def handle(request: Request) -> Response:
    """Get one customer."""
    read_after = parse_read_after(request.headers)
    conditions = preconditions_of(request.headers)
    listing, version = get_customer(request.path.get("customer_id", ""), reader, read_after, REAL_CLOCK)
    etag = etag_of(version)
    match conditions.first_false(etag):
        case "If-Match":
            raise StaleVersion(version)
        case "If-None-Match":
            return Response(HTTPStatus.NOT_MODIFIED, "", {"ETag": etag})
    return Response(HTTPStatus.OK, listing.document, {"ETag": etag})
