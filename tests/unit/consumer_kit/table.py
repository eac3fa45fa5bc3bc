"""A consumer's table, in memory."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from consumer_kit import CustomerState
from consumer_kit.dynamodb_inbox import to_item


class FakeDynamoDb:
    """The table `welcome`.

    Attributes:
        items: The inbox's items, by customer.
        asked: The values of each query or scan.
        scans: How each scan reads.
    """

    class exceptions:  # noqa: N801 - boto3's name
        """The errors that the inbox catches."""

        class ConditionalCheckFailedException(ClientError): ...

        class TransactionConflictException(ClientError): ...

    def __init__(self, *states: CustomerState) -> None:
        self.items: dict[str, Any] = {state.customer_id: to_item(state) for state in states}
        self.asked: list[dict[str, Any]] = []
        self.scans: list[dict[str, Any]] = []
        self.is_written_by_another = False

    def get_item(self, TableName: str, Key: Any, *, ConsistentRead: bool = False) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert TableName == "welcome"
        # Without it, the last write may be missing.
        item = self.items.get(Key["customer_id"]["S"]) if ConsistentRead else None
        return {"Item": item} if item else {}

    def put_item(self, TableName: str, Item: Any, **_: Any) -> None:  # noqa: N803 - boto3's
        assert TableName == "welcome"
        if self.is_written_by_another:
            raise self.exceptions.ConditionalCheckFailedException({"Error": {}}, "PutItem")
        self.items[Item["customer_id"]["S"]] = Item

    def get_paginator(self, operation: str) -> "FakeDynamoDb":
        assert operation in {"query", "scan"}
        return self

    def paginate(self, TableName: str, ExpressionAttributeValues: Any, **how: Any) -> Iterator[Any]:  # noqa: N803
        assert TableName == "welcome"
        self.asked.append(ExpressionAttributeValues)
        if "IndexName" not in how:
            self.scans.append(how)
        return iter([{"Items": list(self.items.values())}])
