"""Which customer a request's path names."""

from events.customer import is_customer_id
from shared.http.problems import NotFound
from shared.http.request import Request


def addressed_customer(request: Request) -> str:
    """The path's customer.

    Args:
        request: Of a route with `{customer_id}`.

    Raises:
        NotFound: It cannot be a customer's id, so there is no need to look.
    """
    customer_id = request.path.get("customer_id", "")
    if not is_customer_id(customer_id):
        raise NotFound("There is no customer with this id.")
    return customer_id
