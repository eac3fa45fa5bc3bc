"""Helpers that create and find customers. Every e-mail address is used once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias, TypeVar
from uuid import uuid4

import httpx

from tests.e2e.firewall import WouldBeBlocked
from tests.samples import PERSONAL_FIELDS, SYSTEM_FIELDS, details_of, valid_body

T = TypeVar("T")
Customer: TypeAlias = dict[str, Any]

FIELDS: Final = {*PERSONAL_FIELDS, *SYSTEM_FIELDS}
TOKEN: Final = "Consistency-Token"
CONTENDED: Final = (503, "/docs/problems/contended")
FIRST_PAUSE: Final = 0.1  # seconds
LONGEST_PAUSE: Final = 2.0


def new_email() -> str:
    """An address that has never been used."""
    return f"{uuid4().hex}@example.com"


def a_person(**changes: object) -> dict[str, object]:
    """A body that POST /customers accepts, with some fields replaced."""
    return valid_body(email=new_email()) | changes


def create(api: httpx.Client, **changes: object) -> Customer:
    """Create a customer. The request must be accepted."""
    answer = api.post("/customers", json=a_person(**changes))
    assert answer.status_code == 201, answer.text
    customer: Customer = answer.json()
    return customer


def update(api: httpx.Client, customer: Customer, **changes: object) -> Customer:
    """Update a customer. The request must be accepted."""
    answer = api.put(f"/customers/{customer['id']}", json=details_of(customer, **changes))
    assert answer.status_code == 200, answer.text
    changed: Customer = answer.json()
    return changed


def erase(api: httpx.Client, customer: Customer) -> httpx.Response:
    """Erase a customer. The request must be accepted."""
    answer = api.delete(f"/customers/{customer['id']}")
    assert answer.status_code == 204, answer.text
    return answer


def persistently(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Send the same request until it is not refused as contended, as a well-behaved client does."""

    def attempt() -> httpx.Response:
        answer = send()
        assert (answer.status_code, answer.json().get("type") if answer.content else None) != CONTENDED, answer.text
        return answer

    return eventually(attempt)


def at_once(number: int, send: Callable[[int], T], most: int = 50) -> list[T]:
    """Make calls that start together, and return their results.

    Args:
        number: The number of calls.
        send: Called with the number of the call, from 0.
        most: How many calls run at a time.
    """
    first = min(number, most)
    gate = threading.Barrier(first)

    def wait_and_send(place: int) -> T:
        if place < first:
            gate.wait()
        return send(place)

    with ThreadPoolExecutor(first) as threads:
        return list(threads.map(wait_and_send, range(number)))


def seeing(write: httpx.Response, wait: int = 10) -> dict[str, str]:
    """The headers of a GET that must see a write.

    Args:
        write: The response to the write.
        wait: How long the reader is ready to wait, in seconds.
    """
    return {TOKEN: write.headers[TOKEN], "Prefer": f"wait={wait}"}


def pauses() -> Iterator[float]:
    """Seconds between polls, ever longer: on AWS the projection takes seconds, and the firewall counts requests."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, pause * 1.4)


def eventually(check: Callable[[], T], within: float = 30.0) -> T:
    """Repeat a check until it passes, because the projection follows the events with a delay.

    Args:
        check: Raises AssertionError while it does not pass.
        within: The longest wait in seconds.

    Returns:
        What the check returns.
    """
    deadline = time.monotonic() + within
    for pause in pauses():
        try:
            return check()
        except WouldBeBlocked:
            raise
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)
    raise RuntimeError("unreachable: pauses never end")


def shown(api: httpx.Client, customer_id: str) -> httpx.Response:
    """The response of GET /customers/{id} once the customer is projected."""

    def look() -> httpx.Response:
        answer = api.get(f"/customers/{customer_id}")
        assert answer.status_code == 200, answer.text
        return answer

    return eventually(look)


def page(api: httpx.Client, **query: str | int) -> dict[str, Any]:
    """One page of the list."""
    answer = api.get("/customers", params=query)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def pages(api: httpx.Client, limit: int, down_to: str = "") -> Iterator[list[Customer]]:
    """The list from its newest customer on, page by page.

    Args:
        api: A client that may read.
        limit: Customers per page.
        down_to: A `created_at`; pages with only older customers are not read.
    """
    found = page(api, limit=limit)
    while True:
        yield found["customers"]
        if found["next_cursor"] is None or found["customers"][-1]["created_at"] < down_to:
            return
        found = page(api, limit=limit, cursor=found["next_cursor"])


def assert_listed(api: httpx.Client, customer: Customer) -> None:
    """The customer is among the newest hundred."""
    assert customer in page(api, limit=100)["customers"]


def assert_nobody_has(api: httpx.Client, *emails: str) -> None:
    """No customer with these addresses was created.

    A customer created now shows up in the list only after every customer created before.
    """
    later = create(api)
    eventually(lambda: assert_listed(api, later))
    assert not {customer["email"] for customer in page(api, limit=100)["customers"]} & set(emails)
