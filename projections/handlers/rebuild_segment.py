"""Fills one segment of the generation being built. The state machine invokes it until the segment is done."""

import time
from typing import Any

from events.dynamodb_store import DynamoDbEventStore
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import WrongStep
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import SegmentProgress, rebuild_job
from projections.maintenance.rate_limit import TokenBucket
from projections.maintenance.rebuild import Pace, Rebuild, page_size_for
from projections.maintenance.segment_loop import answer, run_steps
from projections.projector import Projector
from shared.runtime.clients import dynamodb
from shared.runtime.invocation import traced_step
from shared.runtime.observability import logger
from shared.runtime.settings import required

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
generations = DynamoDbGenerations(dynamodb(), required("READ_TABLE"))
progress = DynamoDbProgress(dynamodb(), required("READ_TABLE"))
projector = Projector(DynamoDbReadModel(dynamodb(), required("READ_TABLE")), store.read)


@traced_step(WrongStep)
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Continue the segment from its checkpoint, wherever the last invocation ended."""
    generation, segment, segments = event["generation"], event["segment"], event["segments"]
    # This segment's share of the rate; other segments are filled at the same time.
    rate = event["rate"]
    pace = Pace(time.sleep, TokenBucket(rate), page_size_for(rate))
    rebuild = Rebuild(store, projector, progress, generations, pace)

    def step(at: SegmentProgress) -> SegmentProgress:
        return rebuild.step(generation, at, segments)

    at = progress.load(rebuild_job(generation), segments)[segment]
    result = answer(event, run_steps(at, step, context.get_remaining_time_in_millis))
    logger.info("segment", extra=result)
    return result
