"""Records on their way through the function, and the counts of what became of them."""

from dataclasses import dataclass, replace

from local.event_source_mapping.outcomes import FunctionFailed, FunctionReturned
from local.event_source_mapping.records import StreamRecord


@dataclass(slots=True)
class ShardStats:
    """Counts since the machine was made; read by the status file and by tests.

    Attributes:
        seen: Records read.
        filtered: Records that no pattern matched.
        batches: Batches that ended in success, in whole or in part.
        failures: Failed or partly failed invocations.
        throttled: Invokes that did not reach the function.
        discarded: Records given up, for retries or for age.
        trims: Times the stream had forgotten our place, so that records may be lost.
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
    """Records on their way through the function.

    Attributes:
        records: In stream order, never empty.
        attempts: Failed invocations that count against the retries.
        last_answer: What it said last.
    """

    records: tuple[StreamRecord, ...]
    attempts: int = 0
    last_answer: FunctionReturned | FunctionFailed | None = None

    def halves(self) -> tuple["PendingRecords", "PendingRecords"]:
        """The two parts of a bisected batch, in stream order; each keeps the attempts of the whole."""
        middle = len(self.records) // 2
        return replace(self, records=self.records[:middle]), replace(self, records=self.records[middle:])

    def without(self, count: int) -> "PendingRecords":
        """What is left when the first `count` records are dealt with."""
        return replace(self, records=self.records[count:])
