"""What the outside world answers to the core's actions."""

from dataclasses import dataclass
from typing import TypeAlias

from local.event_source_mapping.positions import Position
from local.event_source_mapping.records import StreamRecord


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of the stream's list.

    Attributes:
        shard_id: Its name.
        parent_id: The shard it was split from, if any; it may be gone already.
    """

    shard_id: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of GetRecords.

    Attributes:
        records: In stream order, perhaps none.
        resume: Where to read on; None when the shard is closed and was read to its end.
        trimmed: The place asked for was forgotten by the stream; reading went on at the oldest record left.
    """

    records: tuple[StreamRecord, ...]
    resume: Position | None
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class FunctionReturned:
    """The function ended without an error.

    Attributes:
        payload: The bytes it returned.
        request_id: The invocation's id.
        executed_version: The version that ran.
    """

    payload: bytes
    request_id: str = ""
    executed_version: str = "$LATEST"


@dataclass(frozen=True, slots=True)
class FunctionFailed:
    """The function raised, timed out or died.

    Attributes:
        error: Lambda's `FunctionError` ("Handled" or "Unhandled").
        request_id: The invocation's id.
        executed_version: The version that ran.
    """

    error: str
    request_id: str = ""
    executed_version: str = "$LATEST"


@dataclass(frozen=True, slots=True)
class InvokeFailed:
    """The function did not run: throttled, or Lambda could not be reached.

    Attributes:
        reason: For people.
    """

    reason: str


Answer: TypeAlias = FunctionReturned | FunctionFailed | InvokeFailed
