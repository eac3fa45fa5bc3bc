"""DELETE /customers/{customer_id}."""

import time
from http import HTTPStatus

from commands.answers import written
from commands.context import context_of
from commands.erase_customer import erase_customer
from commands.handlers.addressed import addressed_customer
from events.customer import CustomerErased
from events.dynamodb_store import DynamoDbEventStore
from shared.http.endpoint import endpoint
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.ids import new_id
from shared.runtime.settings import required

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"), required("CLAIMS_TABLE"))


@endpoint(scope="customers/write")
def handle(request: Request) -> Response:
    """Erase a customer."""
    customer_id = addressed_customer(request)
    context = context_of(request, f"DELETE {customer_id}", "", utc_now(), new_id())
    erased = erase_customer(store, customer_id, context, time.sleep)
    return Response(HTTPStatus.NO_CONTENT, headers=written(erased, CustomerErased))
