"""How far a mapping is behind, read from outside its process. So it is known while the process is dead, too."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from local.event_source_mapping.filters import compile_filters
from local.event_source_mapping.ports import Stream
from local.event_source_mapping.positions import LATEST, TRIM_HORIZON, Position, ShardCheckpoint
from local.event_source_mapping.records import StreamRecord
from local.event_source_mapping.settings import MappingSettings

MOST_COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class MappingLag:
    """The records that a mapping has yet to process.

    Attributes:
        records: Their number, at most `MOST_COUNTED`.
        oldest: When the oldest of them was written, in seconds since the epoch; None if there is no such record.
    """

    records: int
    oldest: float | None


def lag_of(
    settings: MappingSettings,
    stream: Stream,
    checkpoints: Mapping[str, ShardCheckpoint],
    most: int = MOST_COUNTED,
) -> MappingLag:
    """Count the records after a mapping's checkpoints that its filters let through.

    Args:
        checkpoints: The saved checkpoints by shard. A shard without one begins where `settings` says.
        most: The largest number of records to count.

    Raises:
        SourceUnavailable: The stream cannot be reached at the moment.
        StreamGone: The stream does not exist.
    """
    start = ShardCheckpoint(LATEST if settings.starting_position == "LATEST" else TRIM_HORIZON)
    passes = compile_filters(settings.patterns)
    waiting = list(islice(_waiting(stream, checkpoints, start, lambda record: passes(record.event)), most))
    return MappingLag(len(waiting), min(waiting, default=None))


def _waiting(
    stream: Stream,
    checkpoints: Mapping[str, ShardCheckpoint],
    start: ShardCheckpoint,
    passes: Callable[[StreamRecord], bool],
) -> Iterator[float]:
    """Yield when each waiting record was written."""
    for shard in stream.list_shards():
        checkpoint = checkpoints.get(shard.shard_id, start)
        if not checkpoint.done:
            yield from (
                record.arrived for record in _after(stream, shard.shard_id, checkpoint.position) if passes(record)
            )


def _after(stream: Stream, shard_id: str, position: Position) -> Iterator[StreamRecord]:
    following: Position | None = position
    while following:
        page = stream.get_records(shard_id, following)
        yield from page.records
        # The local stream has no empty page before its end.
        following = page.resume if page.records else None
