"""The batch format of the stream: parses records into events, and formats the response to the event source mapping.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from events.codec import REDACTED, recorded
from events.envelope import Recorded

Arrival = tuple[str, Recorded]
"""A stream record's sequence number, and its row."""


class BatchFailed(Exception):
    """Some records failed and the mapping does not support partial responses, so it must retry the whole batch."""


def read_batch(records: Sequence[Mapping[str, Any]]) -> list[Arrival]:
    """Parse a batch.

    Args:
        records: `Records` of a DynamoDB stream's Lambda event. Only INSERT records are events; the others are ignored.
    """
    changes = [record["dynamodb"] for record in records if record["eventName"] == "INSERT"]
    return [
        (change["SequenceNumber"], recorded({**change["NewImage"], **change.get("Keys", {})})) for change in changes
    ]


def changed_keys(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """The keys of stored events that were changed or deleted, other than by a redaction.

    IAM cannot forbid PutItem to replace an item, so only the code's conditions keep events from being overwritten. This
    detects it if those fail. A change that leaves the redaction's own text as the data is not detected.

    Args:
        records: `Records` of a DynamoDB stream's Lambda event.

    Returns:
        The customer id and the version of each.
    """
    changes = [record["dynamodb"] for record in records if record["eventName"] != "INSERT"]
    return [
        (change["Keys"]["customer_id"]["S"], int(change["Keys"]["version"]["N"]))
        for change in changes
        if change.get("NewImage", {}).get("data") != {"S": REDACTED}
    ]


def answer(failed: Collection[str], records: int, *, in_parts: bool) -> dict[str, list[dict[str, str]]]:
    """The response to the mapping: the records to retry.

    Args:
        failed: Sequence numbers of the records that are neither processed nor parked.
        records: The number of records in the batch.
        in_parts: Whether the mapping supports partial responses (`ReportBatchItemFailures`). A mapping that does not
            treats every response as success and loses the failed records.

    Returns:
        The `batchItemFailures` in stream order. The mapping retries from the lowest sequence number.

    Raises:
        BatchFailed: Records failed, and the mapping does not support partial responses.
    """
    if failed and not in_parts:
        raise BatchFailed(f"{len(failed)} of {records} records must be retried")
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sorted(failed, key=int)]}
