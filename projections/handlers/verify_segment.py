"""Compares one segment of the generation being built with the event table. The state machine invokes it until the
segment is done.
"""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from events.dynamodb_store import DynamoDbEventStore
from projections.generations import WrongStep
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import SegmentProgress, verify_job
from projections.maintenance.segment_loop import answer, run_steps
from projections.maintenance.stores import chosen, stores_of_views
from projections.maintenance.verify import Verifier
from projections.views import UnknownView
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.invocation import traced_step
from shared.runtime.observability import logger
from shared.runtime.settings import required

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
views = stores_of_views(dynamodb(), required("READ_TABLE"), required("EVENT_TABLE"))


@traced_step(WrongStep, UnknownView)
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Continue the comparison from its checkpoint, wherever the last invocation ended."""
    generation, segment, segments = event["generation"], event["segment"], event["segments"]
    stores = chosen(views, event)
    verifier = Verifier(store, stores.rows, time.sleep, utc_now, stores.view)
    job = verify_job(generation)

    def step(at: SegmentProgress) -> SegmentProgress:
        stores.generations.load().must_be_building(generation)
        checkpoint, differences = verifier.step(generation, at, segments)
        if checkpoint.done:
            # Rows of customers who have any events were compared above.
            orphans = verifier.orphans(generation, segment, segments)
            differences += [orphan for orphan in orphans if orphan.expected == 0]
            if segment == 0:
                # One look at all counters is enough, and takes a scan of the whole generation.
                differences += verifier.miscounted(generation)
        # A row that an earlier release wrote may lack a key of an index that this one has.
        differences = [each for each in differences if not _is_listed_now(each, generation, verifier)]
        blocking = _report(differences, accept_parked=bool(event.get("accept_parked")))
        checkpoint = replace(checkpoint, problems=at.problems + blocking)
        stores.progress.save(job, checkpoint)
        return checkpoint

    at = stores.progress.load(job, segments)[segment]
    # An execution that an earlier release began has no such id, and starts over unless it says that it continues.
    comparison = event.get("comparison", "")
    if at.comparison != comparison or not (comparison or event.get("continued")):
        at = SegmentProgress(segment, comparison=comparison)
    result = answer(event, run_steps(at, step, context.get_remaining_time_in_millis))
    logger.info("segment", extra=result)
    return result


def _is_listed_now(difference: Difference, generation: int, verifier: Verifier) -> bool:
    return difference.kind is DifferenceKind.UNLISTED and verifier.repair(difference, generation)


def _report(differences: Iterable[Difference], *, accept_parked: bool) -> int:
    """Log each difference, and return how many of them prevent a switch."""
    blocking = 0
    for difference in differences:
        is_accepted = accept_parked and difference.kind is DifferenceKind.PARKED
        # Unredacted events are repaired by `verify --repair`, and are no error of the generation.
        blocking += not (is_accepted or difference.kind is DifferenceKind.UNREDACTED)
        logger.error(
            "difference",
            extra={
                "customer_id": difference.customer_id,
                "kind": str(difference.kind),
                "expected": difference.expected,
                "found": difference.found,
            },
        )
    return blocking
