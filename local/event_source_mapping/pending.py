"""Records that wait for the function, and counts of what happened to them."""

from dataclasses import dataclass, replace

from local.event_source_mapping.outcomes import FunctionFailed, FunctionReturned
from local.event_source_mapping.records import StreamRecord


@dataclass(slots=True)
class ShardStats:
    """Counts since the start of the machine, for the status file and for tests.

    Attributes:
        seen: Records that were read.
        filtered: Records that no pattern matched.
        batches: Batches that succeeded, completely or partly.
        failures: Invocations that failed, completely or partly.
        throttled: Invocations that did not reach the function.
        discarded: Records discarded after the last retry or for their age.
        trims: How often the stream had already dropped our position, so that records may be lost.
    """

    seen: int = 0
    filtered: int = 0
    batches: int = 0
    failures: int = 0
    throttled: int = 0
    discarded: int = 0
    trims: int = 0


@dataclass(frozen=True, slots=True)
class PendingRecords:
    """Records that the function has not completed yet.

    Attributes:
        records: In stream order, never empty.
        attempts: Failed invocations that count against the retries.
    """

    records: tuple[StreamRecord, ...]
    attempts: int = 0
    last_result: FunctionReturned | FunctionFailed | None = None

    def halves(self) -> tuple["PendingRecords", "PendingRecords"]:
        """The two halves of a bisected batch, in stream order. Each keeps the number of attempts."""
        middle = len(self.records) // 2
        return replace(self, records=self.records[:middle]), replace(self, records=self.records[middle:])

    def without(self, count: int) -> "PendingRecords":
        """The remaining records after the first `count`."""
        return replace(self, records=self.records[count:])
