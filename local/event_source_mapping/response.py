"""What a function's response means for its batch."""

import json
from dataclasses import dataclass
from typing import TypeAlias

from local.event_source_mapping.batch import RecordBatch


@dataclass(frozen=True, slots=True)
class Success:
    """Every record was processed."""


@dataclass(frozen=True, slots=True)
class PartialFailure:
    """The records before `at` were processed. The record at `at` and all later ones are retried.

    Attributes:
        at: The lowest failed sequence number.
    """

    at: str


@dataclass(frozen=True, slots=True)
class WholeBatchFailure:
    """No record counts as processed."""

    reason: str


Verdict: TypeAlias = Success | PartialFailure | WholeBatchFailure


def interpret(payload: bytes, batch: RecordBatch, *, reports_failures: bool) -> Verdict:
    """Interpret the response of a function that returned without an error.

    Source: AWS Lambda docs, "Configuring partial batch response with DynamoDB and Lambda", success and failure
    conditions.

    Args:
        payload: The bytes that the function returned.
        batch: The batch that it received.
        reports_failures: Whether the mapping has ReportBatchItemFailures. Without it, every response is a success.
    """
    if not reports_failures or not payload.strip():
        return Success()
    try:
        response: object = json.loads(payload)
    except ValueError:
        return WholeBatchFailure("the response is not JSON")
    if not response and response is not False and response != 0:
        return Success()
    if not isinstance(response, dict):
        return WholeBatchFailure("the response is not an object")
    return _from_failures(response.get("batchItemFailures"), batch)


def _from_failures(failures: object, batch: RecordBatch) -> Verdict:
    if failures is None or failures == []:
        return Success()
    if not isinstance(failures, list):
        return WholeBatchFailure("batchItemFailures is not a list")
    known = {record.order: record.sequence_number for record in batch.records}
    numbers = [_number_of(item) for item in failures]
    found = [number for number in numbers if number is not None and number in known]
    # With an unknown identifier there is no safe point to continue from, so the whole batch is retried.
    if len(found) < len(numbers):
        return WholeBatchFailure("an itemIdentifier is empty, null or not in the batch")
    return PartialFailure(known[min(found)])


def _number_of(item: object) -> int | None:
    identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
    return int(identifier) if isinstance(identifier, str) and identifier.isdecimal() else None
