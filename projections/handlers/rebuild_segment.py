"""Fills one segment of the generation that is being built; asked again until the segment is done."""

import time
from typing import Any

from events.dynamodb_store import DynamoDbEventStore
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.handlers.segment_work import answer, work_while_time
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import SegmentProgress
from projections.maintenance.rate_limit import TokenBucket
from projections.maintenance.rebuild import Pace, Rebuild, page_for, work_of
from projections.projector import Projector
from shared.runtime.clients import dynamodb
from shared.runtime.observability import logger, tracer
from shared.runtime.settings import required

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
generations = DynamoDbGenerations(dynamodb(), required("READ_TABLE"))
progress = DynamoDbProgress(dynamodb(), required("READ_TABLE"))
projector = Projector(DynamoDbReadModel(dynamodb(), required("READ_TABLE")), store.read)


@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go on with the segment from its checkpoint, wherever the invocation before it ended."""
    generation, segment, segments = event["generation"], event["segment"], event["segments"]
    # This segment's share of the rate: the others are worked on at the same time.
    rate = event["rate"]
    rebuild = Rebuild(store, projector, progress, generations, Pace(time.sleep, TokenBucket(rate), page_for(rate)))

    def step(at: SegmentProgress) -> SegmentProgress:
        return rebuild.step(generation, at, segments)

    at = progress.load(work_of(generation), segments)[segment]
    told = answer(event, work_while_time(at, step, context.get_remaining_time_in_millis))
    logger.info("segment", extra=told)
    return told
