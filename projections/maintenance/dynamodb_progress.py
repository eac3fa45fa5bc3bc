"""Checkpoints on DynamoDB: one item in the read table for each segment of a job."""

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from projections.customers import CUSTOMERS
from projections.dynamodb_keys import key_of_checkpoint
from projections.maintenance.progress import SegmentProgress
from projections.view import View
from shared.runtime.stored_fields import known_fields

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbProgress:
    """Stores the checkpoints of a view's jobs in the read table, under keys that no customer has."""

    def __init__(self, client: "DynamoDBClient", table: str, view: View = CUSTOMERS) -> None:
        self._client = client
        self._table = table
        self._view = view

    def load(self, job: str, segments: int) -> list[SegmentProgress]:
        """See `ProgressStore.load`."""
        saved = {progress.segment: progress for progress in self._saved(job)}
        return [saved.get(segment, SegmentProgress(segment)) for segment in range(segments)]

    def save(self, job: str, progress: SegmentProgress) -> None:
        """See `ProgressStore.save`."""
        self._client.put_item(
            TableName=self._table,
            Item={**self._key(job, progress.segment), "progress": {"S": json.dumps(progress.as_dict())}},
        )

    def create(self, job: str, progress: SegmentProgress) -> SegmentProgress:
        """See `ProgressStore.create`."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table,
                Item={**self._key(job, progress.segment), "progress": {"S": json.dumps(progress.as_dict())}},
                ConditionExpression="attribute_not_exists(customer_id)",
            )
        # Also after a failed condition: another process was first, or the answer to our own first try was lost.
        return self.load(job, progress.segment + 1)[progress.segment]

    def remove(self, job: str) -> None:
        """See `ProgressStore.remove`."""
        for progress in self._saved(job):
            self._client.delete_item(TableName=self._table, Key=self._key(job, progress.segment))

    def _saved(self, job: str) -> list[SegmentProgress]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_id = :job",
            ExpressionAttributeValues={":job": self._key(job, 0)["customer_id"]},
            ConsistentRead=True,
        )
        return [_progress(json.loads(item["progress"]["S"])) for page in pages for item in page["Items"]]

    def _key(self, job: str, segment: int) -> Any:
        return key_of_checkpoint(self._view, job, segment)


def _progress(stored: dict[str, Any]) -> SegmentProgress:
    # A field that a later release added belongs to the position that it was saved with, so it is not kept for the next.
    return SegmentProgress(**known_fields(SegmentProgress, stored))
