"""The read model on DynamoDB.

Rows are written in PartiQL batches, because only there does each member of a batch have its own condition and its own
result: BatchWriteItem takes no conditions, and a transaction fails as a whole.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from projections.dynamodb_generations import DynamoDbGenerations, unchanged
from projections.generations import Generations
from projections.read_model import Reader, ReadModelBusy, RowPage, Write, WriteResult
from projections.row import LISTING_SHARDS, Listing, Parked, Row, listing_shard
from shared.runtime.failures import PERMANENT_CODES, is_transient
from shared.runtime.key_reads import KeysUnread, read_keys
from shared.runtime.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, BatchStatementRequestTypeDef

T = TypeVar("T")

LISTING_INDEX: Final = "listing"
PARKED_INDEX: Final = "parked"
_ROWS_PER_PAGE: Final = 500
# The limit of one call (DynamoDB docs, "BatchExecuteStatement").
_STATEMENTS_PER_CALL: Final = 25
_TRIES: Final = 5
_FIRST_WAIT_SECONDS: Final = 0.05
_CONFLICTS: Final = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


class DynamoDbReadModel:
    """Stores rows in a table with the key (`customer_id`, `generation`) and the indexes `listing` and `parked`."""

    def __init__(self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        """See `ReadModel.get`."""
        key = _key(customer_id, generation)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=consistent).get("Item")
        return _row(item) if item else None

    def page(self, generation: int, limit: int, after: str | None) -> list[Listing]:
        """See `ReadModel.page`."""
        # Query each shard for its share of the page and a little more. A shard whose share is used up is queried again.
        page_size = limit // LISTING_SHARDS + 2
        shards = [
            self._query_shard(listing_shard(generation, shard), page_size, after) for shard in range(LISTING_SHARDS)
        ]
        return list(islice(merge(*shards, key=lambda listing: listing.order, reverse=True), limit))

    def get_many(self, customer_ids: Iterable[str], generation: int) -> dict[str, Row]:
        """See `ReadModel.get_many`."""
        keys = [_key(customer_id, generation) for customer_id in dict.fromkeys(customer_ids)]
        try:
            rows = [_row(item) for item in read_keys(self._client, self._table, keys, self._sleep)]
        except KeysUnread as error:
            raise ReadModelBusy(str(error)) from None
        return {row.customer_id: row for row in rows}

    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """See `ReadModel.write`."""
        return [result for chunk in _chunks(writes, _STATEMENTS_PER_CALL) for result in self._write_chunk(chunk)]

    def all_rows(self, customer_id: str) -> list[Row]:
        """See `ReadModel.all_rows`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_id = :id",
            ExpressionAttributeValues={":id": {"S": customer_id}},
            ConsistentRead=True,
        )
        return [_row(item) for page in pages for item in page["Items"]]

    def parked(self, generation: int) -> Iterator[Row]:
        """See `ReadModel.parked`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=PARKED_INDEX,
            KeyConditionExpression="parked_in = :generation",
            ExpressionAttributeValues={":generation": {"N": str(generation)}},
        )
        return (_row(item) for page in pages for item in page["Items"])

    def rows(self, generation: int, segment: int, total_segments: int, start: Mapping[str, str] | None) -> RowPage:
        """See `ReadModel.rows`."""
        return self._scan("generation = :g0", [generation], segment, total_segments, start)

    def retired_rows(
        self, generations: Generations, segment: int, total_segments: int, start: Mapping[str, str] | None
    ) -> RowPage:
        """See `ReadModel.retired_rows`."""
        not_fed = " AND ".join(f"generation <> :g{index}" for index in range(1, 1 + len(generations.fed)))
        numbers = [generations.newest, *generations.fed]
        return self._scan(f"generation <= :g0 AND {not_fed}", numbers, segment, total_segments, start)

    def other_rows(
        self, fed: Sequence[int], segment: int, total_segments: int, start: Mapping[str, str] | None
    ) -> RowPage:
        """See `ReadModel.other_rows`."""
        condition = " AND ".join(f"generation <> :g{index}" for index in range(len(fed)))
        return self._scan(condition, fed, segment, total_segments, start)

    def _scan(
        self, condition: str, numbers: Sequence[int], segment: int, total_segments: int, start: Mapping[str, str] | None
    ) -> RowPage:
        """Return a page of the rows that match a condition, in which `:g0`, `:g1` and so on stand for the numbers."""
        start_key: Any = {"ExclusiveStartKey": _key(start["customer_id"], int(start["generation"]))} if start else {}
        answer = self._client.scan(
            TableName=self._table,
            Segment=segment,
            TotalSegments=total_segments,
            ConsistentRead=True,
            Limit=_ROWS_PER_PAGE,
            FilterExpression=f"{condition} AND attribute_exists(version)",
            ExpressionAttributeValues={f":g{index}": {"N": str(number)} for index, number in enumerate(numbers)},
            **start_key,
        )
        last: Any = answer.get("LastEvaluatedKey")
        next_start = {"customer_id": last["customer_id"]["S"], "generation": last["generation"]["N"]} if last else None
        return RowPage([_row(item) for item in answer["Items"]], next_start)

    def remove(self, rows: Sequence[Row]) -> None:
        """See `ReadModel.remove`."""
        requests: Any = [{"DeleteRequest": {"Key": _key(row.customer_id, row.generation)}} for row in rows]
        if not requests:
            return
        for attempt in range(_TRIES):
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not requests:
                return
            self._sleep(_FIRST_WAIT_SECONDS * 2**attempt)
        raise ReadModelBusy(f"{len(requests)} rows were not removed in {_TRIES} tries")

    def remove_unassigned(self, rows: Sequence[Row], generations: Generations) -> bool:
        """See `ReadModel.remove_unassigned`."""
        deletes: list[Any] = [
            {"Delete": {"TableName": self._table, "Key": _key(row.customer_id, row.generation)}} for row in rows
        ]
        try:
            self._client.transact_write_items(TransactItems=[unchanged(self._table, generations), *deletes])
        except self._client.exceptions.TransactionCanceledException:
            return False
        return True

    def _query_shard(self, shard: str, page_size: int, after: str | None) -> Iterator[Listing]:
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
            PaginationConfig={"PageSize": page_size},
        )
        return (_listing(item) for page in pages for item in page["Items"])

    def _write_chunk(self, writes: Sequence[Write]) -> list[WriteResult]:
        statements = [
            self._update(write, write.replaces) if write.replaces else self._insert(write) for write in writes
        ]
        try:
            answer = self._client.batch_execute_statement(Statements=statements)
        except (BotoCoreError, ClientError) as error:
            logger.warning("rows not written", extra={"rows": len(writes), **describe(error)})
            if is_transient(error):
                return [WriteResult.FAILED] * len(writes)
            if len(writes) == 1:
                return [WriteResult.REFUSED]
            # One invalid statement is enough to have the whole request rejected.
            return [result for write in writes for result in self._write_chunk([write])]
        return [_result(response) for response in answer["Responses"]]

    def _insert(self, write: Write) -> "BatchStatementRequestTypeDef":
        values = {**_key(write.row.customer_id, write.row.generation), **_present(_content(write.row))}
        fields = ", ".join(f"'{name}': ?" for name in values)
        return {"Statement": f'INSERT INTO "{self._table}" VALUE {{{fields}}}', "Parameters": list(values.values())}

    def _update(self, write: Write, replaced: Row) -> "BatchStatementRequestTypeDef":
        content = _content(write.row)
        present = _present(content)
        sets = " ".join(f"SET {name}=?" for name in present)
        removes = " ".join(f"REMOVE {name}" for name in content if name not in present)
        where = "WHERE customer_id=? AND generation=? AND version=? AND parked_attempts=?"
        expected = [{"N": str(replaced.version)}, {"N": str(replaced.attempts)}]
        key = _key(write.row.customer_id, write.row.generation)
        return {
            "Statement": f'UPDATE "{self._table}" {sets} {removes} {where}',
            "Parameters": [*present.values(), *key.values(), *expected],
        }


def _content(row: Row) -> "dict[str, AttributeValueTypeDef | None]":
    """Return a row's attributes other than its key; None for those that it does not have."""
    listing, parked = row.listing, row.parked
    return {
        "version": {"N": str(row.version)},
        "document": {"S": listing.document} if listing else None,
        "listing_shard": {"S": row.listing_shard} if listing else None,
        "listing_order": {"S": listing.order} if listing else None,
        # The key of the index `parked`: only parked rows have it, so only they are in the index.
        "parked_in": {"N": str(row.generation)} if parked else None,
        "parked_since": {"S": parked.since} if parked else None,
        "parked_version": {"N": str(parked.version)} if parked else None,
        "parked_reason": {"S": parked.reason} if parked else None,
        "parked_attempts": {"N": str(row.attempts)},
    }


