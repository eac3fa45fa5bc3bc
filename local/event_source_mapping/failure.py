"""The document an on-failure destination receives: where the discarded records are, never what they hold."""

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
    """A batch that is given up.

    Attributes:
        batch: Its records.
        condition: Why.
        invokes: How often the function failed on it since it was cut to this size.
        last_answer: What the function said last; None when it never ran.
    """

    batch: RecordBatch
    condition: Condition
    invokes: int
    last_answer: FunctionReturned | FunctionFailed | None


def document(discarded: Discarded, settings: MappingSettings, now: float) -> dict[str, object]:
    """Describe a discarded batch as Lambda does.

    Args:
        discarded: What is given up and why.
        settings: The mapping it belongs to.
        now: Seconds since the epoch.

    Returns:
        AWS Lambda docs, "Retain discarded records for a DynamoDB event source", example invocation record.
    """
    answer = discarded.last_answer
    described: dict[str, object] = {
        "requestContext": {
            "requestId": answer.request_id if answer and answer.request_id else _request_id(discarded, settings),
            "functionArn": settings.function_arn,
            "condition": discarded.condition,
            "approximateInvokeCount": discarded.invokes,
        },
        "version": "1.0",
        "timestamp": _iso(now, "milliseconds"),
        "DDBStreamBatchInfo": _batch_info(discarded.batch, settings),
    }
    return described if answer is None else described | {"responseContext": _response_context(answer)}


def _response_context(answer: FunctionReturned | FunctionFailed) -> dict[str, object]:
    return {
        "statusCode": 200,
        "executedVersion": answer.executed_version,
        "functionError": answer.error if isinstance(answer, FunctionFailed) else None,
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
    """An id for a batch the function never saw; the core draws no random ones."""
    batch = discarded.batch
    place = f"{settings.uuid}/{settings.stream_arn}/{batch.shard_id}/{batch.records[0].sequence_number}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, place))


def _iso(seconds: float, timespec: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"
