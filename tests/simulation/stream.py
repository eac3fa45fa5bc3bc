"""The event table's stream: shards split, records expire after a day, and order holds per item."""

from bisect import bisect_right
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from local.event_source_mapping.outcomes import Page, Shard
from local.event_source_mapping.policy import DAY
from local.event_source_mapping.ports import SourceUnavailable
from local.event_source_mapping.positions import Position, ShardCheckpoint, after
from local.event_source_mapping.records import StreamRecord
from tests.simulation.clock import VirtualClock
from tests.simulation.faults import Faults
from tests.simulation.signals import NotSimulated
from tests.simulation.tables import Change, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ARN: Final = "arn:aws:dynamodb:eu-west-1:000000000000:table/events/stream/2026-01-01T00:00:00.000"
_HASHES: Final = 1 << 16
_RECORDS_A_PAGE: Final = 40
# Roughly a record's size in an invocation's payload; the mapping's own tests check sizes.
_BYTES: Final = 700
_LEAPS: Final = 0.15


@dataclass(slots=True)
class ShardLog:
    """One shard.

    Attributes:
        low: The first hash in its range.
        high: The first hash after its range.
        parent: The shard that it was split from.
        records: The records that it still holds, in stream order.
        closed_at: When it was split; None while it is open.
    """

    low: int
    high: int
    parent: str | None = None
    records: list[StreamRecord] = field(default_factory=list)
    closed_at: float | None = None


class SimulatedStream:
    """The stream, written by the table and read by the mapping.

    Attributes:
        shards: Shards by name.
        forgotten: Customers with a record that expired before it was handled.
        checkpoints: What the mapping has saved.
    """

    def __init__(self, shards: int, clock: VirtualClock, random: Random, faults: Faults, *, scattered: bool) -> None:
        self.shards: dict[str, ShardLog] = {}
        self.forgotten: set[str] = set()
        self.checkpoints: dict[str, ShardCheckpoint] = {}
        self._clock = clock
        self._faults = faults
        self._random = random
        self._scattered = scattered
        self._opened = 0
        self._number = 7
        for number in range(shards):
            self._open(number * _HASHES // shards, (number + 1) * _HASHES // shards, None)

    # The table's side.

    def add(self, change: Change) -> None:
        """One change gives one record."""
        name = "REMOVE" if change.new is None else "MODIFY" if change.old else "INSERT"
        # Now and then the numbers grow by a digit, so that they would sort wrongly as strings.
        self._number += 1 + self._number * (self._random.random() < _LEAPS)
        customer_id, version = change.key
        arrived = float(int(self._clock.time))
        event: dict[str, object] = {
            "eventID": str(self._number),
            "eventName": name,
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": arrived,
                "Keys": {"customer_id": {"S": customer_id}, "version": {"N": str(version)}},
                "SequenceNumber": str(self._number),
                **({"NewImage": change.new} if change.new else {}),
            },
            "eventSourceARN": ARN,
        }
        log = self._shard_of(f"{customer_id}#{version}" if self._scattered else customer_id)
        log.records.append(StreamRecord(event, str(self._number), arrived, _BYTES))

    def split(self) -> None:
        """Close a shard and open two in its place."""
        open_ones = [name for name, log in self.shards.items() if log.closed_at is None and log.high - log.low > 1]
        name = self._random.choice(open_ones)
        log = self.shards[name]
        log.closed_at = self._clock.time
        middle = (log.low + log.high) // 2
        self._open(log.low, middle, name)
        self._open(middle, log.high, name)

    def _open(self, low: int, high: int, parent: str | None) -> None:
        self.shards[f"shardId-{self._opened:04}"] = ShardLog(low, high, parent)
        self._opened += 1

    def _shard_of(self, item: str) -> ShardLog:
        place = place_of(item) % _HASHES
        for log in reversed(self.shards.values()):
            if log.closed_at is None and log.low <= place < log.high:
                return log
        raise NotSimulated(f"a stream without a shard for {item}")

    # The mapping's side.

    def list_shards(self) -> list[Shard]:
        """See `Stream.list_shards`."""
        self._reach()
        for name, log in list(self.shards.items()):
            if log.closed_at is not None and self._clock.time - log.closed_at > DAY:
                self._forget(log, self._saved(name))
                del self.shards[name]
        return [Shard(name, log.parent) for name, log in self.shards.items()]

    def get_records(self, shard_id: str, position: Position) -> Page:
        """See `Stream.get_records`."""
        self._reach()
        log = self.shards.get(shard_id)
        if log is None:
            return Page((), None)
        trimmed = self._forget(log, position.order)
        first = bisect_right(log.records, position.order, key=_order)
        records = tuple(log.records[first : first + _RECORDS_A_PAGE])
        ended = log.closed_at is not None and first + len(records) == len(log.records)
        resume = after(records[-1].sequence_number) if records else position
        return Page(records, None if ended else resume, trimmed)

    def _saved(self, shard_id: str) -> int:
        saved = self.checkpoints.get(shard_id)
        return saved.position.order if saved else -1

    def _forget(self, log: ShardLog, read_to: int) -> bool:
        """Drop records that are older than a day. Returns True if some were unread."""
        count = 0
        unread = False
        for record in log.records:
            if self._clock.time - record.arrived <= DAY:
                break
            count += 1
            if record.order > read_to:
                unread = True
                self.forgotten.add(customer_of(record))
        if count:
            del log.records[:count]
        return unread and read_to >= 0

    def _reach(self) -> None:
        if self._faults.happens("stream_away", self._faults.mix.stream_away):
            raise SourceUnavailable("simulated")

    def customers_between(self, shard_id: str, first: int, last: int) -> set[str]:
        """The customers with records in a range, both ends included."""
        log = self.shards.get(shard_id)
        return {customer_of(record) for record in log.records if first <= record.order <= last} if log else set()

    def is_drained(self) -> bool:
        """Whether the checkpoints are past every record."""
        return all(not log.records or log.records[-1].order <= self._saved(name) for name, log in self.shards.items())


def customer_of(record: StreamRecord) -> str:
    """The customer of a record."""
    change: Mapping[str, Any] = record.event["dynamodb"]  # type: ignore[assignment]
    name: str = change["Keys"]["customer_id"]["S"]
    return name


def _order(record: StreamRecord) -> int:
    return record.order
