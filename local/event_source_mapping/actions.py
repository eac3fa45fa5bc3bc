"""What the core asks its driver to do; each outcome goes back to the machine that asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.positions import Position, ShardCheckpoint


@dataclass(frozen=True, slots=True)
class ListShards:
    """Look at the stream's shards; answer with `on_shards` or `on_list_failed`."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read a page; answer with `on_records` or `on_fetch_failed`."""

    shard_id: str
    position: Position


@dataclass(frozen=True, slots=True)
class Invoke:
    """Invoke the function with a batch; answer with `on_answer`."""

    batch: RecordBatch


@dataclass(frozen=True, slots=True)
class SendToDestination:
    """Deliver a discarded batch's metadata; answer with `on_sent` or `on_send_failed`."""

    destination: str
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SaveCheckpoint:
    """Remember a shard's progress durably; answer with `on_saved` or `on_save_failed`."""

    shard_id: str
    checkpoint: ShardCheckpoint


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, in seconds since the epoch."""

    until: float


@dataclass(frozen=True, slots=True)
class ShardDone:
    """The shard is drained and its last checkpoint saved."""

    shard_id: str


ShardAction: TypeAlias = Fetch | Invoke | SendToDestination | SaveCheckpoint | Wait | ShardDone
TreeAction: TypeAlias = ListShards | SaveCheckpoint | Wait
