"""The services that a driver needs."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import InvokeResult, Page, Shard
from local.event_source_mapping.positions import Position, ShardCheckpoint


class SourceUnavailable(Exception):
    """A service cannot be reached or refuses the call at the moment. A retry may succeed."""


class StreamGone(Exception):
    """The stream does not exist or no longer exists. A retry cannot succeed."""


class Stream(Protocol):
    """One DynamoDB stream."""

    def list_shards(self) -> Sequence[Shard]:
        """List every shard, including closed ones.

        Raises:
            SourceUnavailable: The stream cannot be reached at the moment.
            StreamGone: The stream does not exist.
        """

    def get_records(self, shard_id: str, position: Position) -> Page:
        """Read one page from a position.

        A page with records resumes after the last of them. An empty page resumes at the requested position or later.

        Raises:
            SourceUnavailable: The stream cannot be reached at the moment.
            StreamGone: The stream does not exist.
        """


class Invoker(Protocol):
    """The function."""

    def invoke(self, batch: RecordBatch) -> InvokeResult:
        """Invoke the function and wait. A failed invoke is a result too (`InvokeFailed`), not an exception."""


class Destination(Protocol):
    """The on-failure destinations."""

    def send(self, destination: str, document: Mapping[str, object]) -> None:
        """Send one document. It is durable when this returns.

        Args:
            destination: ARN of an SQS queue or SNS topic.
            document: A JSON-serialisable object.

        Raises:
            SourceUnavailable: The document may not have arrived.
        """


class CheckpointStore(Protocol):
    """The checkpoints of one mapping on one stream."""

    def load(self) -> Mapping[str, ShardCheckpoint]:
        """The saved checkpoints by shard."""

    def save(self, shard_id: str, checkpoint: ShardCheckpoint) -> None:
        """Save a checkpoint durably.

        Raises:
            OSError: The checkpoint was not saved.
        """


class WallClock(Protocol):
    """The time."""

    def now(self) -> float:
        """Seconds since the epoch."""