def _present(content: "Mapping[str, AttributeValueTypeDef | None]") -> "dict[str, AttributeValueTypeDef]":
    return {name: value for name, value in content.items() if value is not None}


def reader_for(client: "DynamoDBClient", table: str) -> Reader:
    """Build what queries need to read from a read table."""
    return Reader(DynamoDbReadModel(client, table), DynamoDbGenerations(client, table))


def _key(customer_id: str, generation: int) -> "Mapping[str, AttributeValueTypeDef]":
    return {"customer_id": {"S": customer_id}, "generation": {"N": str(generation)}}


def _row(item: Mapping[str, Any]) -> Row:
    return Row(
        customer_id=item["customer_id"]["S"],
        generation=int(item["generation"]["N"]),
        version=int(item["version"]["N"]),
        listing=_listing(item) if "document" in item else None,
        parked=_parked(item) if "parked_in" in item else None,
    )


def _parked(item: Mapping[str, Any]) -> Parked:
    return Parked(
        version=int(item["parked_version"]["N"]),
        reason=item["parked_reason"]["S"],
        since=item["parked_since"]["S"],
        attempts=int(item["parked_attempts"]["N"]),
    )


def _listing(item: Mapping[str, Any]) -> Listing:
    return Listing(document=item["document"]["S"], order=item["listing_order"]["S"])


def _result(response: Mapping[str, Any]) -> WriteResult:
    error = response.get("Error")
    if not error:
        return WriteResult.APPLIED
    if error["Code"] in _CONFLICTS:
        return WriteResult.CONFLICT
    logger.warning("row not written", extra={"error": error["Code"]})
    return WriteResult.REFUSED if error["Code"] in PERMANENT_CODES else WriteResult.FAILED


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
