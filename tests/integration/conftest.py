"""Fixtures that show the local stack through AWS's own APIs."""

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import boto3
import pytest

from events.dynamodb_store import DynamoDbEventStore
from local import event_source_mapping_process, functions
from local.aws import credentials
from local.home import StackHome
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from tests.conftest import LocalStack
from tests.integration.aws import Aws
from tests.tap import Tap

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="session")
def home(local_stack: LocalStack) -> StackHome:
    return local_stack.home


@pytest.fixture(scope="session")
def outputs(local_stack: LocalStack) -> Mapping[str, str]:
    return local_stack.outputs


@pytest.fixture(scope="session")
def tap(local_stack: LocalStack) -> Tap:
    """The stack's outputs."""
    return local_stack.tap


@pytest.fixture(scope="session")
def aws(outputs: Mapping[str, str]) -> Aws:
    with pytest.MonkeyPatch.context() as environment:
        # The clients keep what they read here, so that the user's credentials and profile cannot get in.
        environment.delenv("AWS_PROFILE", raising=False)
        for name, value in credentials(outputs["EndpointUrl"]).items():
            environment.setenv(name, value)
        return Aws(boto3.Session(), outputs["EndpointUrl"])


@pytest.fixture(scope="session")
def dynamodb(aws: Aws) -> "DynamoDBClient":
    return aws.dynamodb


@pytest.fixture(scope="session")
def function_names(outputs: Mapping[str, str]) -> Mapping[str, str]:
    """Maps names in the template to names on AWS."""
    return functions.names(outputs)


@pytest.fixture(scope="session")
def store(aws: Aws, outputs: Mapping[str, str]) -> DynamoDbEventStore:
    return DynamoDbEventStore(aws.dynamodb, outputs["EventTable"])


@pytest.fixture(scope="session")
def read_model(aws: Aws, outputs: Mapping[str, str]) -> DynamoDbReadModel:
    return DynamoDbReadModel(aws.dynamodb, outputs["ReadTable"])


@pytest.fixture
def active(aws: Aws, outputs: Mapping[str, str]) -> int:
    """The generation that queries read."""
    return DynamoDbGenerations(aws.dynamodb, outputs["ReadTable"]).load().active


@pytest.fixture
def now() -> float:
    """When the test began, in seconds since the epoch."""
    return time.time()


@pytest.fixture(scope="module")
def stream_unread(home: StackHome) -> Iterator[None]:
    """Stops the mapping service, so that only direct invocations reach the projector."""
    event_source_mapping_process.stop_all(home)
    try:
        yield
    finally:
        event_source_mapping_process.ensure(home)
