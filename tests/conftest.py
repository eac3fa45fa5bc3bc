"""Fixtures shared by the end-to-end and the integration tests: the stack under test and clients of its API."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import stack
from local.environments import ROOT
from local.home import StackHome
from local.outputs import Outputs
from tests.e2e.target import Target, from_environment, from_outputs
from tests.e2e.tokens import READ, WRITE, client_credentials, machine_secret
from tests.figures import pytest_terminal_summary as pytest_terminal_summary
from tests.groups import ByGroup, turn_of
from tests.tap import Tap

# Powertools reads these when it is first imported, whichever tier does that.
os.environ |= {
    "POWERTOOLS_METRICS_NAMESPACE": "CustomersApi",
    "POWERTOOLS_SERVICE_NAME": "customers",
    "POWERTOOLS_TRACE_DISABLED": "true",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slowest groups first."""
    items.sort(key=lambda item: turn_of(item.path.relative_to(ROOT)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup:
    """Schedule whole groups of tests when pytest-xdist runs several processes."""
    config.option.loadscopereorder = False
    return ByGroup(config, log)


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running local stack, its outputs, and a listener on its bus."""

    home: StackHome
    outputs: Outputs
    tap: Tap


@pytest.fixture(scope="session")
def local_stack() -> Iterator[LocalStack]:
    """The stack that OUTPUTS_FILE names, or one of the tests' own beside the developer's."""
    if os.environ.get("API_ENDPOINT"):
        pytest.skip("needs a local stack, and API_ENDPOINT names another one, beside which nothing is started")
    if named := os.environ.get("OUTPUTS_FILE"):
        file = Path(named).resolve()
        outputs = json.loads(file.read_text())
        yield LocalStack(StackHome.at(file.parent), outputs, Tap(outputs).open())
        return
    home = StackHome.for_tests(os.environ.get("PYTEST_XDIST_WORKER", ""))
    try:
        outputs = stack.ensure_up(home)
        tap = Tap(outputs).open()
        yield LocalStack(home, outputs, tap)
        # Covers every event that any test made the stack publish.
        assert not tap.breaches()
    finally:
        stack.down(home)


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """The stack that the environment names, or the local one."""
    if os.environ.get("API_ENDPOINT"):
        return from_environment(os.environ)
    running: LocalStack = request.getfixturevalue("local_stack")
    return from_outputs(running.outputs)


@pytest.fixture(scope="session")
def machine_token(target: Target) -> Callable[..., str]:
    """Returns fresh access tokens of the machine client with the given scopes."""
    secret = machine_secret(target)
    return lambda *scopes: client_credentials(target, target.machine_client_id, secret, *scopes)


@pytest.fixture(scope="session")
def caller(target: Target) -> Iterator[Callable[[str], httpx.Client]]:
    """Creates API clients that send a token. They are closed at the end of the session."""
    with ExitStack() as opened:
        yield lambda token: opened.enter_context(target.http(token))


@pytest.fixture(scope="session")
def api(caller: Callable[[str], httpx.Client], machine_token: Callable[..., str]) -> httpx.Client:
    """An API client that may read and write."""
    return caller(machine_token(READ, WRITE))
