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

from projections.address import address_key
from projections.customers import CUSTOMERS
from projections.dynamodb_generations import DynamoDbGenerations, unchanged
from projections.dynamodb_keys import item_key, key_of_row, rows_prefix, version_attribute
from projections.dynamodb_row import content_of, present, to_listing, to_row, write_units
from projections.generations import Generations
from projections.read_model import Reader, ReadModelBusy, RowPage, Write, WriteResult
from projections.row import Listing, Row
from projections.shards import Shards, listing_key, parked_key
from projections.view import View
from shared.runtime.failures import PERMANENT_CODES, is_transient
from shared.runtime.key_reads import KeysUnread, read_keys
from shared.runtime.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, BatchStatementRequestTypeDef

T = TypeVar("T")

LISTING_INDEX: Final = "listing"
PARKED_INDEX: Final = "parked"
ADDRESS_INDEX: Final = "address"
_ROWS_PER_PAGE: Final = 500
_ROWS_PER_READ: Final = 100
# The limit of one call (DynamoDB docs, "BatchExecuteStatement").
_STATEMENTS_PER_CALL: Final = 25
_TRIES: Final = 5
_FIRST_WAIT_SECONDS: Final = 0.05
_CONFLICTS: Final = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


class DynamoDbReadModel:
    """Stores the rows of a view in a table with the key (`customer_id`, `generation`) and the indexes `listing`,
    `parked` and `address`.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        sleep: Callable[[float], None] = time.sleep,
        view: View = CUSTOMERS,
    ) -> None:
        """
        Args:
            table: The read table's name.
            sleep: Waits between attempts; takes seconds.
            view: The view whose rows these are.
        """
        self._client = client
        self._table = table
        self._sleep = sleep
        self._view = view
        self._shards = Shards(DynamoDbGenerations(client, table, view).load)

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        """See `ReadModel.get`."""
        key = self._key(customer_id, generation)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=consistent).get("Item")
        return self._to_row(item) if item else None

    def page(self, generation: int, limit: int, after: str | None) -> list[Listing]:
        """See `ReadModel.page`."""
        # Query each shard for its share of the page and a little more. A shard whose share is used up is queried again.
        count = self._shards.of(generation)
        page_size = limit // count + 2
        shards = [self._query_shard(self._listing_key(generation, shard), page_size, after) for shard in range(count)]
        return list(islice(merge(*shards, key=lambda listing: listing.order, reverse=True), limit))

    def ids_by_address(self, claim: str, generation: int) -> list[str]:
        """See `ReadModel.ids_by_address`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=ADDRESS_INDEX,
            KeyConditionExpression="address = :address",
            ExpressionAttributeValues={":address": {"S": address_key(generation, claim)}},
        )
        return [item["customer_id"]["S"] for page in pages for item in page["Items"]]

    def get_many(self, customer_ids: Iterable[str], generation: int) -> dict[str, Row]:
        """See `ReadModel.get_many`."""
        keys = [self._key(customer_id, generation) for customer_id in dict.fromkeys(customer_ids)]
        shards = self._shards.of(generation)
        try:
            rows = [self._to_row(item, shards) for item in read_keys(self._client, self._table, keys, self._sleep)]
        except KeysUnread as error:
            raise ReadModelBusy(str(error)) from None
        return {row.customer_id: row for row in rows}

    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """See `ReadModel.write`."""
        return [result for chunk in _chunks(writes, _STATEMENTS_PER_CALL) for result in self._write_chunk(chunk)]

    def units_of(self, row: Row) -> int:
        """See `ReadModel.units_of`."""
        return write_units(row, self._shards.of(row.generation), self._view)

    def units_of_writes(self, writes: Sequence[Write]) -> int:
        """See `ReadModel.units_of_writes`."""
        return sum(self.units_of(write.row) for write in writes)

    def forget(self, generation: int) -> None:
        """See `ReadModel.forget`. This view has nothing but rows."""

    def all_rows(self, customer_id: str) -> list[Row]:
        """See `ReadModel.all_rows`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_id = :id",
            ExpressionAttributeValues={":id": self._key(customer_id, 0)["customer_id"]},
            ConsistentRead=True,
        )
        return [self._to_row(item) for page in pages for item in page["Items"]]

    def parked(self, generation: int) -> Iterator[Row]:
        """See `ReadModel.parked`."""
        count = self._shards.of(generation)
        shards = [self._query_parked(parked_key(generation, shard, self._view)) for shard in range(count)]
        items = merge(*shards, key=lambda item: item["parked_since"]["S"])
        if self._view.has_plain_keys:
            return map(self._to_row, items)
        return self._parked_rows(items, generation)

    def _parked_rows(self, items: Iterable[Mapping[str, Any]], generation: int) -> Iterator[Row]:
        """Read the rows of items of the index, which has the version of the first view's rows only."""
        ids = (item["customer_id"]["S"].removeprefix(rows_prefix(self._view)) for item in items)
        while chunk := list(islice(ids, _ROWS_PER_READ)):
            rows = self.get_many(chunk, generation)
            yield from (rows[id_] for id_ in chunk if id_ in rows and rows[id_].parked)

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
        start_key: Any = (
            {"ExclusiveStartKey": item_key(start["customer_id"], int(start["generation"]))} if start else {}
        )
        values: dict[str, Any] = {f":g{index}": {"N": str(number)} for index, number in enumerate(numbers)}
        own = f"attribute_exists({version_attribute(self._view)})"
        if not self._view.has_plain_keys:
            own += " AND begins_with(customer_id, :own)"
            values[":own"] = {"S": rows_prefix(self._view)}
        answer = self._client.scan(
            TableName=self._table,
            Segment=segment,
            TotalSegments=total_segments,
            ConsistentRead=True,
            Limit=_ROWS_PER_PAGE,
            FilterExpression=f"{condition} AND {own}",
            ExpressionAttributeValues=values,
            **start_key,
        )
        last: Any = answer.get("LastEvaluatedKey")
        next_start = {"customer_id": last["customer_id"]["S"], "generation": last["generation"]["N"]} if last else None
        return RowPage([self._to_row(item) for item in answer["Items"]], next_start)

    def remove(self, rows: Sequence[Row]) -> None:
        """See `ReadModel.remove`."""
        keys = [self._key(row.customer_id, row.generation) for row in rows]
        delete_all(self._client, self._table, keys, self._sleep)

    def remove_unassigned(self, rows: Sequence[Row], generations: Generations) -> bool:
        """See `ReadModel.remove_unassigned`."""
        deletes: list[Any] = [
            {"Delete": {"TableName": self._table, "Key": self._key(row.customer_id, row.generation)}} for row in rows
        ]
        try:
            self._client.transact_write_items(TransactItems=[unchanged(self._table, generations, self._view), *deletes])
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
        # Without a document it is a row that lost its customer and not its place, which `verify` repairs.
        return (to_listing(item) for page in pages for item in page["Items"] if "document" in item)

    def _query_parked(self, key: str) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=PARKED_INDEX,
            KeyConditionExpression="parked_in = :key",
            ExpressionAttributeValues={":key": {"N": key}},
        )
        return (item for page in pages for item in page["Items"])

    def _write_chunk(self, writes: Sequence[Write]) -> list[WriteResult]:
        try:
            statements = [
                self._update(write, write.replaces) if write.replaces else self._insert(write) for write in writes
            ]
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
        values = {**self._key(write.row.customer_id, write.row.generation), **present(self._content(write.row))}
        fields = ", ".join(f"'{name}': ?" for name in values)
        return {"Statement": f'INSERT INTO "{self._table}" VALUE {{{fields}}}', "Parameters": list(values.values())}

    def _update(self, write: Write, replaced: Row) -> "BatchStatementRequestTypeDef":
        content = self._content(write.row)
        values = present(content)
        sets = " ".join(f"SET {name}=?" for name in values)
        removes = " ".join(f"REMOVE {name}" for name in content if name not in values)
        version = version_attribute(self._view)
        where = f"WHERE customer_id=? AND generation=? AND {version}=? AND parked_attempts=?"
        expected = [{"N": str(replaced.version)}, {"N": str(replaced.attempts)}]
        key = self._key(write.row.customer_id, write.row.generation)
        return {
            "Statement": f'UPDATE "{self._table}" {sets} {removes} {where}',
            "Parameters": [*values.values(), *key.values(), *expected],
        }

    def _content(self, row: Row) -> "dict[str, AttributeValueTypeDef | None]":
        return content_of(row, self._shards.of(row.generation), self._view)

    def _to_row(self, item: Mapping[str, Any], shards: int | None = None) -> Row:
        return to_row(item, shards, self._view)

    def _key(self, customer_id: str, generation: int) -> "dict[str, AttributeValueTypeDef]":
        return key_of_row(self._view, customer_id, generation)

    def _listing_key(self, generation: int, shard: int) -> str:
        return listing_key(generation, shard, self._view)


def delete_all(
    client: "DynamoDBClient", table: str, keys: Iterable[Any], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Delete items of the read table by key.

    Args:
        sleep: Waits between attempts; takes seconds.

    Raises:
        ReadModelBusy: Some items were not deleted within the allowed tries.
    """
    for chunk in _chunks(list(keys), _STATEMENTS_PER_CALL):
        _delete_chunk(client, table, chunk, sleep)


def _delete_chunk(client: "DynamoDBClient", table: str, keys: Sequence[Any], sleep: Callable[[float], None]) -> None:
    requests: Any = [{"DeleteRequest": {"Key": key}} for key in keys]
    for attempt in range(_TRIES):
        answer = client.batch_write_item(RequestItems={table: requests})
        requests = answer.get("UnprocessedItems", {}).get(table, [])
        if not requests:
            return
        sleep(_FIRST_WAIT_SECONDS * 2**attempt)
    raise ReadModelBusy(f"{len(requests)} rows were not removed in {_TRIES} tries")


def reader_for(client: "DynamoDBClient", table: str) -> Reader:
    """Build what queries need to read from a read table."""
    return Reader(DynamoDbReadModel(client, table), DynamoDbGenerations(client, table))


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
