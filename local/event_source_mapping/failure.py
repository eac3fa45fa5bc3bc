"""The document for an on-failure destination. It says where the discarded records are, never what they contain."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import FunctionFailed, FunctionReturned
from local.event_source_mapping.settings import MappingSettings

Condition: TypeAlias = Literal["RetryAttemptsExhausted", "EventAgeExceeded"]


@dataclass(frozen=True, slots=True)
class Discarded:
    """A batch that will not be retried any more.

    Attributes:
        invokes: How often the function has failed on the batch since it was cut to this size.
        last_result: The last invocation's result; None if the function never ran.
    """

    batch: RecordBatch
    condition: Condition
    invokes: int
    last_result: FunctionReturned | FunctionFailed | None


def document(discarded: Discarded, settings: MappingSettings, now: float) -> dict[str, object]:
    """Describe a discarded batch as Lambda does.

    Source: AWS Lambda docs, "Retain discarded records for a DynamoDB event source", example invocation record.

    Args:
        discarded: The batch and the reason.
        settings: The mapping that discarded it.
        now: Seconds since the epoch.
    """
    result = discarded.last_result
    described: dict[str, object] = {
        "requestContext": {
            "requestId": result.request_id if result and result.request_id else _request_id(discarded, settings),
            "functionArn": settings.function_arn,
            "condition": discarded.condition,
            "approximateInvokeCount": discarded.invokes,
        },
        "version": "1.0",
        "timestamp": _iso(now, "milliseconds"),
        "DDBStreamBatchInfo": _batch_info(discarded.batch, settings),
    }
    return described if result is None else described | {"responseContext": _response_context(result)}


def _response_context(result: FunctionReturned | FunctionFailed) -> dict[str, object]:
    return {
        "statusCode": 200,
        "executedVersion": result.executed_version,
        "functionError": result.error if isinstance(result, FunctionFailed) else None,
    }


def _batch_info(batch: RecordBatch, settings: MappingSettings) -> dict[str, object]:
    first, last = batch.records[0], batch.records[-1]
    return {
        "shardId": batch.shard_id,
        "startSequenceNumber": first.sequence_number,
        "endSequenceNumber": last.sequence_number,
        "approximateArrivalOfFirstRecord": _iso(first.arrived, "seconds"),
        "approximateArrivalOfLastRecord": _iso(last.arrived, "seconds"),
        "batchSize": len(batch),
        "streamArn": settings.stream_arn,
    }


def _request_id(discarded: Discarded, settings: MappingSettings) -> str:
    """An id for a batch that the function never received. It is derived, because the core uses no random numbers."""
    batch = discarded.batch
    name = f"{settings.uuid}/{settings.stream_arn}/{batch.shard_id}/{batch.records[0].sequence_number}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _iso(seconds: float, timespec: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"
