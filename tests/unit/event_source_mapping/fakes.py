"""In-memory fakes of a stream, a function and the other ports, for the mapping's tests."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.event_source_mapping.actions import Invoke, SaveCheckpoint, SendToDestination, ShardAction
from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.driver import MappingDriver, Ports
from local.event_source_mapping.outcomes import (
    FunctionFailed,
    FunctionReturned,
    InvokeFailed,
    InvokeResult,
    Page,
    Shard,
)
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.ports import SourceUnavailable, StreamGone
from local.event_source_mapping.positions import Position, ShardCheckpoint, after
from local.event_source_mapping.records import StreamRecord, record_of
from local.event_source_mapping.settings import MappingSettings

NOW = 1_700_000_000.0
STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/events/stream/2024-01-01T00:00:00.000"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:project"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:discarded"


def settings(**changes: Any) -> MappingSettings:
    return MappingSettings("mapping-1", STREAM, FUNCTION, **changes)


def record(number: int, item: str = "a", arrived: float = NOW, padding: int = 0) -> StreamRecord:
    return record_of(
        {
            "eventID": str(number),
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": arrived,
                "Keys": {"customer_id": {"S": item}},
                "NewImage": {"customer_id": {"S": item}, "padding": {"S": "x" * padding}},
                "SequenceNumber": str(number),
            },
            "eventSourceARN": STREAM,
        }
    )


def numbers(batch: RecordBatch) -> list[int]:
    return [record.order for record in batch.records]


def failed_at(*identifiers: object) -> FunctionReturned:
    failures = [{"itemIdentifier": str(item) if isinstance(item, int) else item} for item in identifiers]
    return FunctionReturned(json.dumps({"batchItemFailures": failures}).encode(), "request-1")


SUCCESS = FunctionReturned(b"null", "request-1")
ERROR = FunctionFailed("Unhandled", "request-1")
THROTTLED = InvokeFailed("429")


class FakeClock:
    def __init__(self, now: float = NOW) -> None:
        self.time = now

    def now(self) -> float:
        return self.time


class FakeStream:
    """A stream whose shards are lists of records."""

    def __init__(self, **shards: Sequence[StreamRecord]) -> None:
        self.records = {name: list(records) for name, records in shards.items()}
        self.parents: dict[str, str] = {}
        self.closed: set[str] = set()
        self.unlisted: set[str] = set()
        self.gone = False
        self.away = 0
        self.page_size = 1000

    def split(self, parent: str, **children: Sequence[StreamRecord]) -> None:
        self.closed.add(parent)
        for name, records in children.items():
            self.records[name] = list(records)
            self.parents[name] = parent

    def trim(self, shard_id: str, up_to: int) -> None:
        self.records[shard_id] = [record for record in self.records[shard_id] if record.order > up_to]

    def list_shards(self) -> list[Shard]:
        self._reach()
        listed = [name for name in self.records if name not in self.unlisted]
        return [Shard(name, self.parents.get(name)) for name in listed]

    def get_records(self, shard_id: str, position: Position) -> Page:
        self._reach()
        retained = self.records[shard_id]
        tip = max((record.order for record in retained), default=-1)
        if position.kind == "LATEST":
            return Page((), after(str(tip)) if tip >= 0 else position)
        # The fakes' numbers have no gaps. So if the first record is not the next one, records were trimmed.
        trimmed = bool(retained) and position.order >= 0 and retained[0].order > position.order + 1
        ahead = [record for record in retained if record.order > position.order]
        page = tuple(ahead[: self.page_size])
        ended = shard_id in self.closed and len(page) == len(ahead)
        resume = after(page[-1].sequence_number) if page else position
        return Page(page, None if ended else resume, trimmed)

    def _reach(self) -> None:
        if self.gone:
            raise StreamGone("no such stream")
        if self.away:
            self.away -= 1
            raise SourceUnavailable("connection refused")


class FakeFunction:
    """Returns the results of a script, then those of a rule. The default rule is success."""

    def __init__(self, *script: InvokeResult, rule: Callable[[RecordBatch], InvokeResult] = lambda _: SUCCESS) -> None:
        self.script = list(script)
        self.rule = rule
        self.batches: list[RecordBatch] = []

    def invoke(self, batch: RecordBatch) -> InvokeResult:
        self.batches.append(batch)
        return self.script.pop(0) if self.script else self.rule(batch)

    @property
    def got(self) -> list[list[int]]:
        return [numbers(batch) for batch in self.batches]


class FakeDestination:
    def __init__(self) -> None:
        self.documents: list[Mapping[str, Any]] = []
        self.away = 0

    def send(self, destination: str, document: Mapping[str, object]) -> None:
        if self.away:
            self.away -= 1
            raise SourceUnavailable("the queue is unreachable")
        assert destination == QUEUE
        self.documents.append(document)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        infos = [each["DDBStreamBatchInfo"] for each in self.documents]
        return [(int(info["startSequenceNumber"]), int(info["endSequenceNumber"])) for info in infos]


class FakeCheckpoints:
    def __init__(self) -> None:
        self.saved: dict[str, ShardCheckpoint] = {}
        self.history: list[tuple[str, int]] = []
        self.broken = 0

    def load(self) -> Mapping[str, ShardCheckpoint]:
        return dict(self.saved)

    def save(self, shard_id: str, checkpoint: ShardCheckpoint) -> None:
        if self.broken:
            self.broken -= 1
            raise OSError("disk full")
        self.saved[shard_id] = checkpoint
        self.history.append((shard_id, checkpoint.position.order))


class World:
    """A mapping with fake ports, and a clock that jumps to the next due time."""

    def __init__(
        self,
        *records: StreamRecord,
        function: FakeFunction | None = None,
        stream: FakeStream | None = None,
        policy: PollingPolicy | None = None,
        redeliver: Callable[[RecordBatch], bool] = lambda _: False,
        **changes: Any,
    ) -> None:
        self.clock = FakeClock()
        self.stream = stream or FakeStream(s=records)
        self.function = function or FakeFunction()
        self.destination = FakeDestination()
        self.checkpoints = FakeCheckpoints()
        self.problems: list[tuple[str, str | None]] = []
        self._redeliver = redeliver
        self._settings = settings(**changes)
        self._policy = policy
        self.restart()

    def restart(self) -> None:
        """Restart as after kill -9: only saved state remains."""
        ports = Ports(
            self.stream, self.function, self.destination, self.checkpoints, self.clock, self._redeliver, self._note
        )
        self.driver = MappingDriver(self._settings, ports, self._policy)

    def run(self, seconds: float = 60.0) -> "World":
        end = self.clock.time + seconds
        for _ in range(100_000):
            due = self.driver.step()
            if due > end:
                return self
            self.clock.time = max(self.clock.time, due)
        raise AssertionError("the mapping never becomes idle")

    def run_until(self, kind: type[Invoke | SendToDestination | SaveCheckpoint], shard: str = "s") -> ShardAction:
        """Stop right after the shard has executed an action of one kind."""
        for _ in range(10_000):
            self.driver.step_tree()
            if shard in self.driver.shards:
                action = self.driver.shards[shard].step()
                if isinstance(action, kind):
                    return action
            self.clock.time += 0.05
        raise AssertionError(f"the shard never executed {kind.__name__}")

    def at(self, shard: str = "s") -> int:
        return self.checkpoints.saved[shard].position.order

    def _note(self, subject: str, reason: str | None) -> None:
        self.problems.append((subject, reason))
