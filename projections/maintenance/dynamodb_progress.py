"""Checkpoints on DynamoDB: one item of the read table for each segment of a piece of work."""

import json
from typing import TYPE_CHECKING, Any

from projections.maintenance.progress import SegmentProgress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbProgress:
    """Keeps checkpoints in the read table, under keys that no customer has."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def load(self, work: str, segments: int) -> list[SegmentProgress]:
        """See `ProgressStore.load`."""
        found = {progress.segment: progress for progress in self._saved(work)}
        return [found.get(segment, SegmentProgress(segment)) for segment in range(segments)]

    def save(self, work: str, progress: SegmentProgress) -> None:
        """See `ProgressStore.save`."""
        self._client.put_item(
            TableName=self._table,
            Item={**_key(work, progress.segment), "progress": {"S": json.dumps(progress.as_dict())}},
        )

    def remove(self, work: str) -> None:
        """See `ProgressStore.remove`."""
        for progress in self._saved(work):
            self._client.delete_item(TableName=self._table, Key=_key(work, progress.segment))

    def _saved(self, work: str) -> list[SegmentProgress]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_id = :work",
            ExpressionAttributeValues={":work": _key(work, 0)["customer_id"]},
            ConsistentRead=True,
        )
        return [SegmentProgress(**json.loads(item["progress"]["S"])) for page in pages for item in page["Items"]]


def _key(work: str, segment: int) -> Any:
    return {"customer_id": {"S": f"#{work}"}, "generation": {"N": str(segment)}}
