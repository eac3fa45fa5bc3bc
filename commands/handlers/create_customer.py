"""POST /customers."""

from http import HTTPStatus

from commands.context import context_of
from commands.create_customer import CreateCustomer, create_customer
from events.dynamodb_store import DynamoDbEventStore
from shared.http.body import parse_body
from shared.http.endpoint import endpoint
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.ids import new_id
from shared.runtime.settings import required

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))


@endpoint(scope="customers/write")
def handle(request: Request) -> Response:
    """Create a customer."""
    context = context_of(request, utc_now(), new_id())
    command = parse_body(CreateCustomer, request.body, {"today": context.now.date()})
    customer = create_customer(command, store, new_id(), context)
    # Relative to the request's address, so that it holds behind every stage, domain and prefix (RFC 9110, 10.2.2).
    return Response(HTTPStatus.CREATED, customer.document(), {"Location": f"./customers/{customer.id}"})
