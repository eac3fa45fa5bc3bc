"""Compares one segment of the generation that is being built with the event table; asked again until it is done."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from events.dynamodb_store import DynamoDbEventStore
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.handlers.segment_work import answer, work_while_time
from projections.maintenance.differences import Difference, Kind
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.plan import comparison_of
from projections.maintenance.progress import SegmentProgress
from projections.maintenance.verify import Verifier
from shared.runtime.clients import dynamodb
from shared.runtime.observability import logger, tracer
from shared.runtime.settings import required

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
generations = DynamoDbGenerations(dynamodb(), required("READ_TABLE"))
progress = DynamoDbProgress(dynamodb(), required("READ_TABLE"))
verifier = Verifier(store, DynamoDbReadModel(dynamodb(), required("READ_TABLE")), time.sleep)


@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go on with the segment; a comparison that is not `continued` begins anew, whatever an earlier one found."""
    generation, segment, segments = event["generation"], event["segment"], event["segments"]
    work = comparison_of(generation)

    def step(at: SegmentProgress) -> SegmentProgress:
        generations.load().must_be_building(generation)
        reached, found = verifier.step(generation, at, segments)
        if reached.done:
            # Whoever still has some events was compared with them already.
            orphans = verifier.orphans(generation, segment, segments)
            found += [orphan for orphan in orphans if orphan.expected == 0]
        reached = replace(reached, problems=at.problems + _tell(found, accept_parked=bool(event.get("accept_parked"))))
        progress.save(work, reached)
        return reached

    at = progress.load(work, segments)[segment] if event.get("continued") else SegmentProgress(segment)
    told = answer(event, work_while_time(at, step, context.get_remaining_time_in_millis))
    logger.info("segment", extra=told)
    return told


def _tell(found: Iterable[Difference], *, accept_parked: bool) -> int:
    """Log each difference; returns how many of them stand against switching."""
    against = 0
    for each in found:
        against += not (accept_parked and each.kind is Kind.PARKED)
        versions = {"expected": each.expected, "found": each.found}
        logger.error("difference", extra={"customer_id": each.customer_id, "kind": str(each.kind), **versions})
    return against
