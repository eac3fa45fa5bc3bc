"""Every implementation of a store, side by side. Each test of this tier runs on all of them.

The tier shares the servers, and its tests share the tables: every test uses its own customers.
"""

import os
import uuid
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from events.dynamodb_store import DynamoDbEventStore
from events.store import EventStore
from local import tables
from local.tools import dynamodb_local
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.read_model import ReadModel
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.read_model import InMemoryReadModel
from tests.mutation.databases import ENDPOINTS, empty_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef


@pytest.fixture(scope="session")
def amazons_dynamodb() -> "Iterator[DynamoDBClient]":
    """Amazon's DynamoDB Local with the template's tables."""
    if ENDPOINTS in os.environ:
        with empty_tables(os.environ, _without_streams()) as client:
            yield client
        return
    with dynamodb_local.running(_without_streams()) as endpoint:
        yield dynamodb_local.client(endpoint)


@pytest.fixture
def motos_dynamodb(monkeypatch: pytest.MonkeyPatch) -> "Iterator[DynamoDBClient]":
    """The mock library moto with the template's tables."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    # moto intercepts calls to AWS's own addresses only.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        for table in _without_streams():
            client.create_table(**table)
        yield client


def _without_streams() -> "list[CreateTableInputTypeDef]":
    """The template's tables, without streams: with a stream, DynamoDB Local takes a tenth of the writes."""
    definitions = list(tables.from_template().values())
    for table in definitions:
        table.pop("StreamSpecification", None)
    return definitions


def _table(name: str) -> str:
    return tables.from_template()[name]["TableName"]


@pytest.fixture(params=["memory", "moto", "dynamodb-local"])
def event_store(request: pytest.FixtureRequest) -> EventStore:
    """Each event store in turn."""
    if request.param == "memory":
        return InMemoryEventStore()
    fixture = "motos_dynamodb" if request.param == "moto" else "amazons_dynamodb"
    events, claims, erasures = map(_table, ("EventTable", "ClaimsTable", "ErasuresTable"))
    return DynamoDbEventStore(request.getfixturevalue(fixture), events, claims, erasures)


# moto cannot execute PartiQL inserts with parameters, so it cannot serve as the read table.
@pytest.fixture(params=["memory", "dynamodb-local"])
def read_model(request: pytest.FixtureRequest) -> ReadModel:
    """Each read model in turn."""
    if request.param == "memory":
        return InMemoryReadModel()
    return DynamoDbReadModel(request.getfixturevalue("amazons_dynamodb"), _table("ReadTable"))


@pytest.fixture
def generation() -> int:
    """A generation that no other test writes to."""
    return 1000 + uuid.uuid4().int % 10**12
