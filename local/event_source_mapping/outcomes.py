"""The outcomes of the core's actions."""

from dataclasses import dataclass
from typing import TypeAlias

from local.event_source_mapping.positions import Position
from local.event_source_mapping.records import StreamRecord


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of the stream.

    Attributes:
        parent_id: The shard from which this one was split, if any. The parent may have expired.
    """

    shard_id: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One response of GetRecords.

    Attributes:
        records: In stream order; may be empty.
        resume: Where to continue reading; None at the end of a closed shard.
        trimmed: Whether the stream had already dropped the requested position, so that the page starts at its oldest
            record.
    """

    records: tuple[StreamRecord, ...]
    resume: Position | None
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class FunctionReturned:
    """The function returned without an error."""

    payload: bytes
    request_id: str = ""
    executed_version: str = "$LATEST"


@dataclass(frozen=True, slots=True)
class FunctionFailed:
    """The function raised an exception, timed out or crashed.

    Attributes:
        error: Lambda's `FunctionError` ("Handled" or "Unhandled").
    """

    error: str
    request_id: str = ""
    executed_version: str = "$LATEST"


@dataclass(frozen=True, slots=True)
class InvokeFailed:
    """The function did not run: it was throttled, or Lambda could not be reached."""

    reason: str


InvokeResult: TypeAlias = FunctionReturned | FunctionFailed | InvokeFailed
