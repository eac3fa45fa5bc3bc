"""Erasures on DynamoDB: notes of the unfinished ones in a small table, and the log of all finished ones in another.

A note is written with the erasure's own event, and removed only once the log has the customer.
"""

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from events.dynamodb_keys import read_all_keys
from events.erasures import ErasureLogPage, UnfinishedErasure

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbErasureLog:
    """Keeps the log in a table with the key `customer_id`, and nothing but ids in it."""

    def __init__(self, client: "DynamoDBClient", table: str, pause: Callable[[float], None] = time.sleep) -> None:
        """Open the log.

        Args:
            table: The name of the log's table.
            pause: Waits before keys are read again; takes seconds.
        """
        self._client = client
        self._table = table
        self._pause = pause

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: str | None = None, limit: int = 500
    ) -> ErasureLogPage:
        """See `ErasureLog.read_page`."""
        where: Any = {"ExclusiveStartKey": _key(start)} if start else {}
        answer = self._client.scan(
            TableName=self._table,
            Segment=segment,
            TotalSegments=total_segments,
            ConsistentRead=True,
            Limit=limit,
            **where,
        )
        last: Any = answer.get("LastEvaluatedKey")
        return ErasureLogPage([_id(item) for item in answer["Items"]], _id(last) if last else None)

    def missing(self, customer_ids: Collection[str]) -> set[str]:
        """See `ErasureLog.missing`."""
        keys = [_key(customer_id) for customer_id in dict.fromkeys(customer_ids)]
        found = read_all_keys(self._client, self._table, keys, self._pause)
        return set(customer_ids) - set(map(_id, found))

    def add(self, customer_id: str) -> None:
        """See `ErasureLog.add`."""
        self._client.put_item(TableName=self._table, Item=_key(customer_id))


class DynamoDbErasures:
    """Keeps the notes in a table with the key `customer_id`. It is nearly always empty, so a scan reads little."""

    def __init__(self, client: "DynamoDBClient", table: str, log: DynamoDbErasureLog) -> None:
        self._client = client
        self._table = table
        self._log = log

    def unfinished(self) -> list[UnfinishedErasure]:
        """See `Erasures.unfinished`."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        found = [_erasure(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda erasure: erasure.since)

    def finished(self, customer_id: str) -> None:
        """See `Erasures.finished`."""
        self._log.add(customer_id)
        self._client.delete_item(TableName=self._table, Key=_key(customer_id))


def note(customer_id: str, since: str) -> Any:
    """The item of an unfinished erasure."""
    return {**_key(customer_id), "since": {"S": since}}


def _key(customer_id: str) -> Any:
    return {"customer_id": {"S": customer_id}}


def _id(item: Any) -> str:
    return str(item["customer_id"]["S"])


def _erasure(item: Any) -> UnfinishedErasure:
    return UnfinishedErasure(_id(item), item["since"]["S"])
