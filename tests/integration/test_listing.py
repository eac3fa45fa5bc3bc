"""The complete list is the read table."""

from collections.abc import Mapping

import httpx

from projections.dynamodb_read_model import DynamoDbReadModel
from tests.e2e.customers import create, pages, shown
from tests.integration.aws import Aws


def test_the_list_has_every_customer_of_the_active_generation_that_is_not_erased_and_then_ends(
    api: httpx.Client, aws: Aws, outputs: Mapping[str, str], read_model: DynamoDbReadModel, active: int
) -> None:
    for customer in [create(api) for _ in range(20)]:
        shown(api, customer["id"])
    scanned = aws.dynamodb.get_paginator("scan").paginate(TableName=outputs["ReadTable"], ConsistentRead=True)
    rows = [
        item["customer_id"]["S"]
        for found in scanned
        for item in found["Items"]
        if item["generation"]["N"] == str(active) and "document" in item
    ]
    listed = [customer["id"] for found in pages(api, 100) for customer in found]
    assert sorted(listed) == sorted(rows)
