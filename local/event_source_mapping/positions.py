"""Where a reader stands in a shard, and what of it is remembered."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

IteratorType: TypeAlias = Literal["TRIM_HORIZON", "LATEST", "AFTER_SEQUENCE_NUMBER"]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a shard, in the words of DynamoDB's GetShardIterator."""

    kind: IteratorType
    sequence_number: str | None = None

    @property
    def order(self) -> int:
        """The sequence number as an integer; -1 before the first record."""
        return -1 if self.sequence_number is None else int(self.sequence_number)


TRIM_HORIZON = Position("TRIM_HORIZON")
LATEST = Position("LATEST")


def after(sequence_number: str) -> Position:
    """The place just behind one record."""
    return Position("AFTER_SEQUENCE_NUMBER", sequence_number)


@dataclass(frozen=True, slots=True)
class ShardCheckpoint:
    """What is remembered of a shard: everything up to `position` is dealt with.

    Attributes:
        position: Where a restarted reader goes on.
        done: The shard is closed and drained; its children may start.
    """

    position: Position
    done: bool = False
