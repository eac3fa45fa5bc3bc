"""Amazon's DynamoDB Local, the releases' processes, and new tables for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest

from local.environments import ROOT
from local.tools import dynamodb_local
from tests.releases.deployment import Deployment
from tests.releases.next_release import next_release
from tests.releases.release import Release, previous_release

Sources = Callable[[str], Path]
Start = Callable[[str], Release]


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with dynamodb_local.running() as address:
        yield address


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Returns the sources of a release by its name: `previous`, `this` or `next`."""

    @cache
    def of(name: str) -> Path:
        if name == "this":
            return ROOT
        return {"previous": previous_release, "next": next_release}[name](tmp_path_factory.mktemp(name))

    return of


@pytest.fixture
def deployment(endpoint: str) -> Deployment:
    """Tables for one test."""
    return Deployment(dynamodb_local.client(endpoint))


@pytest.fixture
def start(sources: Sources, deployment: Deployment) -> Iterator[Start]:
    """Starts a release by its name, on the test's own tables."""
    with _starting(sources, deployment) as run:
        yield run


@pytest.fixture(scope="module")
def shared(endpoint: str) -> Deployment:
    """Tables that the tests of a module share: each uses its own customers."""
    return Deployment(dynamodb_local.client(endpoint))


@pytest.fixture(scope="module")
def running(sources: Sources, shared: Deployment) -> Iterator[Start]:
    """Returns a running release by its name, on the shared tables."""
    with _starting(sources, shared) as run:
        yield cache(run)


@contextmanager
def _starting(sources: Sources, deployment: Deployment) -> Iterator[Start]:
    with ExitStack() as stack:

        def run(name: str) -> Release:
            release = Release.start(name, sources(name), deployment.environment())
            stack.callback(release.stop)
            return release

        yield run
