"""What a function's answer means for its batch."""

import json
from dataclasses import dataclass
from typing import TypeAlias

from local.event_source_mapping.batch import RecordBatch


@dataclass(frozen=True, slots=True)
class Success:
    """Every record is dealt with."""


@dataclass(frozen=True, slots=True)
class PartialFailure:
    """Records before `at` are dealt with; it and everything after it come again.

    Attributes:
        at: The lowest failed sequence number.
    """

    at: str


@dataclass(frozen=True, slots=True)
class WholeBatchFailure:
    """Nothing counts as dealt with.

    Attributes:
        reason: For people.
    """

    reason: str


Verdict: TypeAlias = Success | PartialFailure | WholeBatchFailure


def interpret(payload: bytes, batch: RecordBatch, *, reports_failures: bool) -> Verdict:
    """Read the answer of a function that ended without an error.

    Args:
        payload: The bytes it returned.
        batch: What it was given.
        reports_failures: Whether the mapping has ReportBatchItemFailures; without it every answer is a success.

    Returns:
        AWS Lambda docs, "Configuring partial batch response with DynamoDB and Lambda", success and failure conditions.
    """
    if not reports_failures or not payload.strip():
        return Success()
    try:
        answer: object = json.loads(payload)
    except ValueError:
        return WholeBatchFailure("the answer is not JSON")
    if not answer and answer is not False and answer != 0:
        return Success()
    if not isinstance(answer, dict):
        return WholeBatchFailure("the answer is not an object")
    return _of_failures(answer.get("batchItemFailures"), batch)


def _of_failures(failures: object, batch: RecordBatch) -> Verdict:
    if failures is None or failures == []:
        return Success()
    if not isinstance(failures, list):
        return WholeBatchFailure("batchItemFailures is not a list")
    known = {record.order: record.sequence_number for record in batch.records}
    numbers = [_number_of(item) for item in failures]
    found = [number for number in numbers if number is not None and number in known]
    # One identifier that cannot be placed means nobody knows from where to go on: the whole batch comes again.
    if len(found) < len(numbers):
        return WholeBatchFailure("an itemIdentifier is empty, null or not one of the batch")
    return PartialFailure(known[min(found)])


def _number_of(item: object) -> int | None:
    identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
    return int(identifier) if isinstance(identifier, str) and identifier.isdecimal() else None
