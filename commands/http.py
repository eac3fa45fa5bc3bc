"""The HTTP side that all routes of the write side share."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from events.customer import Customer, CustomerEvent, State, is_customer_id
from events.envelope import trace_annotations
from shared.http.consistency import ConsistencyToken
from shared.http.problems import NotFound
from shared.http.request import Request
from shared.http.response import Response

WRITERS: Final = "customer-writers"
"""The group of the user pool whose members may write. Reading takes no group."""


def customer_id_of(request: Request) -> str:
    """The customer id in the path of a route with `{customer_id}`.

    Raises:
        NotFound: The path cannot be a customer id, so no lookup is needed.
    """
    customer_id = request.path.get("customer_id", "")
    if not is_customer_id(customer_id):
        raise NotFound("There is no customer with this id.")
    return customer_id


def write_response(
    status: HTTPStatus, state: State, event: type[CustomerEvent], headers: Mapping[str, str] | None = None
) -> Response:
    """The response to a write: its version, and the token that lets a later GET wait for it.

    It annotates the trace with the event, so that the event is found there.

    Args:
        state: The customer after the write; the body, unless they are erased.
        event: The type of event that this kind of write appends.
    """
    return Response(
        status,
        state.document() if isinstance(state, Customer) else "",
        {**(headers or {}), "ETag": f'"{state.version}"'},
        annotations=trace_annotations(state.id, state.version, event.type()),
        read_after=ConsistencyToken(state.id, state.version),
    )
