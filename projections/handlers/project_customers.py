"""The event table's stream: folds its events into the read table."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.projector import Projector, Report
from projections.stream import Batch, answer, read_batch
from shared.runtime.clients import dynamodb
from shared.runtime.observability import logger, metrics, tracer
from shared.runtime.settings import required

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
read_model = DynamoDbReadModel(dynamodb(), required("READ_TABLE"))
projector = Projector(read_model, store.read)


@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handle(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001 - Lambda's signature
    """Project one batch."""
    batch = read_batch(event["Records"])
    report = projector.project(batch.events, read_model.active_generation())
    _tell(batch, report)
    return answer(batch, report.failed)


def _tell(batch: Batch, report: Report) -> None:
    for projected in report.projected:
        follow(projected)
    logger.info("batch", extra={"applied": report.applied, "stale": report.stale, "healed": report.healed})
    for number, reason in batch.unreadable.items():
        logger.error("unreadable record", extra={"sequence_number": number, "reason": reason})
    for customer_id, kind in report.failed.items():
        logger.error("not projected", extra={"customer_id": customer_id, "failure": kind})
    metrics.add_metric("EventsProjected", MetricUnit.Count, len(report.projected))
    metrics.add_metric("EventsStale", MetricUnit.Count, report.stale)
    metrics.add_metric("GapsHealed", MetricUnit.Count, report.healed)
    metrics.add_metric("CustomersFailed", MetricUnit.Count, len(report.failed) + len(batch.unreadable))
    metrics.flush_metrics()


def follow(event: Event) -> None:
    """Leave a trail of an event, so that one request can be followed from its POST to the row that is read.

    Args:
        event: One that is in its row now.
    """
    ids = {"correlation_id": event.metadata.correlation_id, "causation_id": event.metadata.causation_id}
    logger.info(
        "projected", extra={"customer_id": event.customer_id, "version": event.version, "type": event.type, **ids}
    )
    with tracer.provider.in_subsegment(f"## {event.type}") as subsegment:
        for name, value in ids.items():
            subsegment.put_annotation(name, value)
