"""Publishes the events of the event table's stream to the event bus, and reports stored events that were changed."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from events.codec import known_type
from events.envelope import Event, Recorded, trace_annotations
from events.stream import answer, changed_keys, read_batch
from publisher.bus import BusMissing
from publisher.cloud_event import source_of
from publisher.event_bridge import EventBridgeBus
from publisher.publishing import Publisher, PublishReport
from publisher.sqs_publish_failures import SqsPublishFailures
from shared.runtime.clients import event_bridge, sqs
from shared.runtime.invocation import traced
from shared.runtime.observability import logger, metrics
from shared.runtime.settings import required
from shared.runtime.tracing import continue_trace

publisher = Publisher(
    EventBridgeBus(event_bridge(), required("EVENT_BUS")),
    SqsPublishFailures(sqs(), required("PUBLISH_FAILURE_QUEUE")),
    source_of(required("STAGE")),
    epoch=int(required("EPOCH")),
)
in_parts = required("PARTIAL_ANSWERS") == "true"


@traced(BusMissing)
def handle(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001 - Lambda's signature
    """Publish one batch."""
    began = time.time()
    _report_changes(event["Records"])
    arrivals = read_batch(event["Records"])
    records = [recorded for _, recorded in arrivals]
    try:
        report = publisher.publish(records)
    except BusMissing:
        # Fail the invocation, because function errors have an alarm. A partial batch response would raise none.
        logger.error("there is no such event bus: nothing is published")
        raise
    _log_and_count(report, records, began)
    return answer([arrivals[index][0] for index in report.failed], len(arrivals), in_parts=in_parts)


def _report_changes(records: Sequence[Mapping[str, Any]]) -> None:
    changed = changed_keys(records)
    for customer_id, version in changed:
        logger.error("a stored event was changed", extra={"customer_id": customer_id, "version": version})
    # Flushed with the batch's other metrics. If the batch fails, it is delivered and counted again.
    metrics.add_metric("EventsChanged", MetricUnit.Count, len(changed))


def _log_and_count(report: PublishReport, records: list[Recorded], began: float) -> None:
    for event in report.published:
        if isinstance(event, Event):
            _log_and_trace(event, began)
    for index, reason in report.unpublishable.items():
        logger.error("cannot be published", extra=_ids(records[index]) | {"reason": reason})
    for index, kind in report.failed.items():
        logger.warning("to be published again", extra=_ids(records[index]) | {"failure": kind})
    counts = {
        "EventsPublished": len(report.published),
        "EventsUnpublishable": len(report.unpublishable),
        "EventsToPublishAgain": len(report.failed),
    }
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    metrics.flush_metrics()
    logger.info("batch", extra=counts)


def _log_and_trace(event: Event, began: float) -> None:
    metadata = event.metadata
    logger.info("published", extra=_ids(event) | {"correlation_id": metadata.correlation_id})
    annotations = {
        **trace_annotations(event.customer_id, event.version, known_type(event)),
        "correlation_id": metadata.correlation_id,
    }
    continue_trace("customers-publishing", metadata.trace_id, metadata.segment_id, began, annotations)


def _ids(recorded: Recorded) -> dict[str, object]:
    return {"customer_id": recorded.customer_id, "version": recorded.version}
