"""The steps of a rebuild between the segments: `start`, `confirm` and `switch`."""

from collections.abc import Mapping
from typing import Any

from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_progress import DynamoDbProgress
from projections.generations import WrongStep
from projections.handlers.segment_work import must_be_building
from projections.plan import Plan, comparison_of, keep, kept, plan_for
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.observability import logger, tracer
from shared.runtime.settings import required

generations = DynamoDbGenerations(dynamodb(), required("READ_TABLE"))
progress = DynamoDbProgress(dynamodb(), required("READ_TABLE"))


@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take one step; the name of a refusal and its sentence become the error of the execution."""
    told: dict[str, Any] = {"start": start, "confirm": confirm, "switch": switch}[event["action"]](event)
    logger.info(event["action"], extra={"generation": told["generation"]})
    return told


def start(event: Mapping[str, Any]) -> dict[str, Any]:
    """Begin a generation, or go on with the one that an earlier execution left.

    Returns:
        The generation, and its segments as the state machine's maps take them.
    """
    found = generations.load()
    if found.previous is not None:
        raise WrongStep(f"Generation {found.previous} is kept from the last switch: retire it first.")
    generation = found.building or generations.save(found.start_rebuild()).newest
    plan = _plan(generation)
    asked = event.get("input") or {}
    common = {
        "generation": generation,
        "segments": plan.segments,
        "accept_parked": bool(asked.get("accept_parked", False)),
    }
    # How many segments are worked on at a time.
    workers = int(required("REBUILD_WORKERS"))
    return {**common, "workers": workers, "items": [{**common, "segment": segment} for segment in range(plan.segments)]}


def confirm(event: Mapping[str, Any]) -> dict[str, Any]:
    """Note that the generation equals the event table.

    Raises:
        WrongStep: It does not.
    """
    generation = event["generation"]
    found = generations.load()
    must_be_building(found, generation)
    segments = progress.load(comparison_of(generation), event["segments"])
    problems = sum(segment.problems for segment in segments)
    if problems:
        raise WrongStep(f"{problems} customers of generation {generation} differ or are parked: nothing was switched.")
    if not all(segment.done for segment in segments):
        raise WrongStep(f"Generation {generation} was not compared to its end: nothing was switched.")
    generations.save(found.confirm())
    return {"generation": generation}


def switch(event: Mapping[str, Any]) -> dict[str, Any]:
    """Let queries read the generation."""
    found = generations.load()
    # A retry after a lost answer finds the work done.
    if found.active != event["generation"]:
        must_be_building(found, event["generation"])
        generations.save(found.switch(utc_now()))
    return {"generation": event["generation"]}


def _plan(generation: int) -> Plan:
    known = kept(progress, generation)
    if known:
        return known
    events = dynamodb().describe_table(TableName=required("EVENT_TABLE"))["Table"]["ItemCount"]
    return keep(progress, generation, plan_for(events))
