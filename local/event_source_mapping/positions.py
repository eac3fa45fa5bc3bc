"""A reader's position in a shard, and its checkpoint."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

IteratorType: TypeAlias = Literal["TRIM_HORIZON", "LATEST", "AFTER_SEQUENCE_NUMBER"]


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a shard, in the terms of DynamoDB's GetShardIterator."""

    kind: IteratorType
    sequence_number: str | None = None

    @property
    def order(self) -> int:
        """The sequence number as an integer; -1 before the first record."""
        return -1 if self.sequence_number is None else int(self.sequence_number)


TRIM_HORIZON: Final = Position("TRIM_HORIZON")
LATEST: Final = Position("LATEST")


def after(sequence_number: str) -> Position:
    """The position right after a record."""
    return Position("AFTER_SEQUENCE_NUMBER", sequence_number)


@dataclass(frozen=True, slots=True)
class ShardCheckpoint:
    """A shard's progress: every record up to `position` has been processed or discarded.

    Attributes:
        position: Where a restarted reader continues.
        done: Whether the shard is closed and drained, so that its children may start.
    """

    position: Position
    done: bool = False
