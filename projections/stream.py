"""The stream's batch format: from records to events, and from failures to the answer the event source mapping reads.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from events.codec import UnreadableEvent, from_item
from events.envelope import Event


@dataclass(slots=True)
class Batch:
    """A batch of stream records, read.

    Attributes:
        arrivals: Each event with its record's sequence number, in the order of the stream.
        unreadable: Sequence numbers of records that are not events, each with the reason.
    """

    arrivals: list[tuple[str, Event]] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def events(self) -> list[Event]:
        """The events alone."""
        return [event for _, event in self.arrivals]


def read_batch(records: Sequence[Mapping[str, Any]]) -> Batch:
    """Read a batch.

    Args:
        records: `Records` of a DynamoDB stream's Lambda event. Only INSERTs are facts; others are passed over.
    """
    batch = Batch()
    for record in records:
        if record["eventName"] == "INSERT":
            _read(record["dynamodb"], batch)
    return batch


def _read(change: Mapping[str, Any], batch: Batch) -> None:
    number = change["SequenceNumber"]
    try:
        batch.arrivals.append((number, from_item(change["NewImage"])))
    except UnreadableEvent as error:
        batch.unreadable[number] = str(error)


def answer(batch: Batch, failed_customers: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """What the mapping is told: the records that must come again.

    Args:
        batch: As read.
        failed_customers: Whose events were not projected.

    Returns:
        The `batchItemFailures`, in the order of the stream; the mapping goes back to the lowest.
    """
    numbers = set(batch.unreadable) | {
        number for number, event in batch.arrivals if event.customer_id in failed_customers
    }
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sorted(numbers, key=int)]}
