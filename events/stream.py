"""The stream's batch format: from records to events, and from failures to the answer the event source mapping reads.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from events.codec import recorded
from events.envelope import Recorded

Arrival = tuple[str, Recorded]
"""A record's sequence number and what it records."""


class BatchFailed(Exception):
    """Some records must come again, and the mapping would not understand which: all of them must."""


def read_batch(records: Sequence[Mapping[str, Any]]) -> list[Arrival]:
    """Read a batch.

    Args:
        records: `Records` of a DynamoDB stream's Lambda event. Only INSERTs are facts; others are passed over.
    """
    changes = [record["dynamodb"] for record in records if record["eventName"] == "INSERT"]
    return [
        (change["SequenceNumber"], recorded({**change["NewImage"], **change.get("Keys", {})})) for change in changes
    ]


def answer(failed: Collection[str], records: int, *, in_parts: bool) -> dict[str, list[dict[str, str]]]:
    """What the mapping is told: the records that must come again.

    Args:
        failed: Sequence numbers of the records that are neither done nor put aside.
        records: How many there were.
        in_parts: Whether the mapping takes partial answers (`ReportBatchItemFailures`). One that does not would take
            any answer for success and lose the failed records.

    Returns:
        The `batchItemFailures`, in the order of the stream; the mapping goes back to the lowest.

    Raises:
        BatchFailed: Some failed, and the mapping takes no partial answers.
    """
    if failed and not in_parts:
        raise BatchFailed(f"{len(failed)} of {records} records must come again")
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sorted(failed, key=int)]}
