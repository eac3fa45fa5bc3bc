"""The rows and the counters of a view that counts customers, on DynamoDB.

Each row is written in a transaction with the counters that it moves: only so does a count move once, whether an answer
was lost or a batch is repeated. A transaction takes customers of one shard of the counters, so that they share its few
counter items.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from projections.counting import CountingView, GroupCount
from projections.dynamodb_count_items import (
    CounterKey,
    content_of_counted,
    counters_id,
    fence_version,
    key_of_counter,
    moves_of,
    row_units,
    to_counted_row,
)
from projections.dynamodb_count_transaction import CountTables, CountTransaction
from projections.dynamodb_generations import unchanged
from projections.dynamodb_read_model import DynamoDbReadModel, delete_all
from projections.generation_details import MOST_SHARDS
from projections.generations import Generations
from projections.read_model import Write, WriteResult
from projections.row import Row
from projections.shards import shard_of
from shared.runtime.clock import utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# Of a transaction (API reference, "TransactWriteItems").
_ITEMS_AT_ONCE: Final = 100
# More customers would mean more of them to send again when one is changed meanwhile.
CUSTOMERS_AT_ONCE: Final = 40
# A transactional write uses twice the units of a plain one (DynamoDB docs, "Capacity management for transactions").
_TRANSACTIONAL: Final = 2


class DynamoDbCountedRows(DynamoDbReadModel):
    """Stores the rows of a view that counts customers, and its counters beside them."""

    def __init__(
        self,
        tables: CountTables,
        view: CountingView,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
        shuffle: Callable[[MutableSequence[Any]], None] = random.shuffle,
    ) -> None:
        """
        Args:
            view: The view whose rows these are.
            sleep: Waits between attempts; takes seconds.
            now: Returns the current time, with a time zone.
            shuffle: Puts the transactions of one call in some order, so that writers that run at the same time seldom
                want the same counters.
        """
        super().__init__(tables.client, tables.rows, sleep, view)
        self._transaction = CountTransaction(tables, view, sleep, now)
        self._shuffle = shuffle

    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """See `RowStore.write`."""
        together = self._together(writes)
        self._shuffle(together)
        results: dict[int, WriteResult] = {}
        for numbers in together:
            chosen = [writes[number] for number in numbers]
            shards = self._shards.of(chosen[0].row.generation)
            results |= dict(zip(numbers, self._transaction.write(chosen, shards), strict=True))
        return [results[number] for number in range(len(writes))]

    def _together(self, writes: Sequence[Write]) -> list[list[int]]:
        """Return the positions of the writes of each transaction."""
        by_shard: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, write in enumerate(writes):
            generation = write.row.generation
            by_shard[generation, shard_of(write.row.customer_id, self._shards.of(generation))].append(number)
        return [part for numbers in by_shard.values() for part in _parts(numbers, writes)]

    def units_of(self, row: Row) -> int:
        """See `RowStore.units_of`."""
        return row_units(row, self._shards.of(row.generation), self._view)

    def units_of_writes(self, writes: Sequence[Write]) -> int:
        """See `RowStore.units_of_writes`. Each counter of a transaction counts once."""
        rows = sum(self.units_of(write.row) for write in writes)
        fences = sum(fence_version(write) is not None for write in writes)
        counters = 0
        for numbers in self._together(writes):
            chosen = [writes[number] for number in numbers]
            counters += len(moves_of(chosen, self._shards.of(chosen[0].row.generation), ""))
        return _TRANSACTIONAL * (rows + fences + counters)

    def remove(self, rows: Sequence[Row]) -> None:
        """See `RowStore.remove`. The counters of the rows go with them: nobody reads those of such a generation."""
        super().remove(rows)
        delete_all(self._client, self._table, self._counters_of(rows), self._sleep)

    def remove_unassigned(self, rows: Sequence[Row], generations: Generations) -> bool:
        """See `RowStore.remove_unassigned`. The counters of the rows go with them."""
        keys = [*(self._key(row.customer_id, row.generation) for row in rows), *self._counters_of(rows)]
        deletes: list[Any] = [{"Delete": {"TableName": self._table, "Key": key}} for key in keys]
        try:
            self._client.transact_write_items(TransactItems=[unchanged(self._table, generations, self._view), *deletes])
        except self._client.exceptions.TransactionCanceledException:
            return False
        return True

    def forget(self, generation: int) -> None:
        """See `RowStore.forget`. The number of shards of a removed generation is no longer known, so all are asked."""
        for shard in range(MOST_SHARDS):
            keys = [
                {"customer_id": item["customer_id"], "generation": item["generation"]}
                for item in self._counters(generation, shard)
            ]
            delete_all(self._client, self._table, keys, self._sleep)

    def groups(self, generation: int) -> list[GroupCount]:
        """See `projections.counting.Counts.groups`."""
        found: dict[str, GroupCount] = {}
        for shard in range(self._shards.of(generation)):
            for item in self._counters(generation, shard):
                group, customers = item["group"]["S"], int(item["customers"]["N"])
                before = found.get(group, GroupCount(group, 0, ""))
                changed_at = max(before.changed_at, item["changed_at"]["S"])
                found[group] = GroupCount(group, before.customers + customers, changed_at)
        return list(found.values())

    def _counters(self, generation: int, shard: int) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_id = :counters",
            ExpressionAttributeValues={":counters": {"S": counters_id(self._view, generation, shard)}},
            ConsistentRead=True,
        )
        return (item for page in pages for item in page["Items"])

    def _counters_of(self, rows: Iterable[Row]) -> "list[dict[str, AttributeValueTypeDef]]":
        keys = (
            CounterKey(row.generation, shard_of(row.customer_id, self._shards.of(row.generation)), row.group)
            for row in rows
            if row.group is not None
        )
        return [key_of_counter(self._view, key) for key in dict.fromkeys(keys)]

    def _content(self, row: Row) -> "dict[str, AttributeValueTypeDef | None]":
        return content_of_counted(row, self._shards.of(row.generation), self._view)

    def _to_row(self, item: Mapping[str, Any], shards: int | None = None) -> Row:
        return to_counted_row(item, shards, self._view)


def _parts(numbers: Sequence[int], writes: Sequence[Write]) -> Iterator[list[int]]:
    """Split the writes of one shard, given by their positions, into transactions that are not too large."""
    part: list[int] = []
    items, groups = 0, set[str]()
    for number in numbers:
        write = writes[number]
        touched = {row.group for row in (write.row, write.replaces) if row and row.group is not None}
        added = 1 + (fence_version(write) is not None) + len(touched - groups)
        if part and (len(part) == CUSTOMERS_AT_ONCE or items + added > _ITEMS_AT_ONCE):
            yield part
            part, items, groups = [], 0, set()
            added = 1 + (fence_version(write) is not None) + len(touched)
        part.append(number)
        items += added
        groups |= touched
    if part:
        yield part
