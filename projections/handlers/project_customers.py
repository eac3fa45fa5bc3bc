"""Consumes the event table's stream and projects its events into every fed generation of every view."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit

from events.codec import known_type
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event, trace_annotations
from events.stream import answer, read_batch
from projections.customers import CUSTOMERS
from projections.dynamodb_views import fed_views
from projections.live import ViewOutcome, project_all
from projections.projector import ProjectionReport
from projections.view import View
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.invocation import traced
from shared.runtime.observability import describe, logger, measure_by, metrics
from shared.runtime.settings import required
from shared.runtime.tracing import continue_trace

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
views = fed_views(dynamodb(), store, required("READ_TABLE"), required("EVENT_TABLE"))
in_parts = required("PARTIAL_ANSWERS") == "true"

# What failed in any view is counted together, because the alarms watch that.
_OF_ANY_VIEW: Final = ("CustomersParked", "CustomersFailed")
_BY_VIEW: Final = ("EventsProjected", *_OF_ANY_VIEW)


@traced()
def handle(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001 - Lambda's signature
    """Project one batch.

    Raises:
        Exception: A view could not be projected. The others were, and the whole batch must be delivered again.
    """
    started_at = time.time()
    arrivals = read_batch(event["Records"])
    outcomes = project_all(views, [recorded for _, recorded in arrivals], _log_failure)
    for outcome in outcomes:
        _report(outcome, started_at)
    _measure(outcomes)
    metrics.add_metric("SecondsBehind", MetricUnit.Seconds, _seconds_behind(event["Records"], utc_now()))
    metrics.flush_metrics()
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    failed = {customer_id for outcome in outcomes for customer_id in outcome.failed}
    retry = [number for number, recorded in arrivals if recorded.customer_id in failed]
    return answer(retry, len(arrivals), in_parts=in_parts)


def _log_failure(view: View, error: Exception) -> None:
    logger.error("view not projected", extra={"view": view.name, **describe(error)})


def _report(outcome: ViewOutcome, started_at: float) -> None:
    view = outcome.view.name
    # One trace of a request is enough: the customers' view is what it reads.
    for event in outcome.reports[-1].projected if outcome.reports and outcome.view is CUSTOMERS else ():
        trace_event(event, started_at)
    for report in outcome.reports:
        for customer_id, parked in report.parked.items():
            parking = {"version": parked.version, "reason": parked.reason}
            logger.error("parked", extra={"view": view, "customer_id": customer_id, **parking})
    failures = [*(report.failed for report in outcome.reports), outcome.uncleared]
    for customer_id, kind in ((id_, kind) for each in failures for id_, kind in each.items()):
        logger.warning("to be retried", extra={"view": view, "customer_id": customer_id, "failure": kind})


def _measure(outcomes: Sequence[ViewOutcome]) -> None:
    """Measure each view by itself, and then the customers' view with what failed in any of them, for the alarms."""
    total = _counts(())
    for outcome in outcomes:
        counts = _counts(outcome.reports)
        measure_by("view", outcome.view.name, {metric: counts[metric] for metric in _BY_VIEW})
        logger.info("batch", extra={"view": outcome.view.name, **counts})
        taken = counts if outcome.view is CUSTOMERS else {metric: counts[metric] for metric in _OF_ANY_VIEW}
        total = {metric: total[metric] + taken.get(metric, 0) for metric in total}
    for metric, count in total.items():
        metrics.add_metric(metric, MetricUnit.Count, count)


def _counts(reports: Sequence[ProjectionReport]) -> dict[str, int]:
    active = reports[-1] if reports else ProjectionReport()
    total = {
        "EventsProjected": len(active.projected),
        "EventsStale": active.stale,
        "EventsWaiting": active.waiting,
        "EventsBehind": len(active.projected) + active.waiting,
        "GapsHealed": active.healed,
        "CustomersParked": len(active.parked),
        "CustomersFailed": sum(len(report.failed) for report in reports),
    }
    return total  # noqa: RET504 - the page of metrics is compared with what this name has


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
