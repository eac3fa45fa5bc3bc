"""Consumes the event table's stream and projects its events into every fed generation of the read table."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from events.codec import known_type
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event, trace_annotations
from events.stream import answer, read_batch
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.projector import ProjectionReport, Projector
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.invocation import traced
from shared.runtime.observability import logger, metrics
from shared.runtime.settings import required
from shared.runtime.tracing import continue_trace

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
generations = DynamoDbGenerations(dynamodb(), required("READ_TABLE"))
projector = Projector(DynamoDbReadModel(dynamodb(), required("READ_TABLE")), store.read)
in_parts = required("PARTIAL_ANSWERS") == "true"


@traced()
def handle(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001 - Lambda's signature
    """Project one batch."""
    started_at = time.time()
    arrivals = read_batch(event["Records"])
    records, fed = [recorded for _, recorded in arrivals], generations.load().fed
    reports = projector.project_into(records, fed)
    uncleared = projector.clear_elsewhere(records, fed)
    for customer_id, kind in uncleared.items():
        logger.warning("to be retried", extra={"customer_id": customer_id, "failure": kind})
    _report(reports, started_at)
    metrics.add_metric("SecondsBehind", MetricUnit.Seconds, _seconds_behind(event["Records"], utc_now()))
    metrics.flush_metrics()
    failed = {customer_id for report in reports for customer_id in report.failed} | uncleared.keys()
    retry = [number for number, recorded in arrivals if recorded.customer_id in failed]
    return answer(retry, len(arrivals), in_parts=in_parts)


def _report(reports: list[ProjectionReport], started_at: float) -> None:
    active = reports[-1]
    for event in active.projected:
        trace_event(event, started_at)
    for report in reports:
        for customer_id, parked in report.parked.items():
            logger.error(
                "parked", extra={"customer_id": customer_id, "version": parked.version, "reason": parked.reason}
            )
        for customer_id, kind in report.failed.items():
            logger.warning("to be retried", extra={"customer_id": customer_id, "failure": kind})
    counts = {
        "EventsProjected": len(active.projected),
        "EventsStale": active.stale,
        "EventsWaiting": active.waiting,
        "EventsBehind": len(active.projected) + active.waiting,
        "GapsHealed": active.healed,
        "CustomersParked": len(active.parked),
        "CustomersFailed": sum(len(report.failed) for report in reports),
    }
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    logger.info("batch", extra=counts)


def trace_event(event: Event, started_at: float) -> None:
    """Log and trace a projected event, so that one request can be followed from its POST to the row that is read.

    Args:
        started_at: When its batch was received, in seconds since the epoch.
    """
    ids = {"correlation_id": event.metadata.correlation_id, "causation_id": event.metadata.causation_id}
    logger.info(
        "projected",
        extra={"customer_id": event.customer_id, "version": event.version, "type": known_type(event), **ids},
    )
    annotations = {**trace_annotations(event.customer_id, event.version, known_type(event)), **ids}
    continue_trace("customers-projection", event.metadata.trace_id, event.metadata.segment_id, started_at, annotations)


def _seconds_behind(records: Sequence[Mapping[str, Any]], now: datetime) -> float:
    """Return the age of the oldest change in a batch, in seconds; 0 for an empty batch. DynamoDB rounds the time of a
    change to the second, so a value below 1 means nothing.
    """
    created_at = [record["dynamodb"].get("ApproximateCreationDateTime") for record in records]
    known = [created for created in created_at if created is not None]
    return max(0.0, now.timestamp() - min(known)) if known else 0.0
