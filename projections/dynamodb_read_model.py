"""The read model on DynamoDB.

Rows are written by PartiQL batches, as these are the only batches whose every member carries a condition and answers
for itself: BatchWriteItem takes no conditions, and a transaction fails as a whole.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from projections.read_model import FIRST_GENERATION, ReadModelBusy, Write, Written
from projections.row import LISTING_SHARDS, Listing, Row, listing_shard

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, BatchStatementRequestTypeDef

T = TypeVar("T")

LISTING_INDEX: Final = "listing"
# The limits of one call: DynamoDB docs, "BatchGetItem" and "BatchExecuteStatement".
_KEYS_A_CALL: Final = 100
_STATEMENTS_A_CALL: Final = 25
_TRIES: Final = 5
_FIRST_WAIT_SECONDS: Final = 0.05
_RACES: Final = frozenset({"ConditionalCheckFailed", "DuplicateItem"})
# Not a customer: no customer id starts with this sign.
_POINTER_KEY: "Final[Mapping[str, AttributeValueTypeDef]]" = {
    "customer_id": {"S": "#active-generation"},
    "generation": {"N": "0"},
}


class DynamoDbReadModel:
    """Keeps rows in a table with the key (`customer_id`, `generation`) and the index `listing`."""

    def __init__(self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def active_generation(self) -> int:
        """See `ReadModel.active_generation`."""
        item = self._client.get_item(TableName=self._table, Key=_POINTER_KEY, ConsistentRead=True).get("Item")
        return int(item["active"]["N"]) if item else FIRST_GENERATION

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        """See `ReadModel.get`."""
        key = _key(customer_id, generation)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=consistent).get("Item")
        return _row(item) if item else None

    def page(self, generation: int, limit: int, after: str | None) -> list[Listing]:
        """See `ReadModel.page`."""
        # Each shard is asked for its share of the page and a little more; one that runs dry is asked again.
        share = limit // LISTING_SHARDS + 2
        shards = [self._shard(listing_shard(generation, shard), share, after) for shard in range(LISTING_SHARDS)]
        return list(islice(merge(*shards, key=lambda listing: listing.order, reverse=True), limit))

    def current(self, customer_ids: Iterable[str], generation: int) -> dict[str, Row]:
        """See `ReadModel.current`."""
        keys = [_key(customer_id, generation) for customer_id in dict.fromkeys(customer_ids)]
        rows = (_row(item) for chunk in _chunks(keys, _KEYS_A_CALL) for item in self._items(chunk))
        return {row.customer_id: row for row in rows}

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """See `ReadModel.write`."""
        return [outcome for chunk in _chunks(writes, _STATEMENTS_A_CALL) for outcome in self._write_chunk(chunk)]

    def _shard(self, shard: str, share: int, after: str | None) -> Iterator[Listing]:
        values: dict[str, AttributeValueTypeDef] = {":shard": {"S": shard}}
        condition = "listing_shard = :shard"
        if after is not None:
            values[":after"] = {"S": after}
            condition += " AND listing_order < :after"
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=LISTING_INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ProjectionExpression="listing_order, document",
            ScanIndexForward=False,
            PaginationConfig={"PageSize": share},
        )
        return (_listing(item) for page in pages for item in page["Items"])

    def _items(self, keys: "Sequence[Mapping[str, AttributeValueTypeDef]]") -> "Iterator[Mapping[str, Any]]":
        for attempt in range(_TRIES):
            answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
            yield from answer["Responses"].get(self._table, [])
            unread = answer.get("UnprocessedKeys", {}).get(self._table)
            if not unread:
                return
            keys = unread["Keys"]
            self._sleep(_FIRST_WAIT_SECONDS * 2**attempt)
        raise ReadModelBusy(f"{len(keys)} rows were not read in {_TRIES} tries")

    def _write_chunk(self, writes: Sequence[Write]) -> list[Written]:
        statements = [self._insert(write) if write.replaces == 0 else self._update(write) for write in writes]
        try:
            answer = self._client.batch_execute_statement(Statements=statements)
        except (BotoCoreError, ClientError):
            return [Written.FAILED] * len(writes)
        return [_outcome(response) for response in answer["Responses"]]

    def _insert(self, write: Write) -> "BatchStatementRequestTypeDef":
        row = write.row
        values: dict[str, AttributeValueTypeDef] = {
            **_key(row.customer_id, row.generation),
            "version": {"N": str(row.version)},
        }
        if row.listing:
            values |= {
                "document": {"S": row.listing.document},
                "listing_shard": {"S": row.listing_shard},
                "listing_order": {"S": row.listing.order},
            }
        fields = ", ".join(f"'{name}': ?" for name in values)
        return {"Statement": f'INSERT INTO "{self._table}" VALUE {{{fields}}}', "Parameters": list(values.values())}

    def _update(self, write: Write) -> "BatchStatementRequestTypeDef":
        row = write.row
        shown, document = "REMOVE document REMOVE listing_shard REMOVE listing_order", []
        if row.listing:
            shown, document = "SET document=?", [{"S": row.listing.document}]
        parameters: list[Any] = [
            {"N": str(row.version)},
            *document,
            {"S": row.customer_id},
            {"N": str(row.generation)},
            {"N": str(write.replaces)},
        ]
        where = "WHERE customer_id=? AND generation=? AND version=?"
        return {
            "Statement": f'UPDATE "{self._table}" SET version=? {shown} {where}',  # noqa: S608 - all of it is ours
            "Parameters": parameters,
        }


def _key(customer_id: str, generation: int) -> "Mapping[str, AttributeValueTypeDef]":
    return {"customer_id": {"S": customer_id}, "generation": {"N": str(generation)}}


def _row(item: Mapping[str, Any]) -> Row:
    return Row(
        customer_id=item["customer_id"]["S"],
        generation=int(item["generation"]["N"]),
        version=int(item["version"]["N"]),
        listing=_listing(item) if "document" in item else None,
    )


def _listing(item: Mapping[str, Any]) -> Listing:
    return Listing(document=item["document"]["S"], order=item["listing_order"]["S"])


def _outcome(response: Mapping[str, Any]) -> Written:
    error = response.get("Error")
    if not error:
        return Written.APPLIED
    return Written.OUTRUN if error["Code"] in _RACES else Written.FAILED


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
