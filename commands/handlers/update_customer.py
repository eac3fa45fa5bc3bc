"""PUT /customers/{customer_id}."""

import time
from http import HTTPStatus

from commands.context import context_of
from commands.http import WRITERS, customer_id_of, write_response
from commands.update_customer import NewDetails, UpdateCustomer, update_customer
from events.customer import CustomerUpdated
from events.dynamodb_store import DynamoDbEventStore
from shared.http.body import parse_request
from shared.http.endpoint import endpoint
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
    """Replace a customer's details."""
    customer_id = customer_id_of(request)
    now = utc_now()
    details = parse_request(NewDetails, request, {"today": now.date()})
    context = context_of(request, f"PUT {customer_id}", details.content(), now, new_id())
    command = UpdateCustomer(details, keyed=context.keyed)
    customer = update_customer(command, store, customer_id, context, time.sleep)
    return write_response(HTTPStatus.OK, customer, CustomerUpdated)
