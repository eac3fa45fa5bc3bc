"""Amazon's DynamoDB Local, the releases' processes, and new tables for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.environments import ROOT
from local.tools import dynamodb_local
from tests.releases.deployment import Deployment
from tests.releases.release import Release, previous_release


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with dynamodb_local.running() as address:
        yield address


@pytest.fixture(scope="session")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sources of the two releases."""
    return {"previous": previous_release(tmp_path_factory.mktemp("previous")), "this": ROOT}


@pytest.fixture
def deployment(endpoint: str) -> Deployment:
    return Deployment(dynamodb_local.client(endpoint))


@pytest.fixture
def start(roots: dict[str, Path], deployment: Deployment) -> Iterator[Callable[[str], Release]]:
    """Starts a release by its name, on the test's tables."""
    with ExitStack() as stack:

        def run(name: str) -> Release:
            release = Release.start(name, roots[name], deployment.environment())
            stack.callback(release.stop)
            return release

        yield run
