"""The units in docs/reference/costs.md are those that the benchmark measures."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from benchmarks import consumed_units
from benchmarks.units import CostCalculator
from local import tables
from local.environments import ROOT
from local.tools import dynamodb_local
from tests.unit.docs.pages import Page, names
from tests.unit.docs.test_costs import units

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROWS = Page(ROOT / "docs/reference/costs.md").table("A million", "What")


@pytest.fixture(scope="module")
def measured(amazons_dynamodb: "DynamoDBClient") -> Iterator[dict[str, str]]:
    """Each operation's units, as the benchmark prints them."""
    definitions = tables.from_template()
    keys = {table["TableName"]: [key["AttributeName"] for key in table["KeySchema"]] for table in definitions.values()}
    client = dynamodb_local.client(amazons_dynamodb.meta.endpoint_url)
    meter = consumed_units.CapacityMeter(client, CostCalculator(amazons_dynamodb, keys))
    api = consumed_units.Api(client, {name: table["TableName"] for name, table in definitions.items()})
    found = {}
    for operation in consumed_units.operations(api):
        before = len(meter.calls)
        operation.run()
        found[operation.name] = str(consumed_units.total_of(call.documented for call in meter.since(before)).total)
    yield found
    # Leftover rows would give other tests' lists a second page, whose cursor needs the cursor key.
    for table, key in keys.items():
        for row in amazons_dynamodb.scan(TableName=table)["Items"]:
            amazons_dynamodb.delete_item(TableName=table, Key={name: row[name] for name in key})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_an_operation_takes_the_stated_units(measured: dict[str, str], row: list[str]) -> None:
    [operation] = names(row[0])
    # Each of the list's four shards is rounded up by itself, and random ids spread customers over the shards.
    stray = 0.5 if operation == "list of 25" else 0

    (read, write), (stated_read, stated_write) = units(measured[operation]), units(row[1])
    assert abs(read - stated_read) <= stray
    assert write == stated_write
