"""Fills one segment of the generation being built. The state machine invokes it until the segment is done."""

import time
from typing import Any

from events.dynamodb_store import DynamoDbEventStore
from projections.dynamodb_views import projector_of
from projections.generations import WrongStep
from projections.maintenance.progress import SegmentProgress, rebuild_job
from projections.maintenance.rate_limit import TokenBucket
from projections.maintenance.rebuild import Pace, Rebuild, page_size_for
from projections.maintenance.segment_loop import answer, run_steps
from projections.maintenance.stores import chosen, stores_of_views
from projections.views import UnknownView
from shared.runtime.clients import dynamodb
from shared.runtime.invocation import traced_step
from shared.runtime.observability import logger
from shared.runtime.settings import required

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
views = stores_of_views(dynamodb(), required("READ_TABLE"), required("EVENT_TABLE"))


@traced_step(WrongStep, UnknownView)
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Continue the segment from its checkpoint, wherever the last invocation ended."""
    generation, segment, segments = event["generation"], event["segment"], event["segments"]
    stores = chosen(views, event)
    # This segment's share of the rate; other segments are filled at the same time.
    rate = event["rate"]
    pace = Pace(time.sleep, TokenBucket(rate), page_size_for(rate))
    projector = projector_of(stores.view, stores.rows, store)
    rebuild = Rebuild(store, projector, stores.progress, stores.generations, pace)

    def step(at: SegmentProgress) -> SegmentProgress:
        return rebuild.step(generation, at, segments)

    at = stores.progress.load(rebuild_job(generation), segments)[segment]
    result = answer(event, run_steps(at, step, context.get_remaining_time_in_millis))
    logger.info("segment", extra=result)
    return result
