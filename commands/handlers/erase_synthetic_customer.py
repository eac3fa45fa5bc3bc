"""Erases a customer that the pre-traffic check created. `CreateCustomerPreTraffic` invokes it; no route leads here."""

import time
from http import HTTPStatus

from commands.context import context_of
from commands.erase_customer import EraseCustomer, erase_customer
from commands.http import customer_id_of, write_response
from commands.pre_traffic import is_synthetic
from events.customer import CustomerErased
from events.dynamodb_store import DynamoDbEventStore
from shared.http.endpoint import endpoint
from shared.http.problems import NotFound
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.ids import new_id
from shared.runtime.settings import required
from shared.runtime.signing_keys import keyring_of

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"), required("CLAIMS_TABLE"), required("ERASURES_TABLE"))


@endpoint(scope="customers/write", keys=keyring_of(required("SIGNING_SECRET")))
def handle(request: Request) -> Response:
    """Erase a synthetic customer. Any other customer does not exist for this function."""
    customer_id = customer_id_of(request)
    if not is_synthetic(store.read(customer_id)):
        raise NotFound("There is no synthetic customer with this id.")
    context = context_of(request, f"DELETE {customer_id}", "", utc_now(), new_id())
    erased = erase_customer(EraseCustomer(), store, customer_id, context, time.sleep)
    return write_response(HTTPStatus.NO_CONTENT, erased, CustomerErased)
