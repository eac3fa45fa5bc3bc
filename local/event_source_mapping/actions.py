"""The actions that the core asks its driver to execute. The driver reports each outcome back to the core."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.positions import Position, ShardCheckpoint


@dataclass(frozen=True, slots=True)
class ListShards:
    """List the stream's shards. Outcome: `on_shards` or `on_list_failed`."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read one page. Outcome: `on_records` or `on_fetch_failed`."""

    shard_id: str
    position: Position


@dataclass(frozen=True, slots=True)
class Invoke:
    """Invoke the function with a batch. Outcome: `on_invoked`."""

    batch: RecordBatch


@dataclass(frozen=True, slots=True)
class SendToDestination:
    """Send a discarded batch's metadata. Outcome: `on_sent` or `on_send_failed`."""

    destination: str
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SaveCheckpoint:
    """Save a shard's progress durably. Outcome: `on_saved` or `on_save_failed`."""

    shard_id: str
    checkpoint: ShardCheckpoint


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing until `until`, in seconds since the epoch."""

    until: float


@dataclass(frozen=True, slots=True)
class ShardDone:
    """The shard is drained and its last checkpoint is saved."""

    shard_id: str


ShardAction: TypeAlias = Fetch | Invoke | SendToDestination | SaveCheckpoint | Wait | ShardDone
TreeAction: TypeAlias = ListShards | SaveCheckpoint | Wait
