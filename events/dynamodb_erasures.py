"""Unfinished erasures on DynamoDB: a small table with one item for each, written with the erasure's own event."""

from typing import TYPE_CHECKING, Any

from events.erasures import UnfinishedErasure

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbErasures:
    """Keeps the notes in a table with the key `customer_id`. It is nearly always empty, so a scan reads little."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def unfinished(self) -> list[UnfinishedErasure]:
        """See `Erasures.unfinished`."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        found = [_erasure(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda erasure: erasure.since)

    def finished(self, customer_id: str) -> None:
        """See `Erasures.finished`."""
        self._client.delete_item(TableName=self._table, Key={"customer_id": {"S": customer_id}})


def note(customer_id: str, since: str) -> Any:
    """The item of an unfinished erasure."""
    return {"customer_id": {"S": customer_id}, "since": {"S": since}}


def _erasure(item: Any) -> UnfinishedErasure:
    return UnfinishedErasure(item["customer_id"]["S"], item["since"]["S"])
