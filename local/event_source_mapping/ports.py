"""What a driver needs of the outside world."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import Answer, Page, Shard
from local.event_source_mapping.positions import Position, ShardCheckpoint


class SourceUnavailable(Exception):
    """A service cannot be reached or refuses for now; trying again may help."""


class StreamGone(Exception):
    """The stream does not exist (any more); trying again does not help."""


class Stream(Protocol):
    """One DynamoDB stream."""

    def list_shards(self) -> Sequence[Shard]:
        """Every shard, closed ones included.

        Raises:
            SourceUnavailable: For now.
            StreamGone: For good.
        """

    def get_records(self, shard_id: str, position: Position) -> Page:
        """Read one page, from a position on.

        A page with records resumes after the last of them. An empty page resumes where it was asked for, or nearer.

        Raises:
            SourceUnavailable: For now.
            StreamGone: For good.
        """


class Invoker(Protocol):
    """The function."""

    def invoke(self, batch: RecordBatch) -> Answer:
        """Invoke it and wait for the answer; a failed invoke is an answer too (`InvokeFailed`), not an exception."""


class Destination(Protocol):
    """The on-failure destinations."""

    def send(self, destination: str, document: Mapping[str, object]) -> None:
        """Deliver one document; it is safe there when this returns.

        Args:
            destination: ARN of an SQS queue or SNS topic.
            document: JSON-safe.

        Raises:
            SourceUnavailable: It may not have arrived.
        """


class CheckpointStore(Protocol):
    """The memory of one mapping on one stream."""

    def load(self) -> Mapping[str, ShardCheckpoint]:
        """What is remembered, by shard."""

    def save(self, shard_id: str, checkpoint: ShardCheckpoint) -> None:
        """Remember durably.

        Raises:
            OSError: It is not remembered.
        """


class Clock(Protocol):
    """The time."""

    def now(self) -> float:
        """Seconds since the epoch."""
