"""The steps of a rebuild that concern the whole generation: `start`, `confirm` and `switch`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from projections.generations import Generations, GenerationStore, WrongStep
from projections.maintenance.progress import Plan, ProgressStore, load_plan, plan_for, save_plan, verify_job
from projections.maintenance.rate_limit import InvalidRate, split_rate
from projections.maintenance.regressions import WouldRegress, check_regressions
from projections.maintenance.stores import chosen, stores_of_views
from projections.read_model import RowStore
from projections.views import UnknownView
from shared.runtime.clients import dynamodb
from shared.runtime.clock import timestamp, utc_now
from shared.runtime.ids import new_id
from shared.runtime.invocation import traced_step
from shared.runtime.observability import logger
from shared.runtime.settings import required

views = stores_of_views(dynamodb(), required("READ_TABLE"), required("EVENT_TABLE"))


@traced_step(WrongStep, InvalidRate, UnknownView)
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Run one step. If it raises, the exception's message becomes the cause with which the execution fails."""
    result: dict[str, Any] = {"start": start, "confirm": confirm, "switch": switch}[event["action"]](event)
    logger.info(event["action"], extra={"view": result["view"], "generation": result["generation"]})
    return result


def start(event: Mapping[str, Any]) -> dict[str, Any]:
    """Begin a generation, or continue the one that an earlier execution began.

    Returns:
        The view, the generation, and its segments as input of the state machine's maps.

    Raises:
        UnknownView: The input names a view that does not exist.
        WrongStep: The previous generation was not retired, or the number of shards in the input cannot be used.
        InvalidRate: The rate in the input cannot be used. No generation was begun.
    """
    options = event.get("input") or {}
    workers, rate = split_rate(options.get("rate", float(required("REBUILD_RATE"))), int(required("REBUILD_WORKERS")))
    stores = chosen(views, options)
    current = stores.generations.load()
    current.must_not_have_previous()
    generation = _building(stores.generations, current, _shards(options))
    plan = _plan(stores.progress, generation)
    common = {
        "view": stores.view.name,
        "generation": generation,
        "segments": plan.segments,
        "accept_parked": bool(options.get("accept_parked")),
        "rate": rate,
        # Checkpoints of other comparisons do not count: rows may have changed since.
        "comparison": new_id(),
    }
    return {**common, "workers": workers, "items": [{**common, "segment": segment} for segment in range(plan.segments)]}


def confirm(event: Mapping[str, Any]) -> dict[str, Any]:
    """Record that the generation equals the event table.

    Raises:
        WrongStep: It does not.
    """
    generation, stores = event["generation"], chosen(views, event)
    current = stores.generations.load()
    current.must_be_building(generation)
    segments = stores.progress.load(verify_job(generation), event["segments"])
    segments = [segment for segment in segments if segment.comparison == event.get("comparison", "")]
    problems = sum(segment.problems for segment in segments)
    if problems:
        raise WrongStep(
            f"Nothing was switched, because {problems} customer(s) of generation {generation} differ or are parked: "
            "fix the cause and start the rebuild again."
        )
    if sum(segment.done for segment in segments) < event["segments"]:
        raise WrongStep(
            f"Nothing was switched, because generation {generation} was not compared to the end: "
            "start the rebuild again."
        )
    compared = sum(segment.customers for segment in segments)
    stores.generations.save(current.confirm(timestamp(utc_now()), compared))
    return {"view": stores.view.name, "generation": generation}


def switch(event: Mapping[str, Any]) -> dict[str, Any]:
    """Make the generation active.

    Raises:
        WrongStep: It is not being built or was not verified, or readers would see older data.
    """
    stores = chosen(views, event)
    current = stores.generations.load()
    # If the answer to the first try was lost, the retry finds the generation active already.
    if current.active != event["generation"]:
        current.must_be_building(event["generation"])
        switched = current.switch(utc_now())
        _check_regressions(stores.rows, current.active, switched.active)
        stores.generations.save(switched)
    return {"view": stores.view.name, "generation": event["generation"]}


def _building(generations: GenerationStore, current: Generations, shards: int | None) -> int:
    if current.building is None:
        return generations.save(current.start_rebuild(shards)).newest
    begun = current.details_of(current.building).shards
    if shards not in (None, begun):
        raise WrongStep(
            f"Generation {current.building} was begun with {begun} shards: leave out shards, or abandon it."
        )
    return current.building


def _shards(options: Mapping[str, Any]) -> int | None:
    shards = options.get("shards")
    if shards is None or (isinstance(shards, int) and not isinstance(shards, bool)):
        return shards
    raise WrongStep(f"shards must be a whole number, not {shards!r}.")


def _check_regressions(rows: RowStore, active: int, target: int) -> None:
    try:
        check_regressions(rows, active, target)
    except WouldRegress as error:
        for regression in error.regressions:
            logger.error("would regress", extra=asdict(regression))
        raise


def _plan(progress: ProgressStore, generation: int) -> Plan:
    saved = load_plan(progress, generation)
    if saved:
        return saved
    events = dynamodb().describe_table(TableName=required("EVENT_TABLE"))["Table"]["ItemCount"]
    return save_plan(progress, generation, plan_for(events))
