"""POST /customers."""

from http import HTTPStatus

from commands.context import context_of
from commands.create_customer import CreateCustomer, create_customer
from commands.http import WRITERS, write_response
from events.customer import CustomerCreated
from events.dynamodb_store import DynamoDbEventStore
from shared.http.body import parse_request
from shared.http.endpoint import endpoint
from shared.http.problems import PreconditionFailed
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.ids import new_id
from shared.runtime.settings import required
from shared.runtime.signing_keys import keyring_of

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"), required("CLAIMS_TABLE"))


@endpoint(scope="customers/write", group=WRITERS, keys=keyring_of(required("SIGNING_SECRET")))
def handle(request: Request) -> Response:
    """Create a customer."""
    now = utc_now()
    command = parse_request(CreateCustomer, request, {"today": now.date()})
    context = context_of(request, "POST /customers", command.content(), now, new_id())
    # The target of the conditions is the list of customers, which exists and has no ETag.
    if false := context.conditions.first_false(None):
        raise PreconditionFailed(f"{false} cannot be true for a new customer: send the request without it.")
    customer_id = context.metadata.command_id if context.keyed else new_id()
    customer = create_customer(command, store, customer_id, context)
    # Relative to the request's URL, so that it holds behind every stage, domain and prefix (RFC 9110, 10.2.2).
    location = {"Location": f"./customers/{customer.id}"}
    return write_response(HTTPStatus.CREATED, customer, CustomerCreated, location)
