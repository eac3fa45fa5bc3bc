"""DELETE /customers/{customer_id}."""

import time
from http import HTTPStatus

from aws_lambda_powertools.metrics import MetricUnit

from commands.context import context_of
from commands.erase_customer import EraseCustomer, erase_customer
from commands.http import WRITERS, customer_id_of, write_response
from events.customer import CustomerErased
from events.dynamodb_store import DynamoDbEventStore
from shared.http.endpoint import endpoint
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.ids import new_id
from shared.runtime.observability import metrics
from shared.runtime.settings import required
from shared.runtime.signing_keys import keyring_of

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"), required("CLAIMS_TABLE"), required("ERASURES_TABLE"))


@endpoint(scope="customers/write", group=WRITERS, keys=keyring_of(required("SIGNING_SECRET")))
def handle(request: Request) -> Response:
    """Erase a customer."""
    customer_id = customer_id_of(request)
    context = context_of(request, f"DELETE {customer_id}", "", utc_now(), new_id())
    erased = erase_customer(EraseCustomer(), store, customer_id, context, time.sleep)
    metrics.add_metric("CustomersErased", MetricUnit.Count, 1)
    return write_response(HTTPStatus.NO_CONTENT, erased, CustomerErased)
