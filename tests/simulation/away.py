"""Whatever the stream's two readers depend on, any part of which may be away: every call to it fails."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any, Final

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
from local.event_source_mapping.ports import SourceUnavailable
from local.event_source_mapping.positions import Position, ShardCheckpoint
from local.event_source_mapping.records import StreamRecord
from local.event_source_mapping.settings import MappingSettings
from tests.simulation.errors import EXCEPTIONS, refused, trouble
from tests.simulation.signals import Crash
from tests.simulation.stream import customer_of
from tests.simulation.world import World

EVENT_TABLE, READ_TABLE, CLAIMS, ERASURES = "event table", "read table", "claims table", "tables of erasures"
BUS, STREAM, FUNCTIONS, QUEUES = "event bus", "stream", "functions", "failure queues"
# The read table has no write capacity left, for most writes.
WRITES: Final = "writes to the read table"
DEPENDENCIES: Final = (EVENT_TABLE, READ_TABLE, WRITES, CLAIMS, ERASURES, BUS, STREAM, FUNCTIONS, QUEUES)
# Both tables about erasures are away at once.
_TABLES: Final = {
    "events": EVENT_TABLE, "read": READ_TABLE, "claims": CLAIMS, "erasures": ERASURES, "erasure-log": ERASURES,
}  # fmt: skip
# An invocation with 100 records.
_INVOCATION_SECONDS: Final = 0.3
# What a call costs that is refused, and one whose answer never comes: shared/runtime/clients.py, three tries.
_REFUSED_SECONDS: Final = 0.2
_SILENT_SECONDS: Final = 7.0
_REFUSALS: Final = ("throttle", "unavailable", "AccessDeniedException", "ResourceNotFoundException")
_SILENCES: Final = ("reset_before", "timeout_before")
_LAMBDA_SECONDS: Final = 60.0
_MOST_WRITES: Final = 0.7


class Away:
    """The dependency that is away, and how its calls fail."""

    def __init__(self, world: World) -> None:
        self.dependency = ""
        self.failures = 0
        self.inside = False
        self._world = world
        self._random = Random(world.random.random())

    def is_away(self, dependency: str) -> bool:
        """Whether a call to a dependency fails. Counts it."""
        away = dependency == self.dependency
        self.failures += away
        return away

    def fails_mostly(self, dependency: str) -> bool:
        """Whether one of many calls to a dependency fails."""
        return dependency == self.dependency and self._random.random() < _MOST_WRITES and self.is_away(dependency)

    def meet(self, dependency: str, operation: str) -> None:
        """Fail if the dependency is away, as a client does after its own tries."""
        if self.is_away(dependency):
            kind = self._random.choice((*_REFUSALS, *_SILENCES))
            self._world.pass_time(_SILENT_SECONDS if kind in _SILENCES else _REFUSED_SECONDS)
            # Callers get 500 when a permission is missing, which is no outage. The readers have to bear it.
            if kind.endswith("Exception") and self.inside:
                raise refused(kind, operation)
            raise trouble("throttle" if kind.endswith("Exception") else kind, operation)


class DynamoDbAway:
    """The DynamoDB client of the world, of which some tables may be away and some rows may be refused.

    Attributes:
        refuses: A customer whose rows are refused from version 2 on.
    """

    exceptions = EXCEPTIONS

    def __init__(self, client: Any, away: Away) -> None:
        self.refuses = ""
        self._client = client
        self._away = away

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        call = getattr(self._client, operation)

        def reach(**params: Any) -> Any:
            for table in sorted(_tables_of(params)):
                self._away.meet(_TABLES[table], operation)
            return self._execute(**params) if operation == "batch_execute_statement" else call(**params)

        return reach

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **params: self._pages(operation, params))

    def _pages(self, operation: str, params: Mapping[str, Any]) -> Iterator[Any]:
        pages = self._client.get_paginator(operation).paginate(**params)
        while True:
            self._away.meet(_TABLES[params["TableName"]], operation)
            page = next(pages, None)
            if page is None:
                return
            yield page

    def _execute(self, *, Statements: list[Any]) -> Any:  # noqa: N803 - boto3's name
        if self._away.fails_mostly(WRITES):
            raise refused("ThrottlingException", "BatchExecuteStatement")
        return {"Responses": [self._execute_one(each) for each in Statements]}

    def _execute_one(self, statement: Any) -> Any:
        if self._away.fails_mostly(WRITES):
            return {"Error": {"Code": "ThrottlingError", "Message": "simulated"}}
        if self._is_refused(statement):
            return {"Error": {"Code": "ValidationError", "Message": "Item size has exceeded the maximum allowed size"}}
        return self._client.batch_execute_statement(Statements=[statement])["Responses"][0]

    def _is_refused(self, statement: Any) -> bool:
        texts = [value["S"] for value in statement["Parameters"] if value.get("S", "").startswith("{")]
        documents = [json.loads(text) for text in texts]
        return any(each["id"] == self.refuses and each["version"] > 1 for each in documents)


def _tables_of(params: Mapping[str, Any]) -> set[str]:
    items = [next(iter(item.values()))["TableName"] for item in params.get("TransactItems", ())]
    statements = [
        name for each in params.get("Statements", ()) for name in re.findall(r'"([\w-]+)"', each["Statement"])
    ]
    return {*params.get("RequestItems", ()), *items, *statements, *filter(None, [params.get("TableName")])}


class BusAway:
    """EventBridge and SQS, either of which may be away.

    Attributes:
        ids: The events on the bus.
        letters: The events that the publisher put aside.
    """

    def __init__(self, away: Away) -> None:
        self.ids: set[str] = set()
        self.letters: list[dict[str, Any]] = []
        self._away = away

    def describe_event_bus(self, **_: str) -> None:
        self._away.meet(BUS, "DescribeEventBus")

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - boto3's name
        self._away.meet(BUS, "PutEvents")
        self.ids |= {json.loads(entry["Detail"])["id"] for entry in Entries}
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}

    def send_message(self, *, MessageBody: str, **_: str) -> None:  # noqa: N803 - boto3's name
        self._away.meet(QUEUES, "SendMessage")
        self.letters.append(json.loads(MessageBody)["unpublished"])


class StreamReader:
    """One of the stream's two mappings with its function.

    Attributes:
        documents: The batches that the mapping gave up.
        seen: The customers of whom records were read.
        misses: A customer whose first record never arrives, so that the function must read the event table.
    """

    def __init__(self, settings: MappingSettings, world: World, away: Away, function: Callable[[Any], Any]) -> None:
        self.documents: list[Mapping[str, Any]] = []
        self.seen: set[str] = set()
        self.misses = ""
        self._checkpoints: dict[str, ShardCheckpoint] = {}
        self._world = world
        self._away = away
        self._function = function
        self.driver = MappingDriver(settings, Ports(self, self, self, self, world.clock))

    @property
    def is_drained(self) -> bool:
        """Whether the checkpoints are past every record."""
        return all(not log.records or log.records[-1].order <= self._saved(name) for name, log in self._shards())

    def _shards(self) -> Any:
        return self._world.stream.shards.items()

    def _saved(self, shard: str) -> int:
        return self._checkpoints[shard].position.order if shard in self._checkpoints else -1

    # The ports.

    def list_shards(self) -> list[Shard]:
        self._reach()
        return self._world.stream.list_shards()

    def get_records(self, shard_id: str, position: Position) -> Page:
        self._reach()
        page = self._world.stream.get_records(shard_id, position)
        self.seen |= {customer_of(record) for record in page.records}
        return replace(page, records=tuple(each for each in page.records if not self._is_missed(each)))

    def _is_missed(self, record: StreamRecord) -> bool:
        change: Any = record.event["dynamodb"]
        return bool(self.misses) and customer_of(record) == self.misses and change["Keys"]["version"] == {"N": "1"}

    def _reach(self) -> None:
        if self._away.is_away(STREAM):
            raise SourceUnavailable("away")

    def invoke(self, batch: RecordBatch) -> InvokeResult:
        if self._away.is_away(FUNCTIONS):
            return InvokeFailed("throttled")
        started, self._away.inside = self._world.clock.time, True
        self._world.clock.advance(_INVOCATION_SECONDS)
        try:
            answer = self._function({"Records": [record.event for record in batch.records]})
        except Crash:
            return FunctionFailed("Unhandled")
        except Exception as error:  # noqa: BLE001 - as Lambda's runtime does
            self._world.function_failed(error)
            return FunctionFailed("Unhandled")
        finally:
            self._away.inside = False
        if self._world.clock.time - started > _LAMBDA_SECONDS:
            return FunctionFailed("Unhandled")
        return FunctionReturned(json.dumps(answer).encode())

    def send(self, destination: str, document: Mapping[str, object]) -> None:
        if self._away.is_away(QUEUES):
            raise SourceUnavailable("away")
        self.documents.append(document)

    def load(self) -> Mapping[str, ShardCheckpoint]:
        return dict(self._checkpoints)

    def save(self, shard_id: str, checkpoint: ShardCheckpoint) -> None:
        self._checkpoints[shard_id] = checkpoint
