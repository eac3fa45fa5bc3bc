"""One transaction that writes rows and moves their counters, and what to do when it is cancelled.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from projections.dynamodb_count_items import (
    CounterKey,
    Move,
    content_of_counted,
    fence_item,
    fence_version,
    move_item,
    moves_of,
    row_item,
    to_counted_row,
)
from projections.read_model import Write, WriteResult
from projections.view import View
from shared.runtime.backoff import full_jitter
from shared.runtime.clock import timestamp
from shared.runtime.failures import PERMANENT_CODES, is_transient
from shared.runtime.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES: Final = 8
_FIRST_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.5
_REFUSED: Final = "ConditionalCheckFailed"
_NOT_THERE: Final = 0


@dataclass(frozen=True, slots=True)
class CountTables:
    """The tables of a transaction.

    Attributes:
        rows: The read table's name.
        events: The event table's name. Only writing needs it.
    """

    client: "DynamoDBClient"
    rows: str
    events: str = ""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What one item of the transaction is about: a write, of its row or of its fence, or else a counter."""

    write: Write | None = None
    counter: CounterKey | None = None
    is_row: bool = False


@dataclass(slots=True)
class _Cancelled:
    """What the reasons of a cancelled transaction say.

    Attributes:
        settled: The results of customers who take no part in the next attempt.
        refused: Counters that the table refuses at every try.
        found: What counters have that would have fallen to zero or below; `_NOT_THERE` for those that do not exist.
        is_contended: Whether other writers, or a throttled table, were in the way.
    """

    settled: dict[str, WriteResult] = field(default_factory=dict)
    refused: set[CounterKey] = field(default_factory=set)
    found: dict[CounterKey, int] = field(default_factory=dict)
    is_contended: bool = False


class CountTransaction:
    """Writes rows of one shard of one generation together with their counters."""

    def __init__(
        self, tables: CountTables, view: View, sleep: Callable[[float], None], now: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._client = tables.client
        self._view = view
        self._sleep = sleep
        self._now = now

    def write(self, writes: Sequence[Write], shards: int) -> list[WriteResult]:
        """Write rows of different customers.

        Args:
            writes: At most as many as fit into one transaction.
            shards: The number of shards of the rows' generation.

        Returns:
            One result for each write, in the same order.
        """
        results: dict[str, WriteResult] = {}
        found: dict[CounterKey, int] = {}
        for attempt in range(_TRIES):
            remaining = [write for write in writes if write.row.customer_id not in results]
            if not remaining:
                break
            moves = _known(moves_of(remaining, shards, timestamp(self._now())), found)
            try:
                cancelled = self._try(remaining, moves, shards)
            except (BotoCoreError, ClientError) as error:
                return self._failed(writes, results, shards, error)
            if cancelled is None:
                results |= {write.row.customer_id: WriteResult.APPLIED for write in remaining}
                break
            results |= cancelled.settled
            results |= _of_refused_counters(remaining, cancelled.refused, shards)
            found = cancelled.found
            if cancelled.is_contended:
                self._sleep(full_jitter(attempt, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))
        return [results.get(write.row.customer_id, WriteResult.FAILED) for write in writes]

    def _failed(
        self, writes: Sequence[Write], results: Mapping[str, WriteResult], shards: int, error: Exception
    ) -> list[WriteResult]:
        logger.warning("rows not written", extra={"view": self._view.name, "rows": len(writes), **describe(error)})
        if is_transient(error):
            return [results.get(write.row.customer_id, WriteResult.FAILED) for write in writes]
        if len(writes) == 1:
            return [WriteResult.REFUSED]
        # One invalid item is enough to have the whole request rejected.
        alone = {write.row.customer_id: write for write in writes if write.row.customer_id not in results}
        each = {customer_id: self.write([write], shards)[0] for customer_id, write in alone.items()}
        return [{**results, **each}[write.row.customer_id] for write in writes]

    def _try(self, writes: Sequence[Write], moves: Mapping[CounterKey, Move], shards: int) -> _Cancelled | None:
        """Send the transaction once; None if it was carried out."""
        subjects: list[_Subject] = []
        items: list[Any] = []
        for write in writes:
            content = content_of_counted(write.row, shards, self._view)
            subjects.append(_Subject(write, is_row=True))
            items.append(row_item(self._tables.rows, self._view, write, content))
            version = fence_version(write)
            if version is not None:
                subjects.append(_Subject(write))
                items.append(fence_item(self._tables.events, write.row.customer_id, version))
        subjects += [_Subject(counter=key) for key in moves]
        items += [move_item(self._tables.rows, self._view, key, move) for key, move in moves.items()]
        try:
            self._client.transact_write_items(TransactItems=items)
        except self._client.exceptions.TransactionCanceledException as refusal:
            reasons: Sequence[Any] = refusal.response.get("CancellationReasons", [])
            return self._read(subjects, reasons)
        return None

    def _read(self, subjects: Sequence[_Subject], reasons: Sequence[Mapping[str, Any]]) -> _Cancelled:
        cancelled = _Cancelled(is_contended=not reasons)
        for subject, reason in zip(subjects, reasons, strict=False):
            code = reason.get("Code", "None")
            if code == "None":
                continue
            if code in PERMANENT_CODES:
                _refuse(subject, cancelled)
            elif code != _REFUSED:
                cancelled.is_contended = True
            elif subject.counter:
                stored = reason.get("Item", {}).get("customers", {"N": str(_NOT_THERE)})
                cancelled.found[subject.counter] = int(stored["N"])
            elif subject.write:
                _conflict(subject.write, cancelled)
                if subject.is_row and self._is_stored(subject.write, reason.get("Item")):
                    cancelled.settled[subject.write.row.customer_id] = WriteResult.APPLIED
        return cancelled

    def _is_stored(self, write: Write, item: Mapping[str, Any] | None) -> bool:
        """Whether the row is there already: the client's own retry finds what its first try wrote, and the counters
        were moved with it.
        """
        return bool(item) and to_counted_row(item or {}, None, self._view) == replace(write.row, misplaced=False)


def _known(moves: Mapping[CounterKey, Move], found: Mapping[CounterKey, int]) -> dict[CounterKey, Move]:
    """Complete moves by what counters were found to have. There is nothing to take from one that does not exist. One
    that was found to have too few may have enough for those who are left.
    """
    return {
        key: replace(move, found=found[key]) if found.get(key, inf) <= -move.customers else move
        for key, move in moves.items()
        if not (move.customers < 0 and found.get(key) == _NOT_THERE)
    }


def _refuse(subject: _Subject, cancelled: _Cancelled) -> None:
    if subject.counter:
        cancelled.refused.add(subject.counter)
    elif subject.write:
        cancelled.settled[subject.write.row.customer_id] = WriteResult.REFUSED


def _conflict(write: Write, cancelled: _Cancelled) -> None:
    """A row that turns out to be stored already is no conflict, whatever its fence says."""
    cancelled.settled.setdefault(write.row.customer_id, WriteResult.CONFLICT)


def _of_refused_counters(writes: Sequence[Write], refused: set[CounterKey], shards: int) -> dict[str, WriteResult]:
    return {
        write.row.customer_id: WriteResult.REFUSED for write in writes if moves_of([write], shards, "").keys() & refused
    }
