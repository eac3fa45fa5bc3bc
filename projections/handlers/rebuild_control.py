"""The steps of a rebuild between the segments: `start`, `confirm` and `switch`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import WrongStep
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.plan import Plan, comparison_of, keep, kept, plan_for
from projections.maintenance.rate_limit import shared_out
from projections.maintenance.regressions import WouldGoBack, refuse_to_go_back
from shared.runtime.clients import dynamodb
from shared.runtime.clock import utc_now
from shared.runtime.observability import logger, tracer
from shared.runtime.settings import required

generations = DynamoDbGenerations(dynamodb(), required("READ_TABLE"))
progress = DynamoDbProgress(dynamodb(), required("READ_TABLE"))
read_model = DynamoDbReadModel(dynamodb(), required("READ_TABLE"))


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

    Raises:
        WrongStep: A generation is kept from the last switch.
        WrongRate: The input's rate cannot be used; nothing was begun.
    """
    asked = event.get("input") or {}
    workers, rate = shared_out(asked.get("rate", float(required("REBUILD_RATE"))), int(required("REBUILD_WORKERS")))
    found = generations.load()
    if found.previous is not None:
        raise WrongStep(f"Generation {found.previous} is kept from the last switch: retire it first.")
    generation = found.building or generations.save(found.start_rebuild()).newest
    plan = _plan(generation)
    common = {
        "generation": generation,
        "segments": plan.segments,
        "accept_parked": bool(asked.get("accept_parked", False)),
        "rate": rate,
    }
    return {**common, "workers": workers, "items": [{**common, "segment": segment} for segment in range(plan.segments)]}


def confirm(event: Mapping[str, Any]) -> dict[str, Any]:
    """Note that the generation equals the event table.

    Raises:
        WrongStep: It does not.
    """
    generation = event["generation"]
    found = generations.load()
    found.must_be_building(generation)
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
        found.must_be_building(event["generation"])
        switched = found.switch(utc_now())
        _let_nobody_go_back(found.active, switched.active)
        generations.save(switched)
    return {"generation": event["generation"]}


def _let_nobody_go_back(shown: int, to: int) -> None:
    try:
        refuse_to_go_back(read_model, shown, to)
    except WouldGoBack as refused:
        for each in refused.regressions:
            logger.error("would go back", extra=asdict(each))
        raise


def _plan(generation: int) -> Plan:
    known = kept(progress, generation)
    if known:
        return known
    events = dynamodb().describe_table(TableName=required("EVENT_TABLE"))["Table"]["ItemCount"]
    return keep(progress, generation, plan_for(events))
