"""Amazon's DynamoDB Local, the releases' processes, and new tables for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from local.environments import ROOT
from local.tools import dynamodb_local
from tests.releases.deployment import Deployment
from tests.releases.next_release import next_release
from tests.releases.release import Release, previous_release


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with dynamodb_local.running() as address:
        yield address


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Returns the sources of a release by its name: `previous`, `this` or `next`."""

    @cache
    def of(name: str) -> Path:
        if name == "this":
            return ROOT
        return {"previous": previous_release, "next": next_release}[name](tmp_path_factory.mktemp(name))

    return of


@pytest.fixture
def deployment(endpoint: str) -> Deployment:
    return Deployment(dynamodb_local.client(endpoint))


@pytest.fixture
def start(sources: Callable[[str], Path], deployment: Deployment) -> Iterator[Callable[[str], Release]]:
    """Starts a release by its name, on the test's tables."""
    with ExitStack() as stack:

        def run(name: str) -> Release:
            release = Release.start(name, sources(name), deployment.environment())
            stack.callback(release.stop)
            return release

        yield run
