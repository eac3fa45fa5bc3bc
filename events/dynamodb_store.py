"""The event store on DynamoDB: one row for each event, written once and only if its version is free.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from events.codec import from_item, to_item
from events.envelope import Event
from events.store import VersionConflict, check_append

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

_IF_FREE: Final = "attribute_not_exists(customer_id)"


class DynamoDbEventStore:
    """Keeps events in a table with the key (`customer_id`, `version`)."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def append(self, events: Sequence[Event], expected_version: int) -> None:
        """See `EventStore.append`."""
        check_append(events, expected_version)
        if len(events) == 1:
            self._append_one(events[0])
        else:
            self._append_together(events)

    def read(self, customer_id: str, after_version: int = 0) -> list[Event]:
        """See `EventStore.read`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_id = :id AND version > :after",
            ExpressionAttributeValues={":id": {"S": customer_id}, ":after": {"N": str(after_version)}},
            ConsistentRead=True,
        )
        return [from_item(item) for page in pages for item in page["Items"]]

    def read_all(self, segment: int = 0, total_segments: int = 1) -> Iterator[Event]:
        """See `EventStore.read_all`."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table, Segment=segment, TotalSegments=total_segments, ConsistentRead=True
        )
        return (from_item(item) for page in pages for item in page["Items"])

    def _append_one(self, event: Event) -> None:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(event),
                ConditionExpression=_IF_FREE,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            if not _is_ours(refused.response.get("Item"), event):
                raise VersionConflict(event.customer_id, event.version) from None

    def _append_together(self, events: Sequence[Event]) -> None:
        try:
            self._client.transact_write_items(TransactItems=[{"Put": self._put(event)} for event in events])
        except self._client.exceptions.TransactionCanceledException as refused:
            _explain(refused, events)

    def _put(self, event: Event) -> "PutTypeDef":
        return {
            "TableName": self._table,
            "Item": to_item(event),
            "ConditionExpression": _IF_FREE,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def _is_ours(stored: Any, event: Event) -> bool:
    """Whether the row in the way is the very event that we send: then an earlier try of ours got through."""
    return bool(stored) and stored["event_id"]["S"] == event.event_id


def _explain(refused: ClientError, events: Sequence[Event]) -> None:
    """Tell a conflict from our own earlier success and from a passing failure of the transaction."""
    reasons: Sequence[Mapping[str, Any]] = refused.response.get("CancellationReasons", [])
    failed = [(reason, event) for reason, event in zip(reasons, events, strict=True) if reason["Code"] != "None"]
    for reason, event in failed:
        if reason["Code"] != "ConditionalCheckFailed":
            raise refused
        if not _is_ours(reason.get("Item"), event):
            raise VersionConflict(event.customer_id, event.version) from None
