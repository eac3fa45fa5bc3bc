"""The end-to-end tests send nothing that the firewall would block, and begin when the stream is being read."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.customers import create, erase, eventually, shown
from tests.e2e.firewall import WATCH

# Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB": a new mapping may take minutes to poll.
FIRST_PROJECTION = 300.0  # seconds


@pytest.fixture(scope="session")
def streaming(api: httpx.Client) -> None:
    """The projection follows: waits once, for the first run after a first deployment."""
    customer = create(api)
    eventually(lambda: shown(api, customer["id"]), within=FIRST_PROJECTION)
    erase(api, customer)


@pytest.fixture(autouse=True)
def within_the_firewall_s_limits(streaming: None) -> Iterator[None]:
    """Every request of the test is held against the web ACL's limits."""
    with WATCH.on():
        yield


@pytest.fixture(scope="session", autouse=True)
def busiest_window() -> Iterator[None]:
    """Prints what a run sends, next to what the firewall allows in the same time."""
    yield
    print(f"\nmost requests in one window: {WATCH.most}")
