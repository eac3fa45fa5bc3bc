"""`rebuild start | run | status | watch | verify | all`: fills a new generation beside the one that is read."""

import argparse
from datetime import datetime
from typing import Final

from operations.actions.generations import switch
from operations.actions.verify import tell
from operations.display import clock_time, display
from operations.jobs.comparison import CompareOptions, compare
from operations.jobs.meter import STALLED_AFTER_SECONDS, Meter
from operations.jobs.workers import LOOK_EVERY_SECONDS, Board, run_all
from operations.output import Output
from operations.stack import Stack
from projections.generations import Generations, WrongStep
from projections.maintenance.differences import DifferenceKind
from projections.maintenance.progress import (
    Plan,
    Progress,
    SegmentProgress,
    load_plan,
    plan_for,
    rebuild_job,
    save_plan,
)
from projections.maintenance.rate_limit import UNITS_PER_ROW, TokenBucket
from projections.maintenance.rebuild import Pace, Rebuild, page_size_for

GO_ON: Final = "make customers ARGS='rebuild run' goes on from here."


def start(tools: Stack, _: argparse.Namespace, output: Output) -> int:
    """Begin a new generation."""
    begun = tools.generations.save(tools.generations.load().start_rebuild())
    generation = building(begun)
    plan = save_plan(tools.progress, generation, plan_for(tools.count_events()))
    output.say(
        f"Generation {generation} begun, in {plan.segments} segments: the projector feeds it from now on.",
        generation=generation,
        segments=plan.segments,
    )
    return 0


def run(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Fill the generation that is being built, from where the last run stopped.

    Returns:
        1 when customers were parked in it.
    """
    generation = building(tools.generations.load())
    plan = _plan(tools, generation)
    board = Board(tools.progress.load(rebuild_job(generation), plan.segments), plan.expected_events)
    meter = Meter(tools.clock, board.progress(), _stalls_after(arguments.rate, arguments.workers))
    rebuild = _rebuild(tools, arguments.rate, arguments.workers)

    def step(at: SegmentProgress) -> SegmentProgress:
        return rebuild.step(generation, at, plan.segments)

    with display(f"Filling generation {generation}", as_json=output.as_json) as shown:
        progress = run_all(board, step, arguments.workers, meter, shown)
    output.say(
        f"Generation {generation}: {progress.customers:,} customers from {progress.events:,} events.",
        generation=generation,
        customers=progress.customers,
        events=progress.events,
        parked=progress.problems,
    )
    if progress.problems:
        output.say(f"{progress.problems} of them are parked: make customers ARGS='parked --generation {generation}'.")
    return 1 if progress.problems else 0


def status(tools: Stack, _: argparse.Namespace, output: Output) -> int:
    """Print how far the rebuild is."""
    generation = building(tools.generations.load())
    progress = _progress(tools, generation)
    newest = max((segment.at for segment in progress.segments), default="")
    still = (tools.now() - datetime.fromisoformat(newest)).total_seconds() if newest else None
    stalled = not progress.done and (still is None or still >= STALLED_AFTER_SECONDS)
    segments = sum(segment.done for segment in progress.segments)
    output.say(
        f"Generation {generation}: {progress.percent:.1f} %, {segments} of {len(progress.segments)} segments done, "
        f"{progress.customers:,} customers, {progress.events:,} events; {_moved(still)}."
        f"{' STALLED: ' + GO_ON if stalled else ''}",
        generation=generation,
        percent=round(progress.percent, 1),
        segments=len(progress.segments),
        segments_done=segments,
        customers=progress.customers,
        events=progress.events,
        parked=progress.problems,
        last_moved=newest,
        stalled=stalled,
    )
    return 0


def watch(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Show how a rebuild goes on that somebody else runs, the state machine for instance, until it is filled.

    Returns:
        1 when customers were parked in it.
    """
    generation = building(tools.generations.load())
    progress = _progress(tools, generation)
    meter = Meter(tools.clock, progress)
    with display(f"Watching generation {generation}", as_json=output.as_json) as shown:
        shown.show(meter.read(progress))
        while not progress.done:
            tools.pause(LOOK_EVERY_SECONDS)
            tools.generations.load().must_be_building(generation)
            progress = _progress(tools, generation)
            shown.show(meter.read(progress))
    status(tools, arguments, output)
    return 1 if progress.problems else 0


def verify(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Compare the new generation with the event table; only when they are equal may it be switched to.

    Returns:
        1 when they differ.
    """
    generation = building(tools.generations.load())
    progress = _progress(tools, generation)
    if not progress.done:
        raise WrongStep(f"Generation {generation} is filled to {progress.percent:.1f} %: run it to its end first.")
    comparison = compare(tools, generation, CompareOptions(arguments.workers, len(progress.segments)), output)
    tell(comparison, generation, output)
    accepted = comparison.left[DifferenceKind.PARKED] if arguments.accept_parked else 0
    if comparison.differences > accepted:
        return 1
    now = tools.generations.load()
    now.must_be_building(generation)
    tools.generations.save(now.confirm())
    output.say(f"Generation {generation} is verified: make customers ARGS='rebuild switch' lets queries read it.")
    return 0


def everything(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """From `start` to `switch`; goes on with a rebuild that is under way.

    Returns:
        What the first failing step returned.
    """
    generations = tools.generations.load()
    if generations.previous is not None:
        raise WrongStep(f"Generation {generations.previous} is kept from the last switch: retire it first.")
    if generations.building is None:
        start(tools, arguments, output)
    parked = run(tools, arguments, output)
    if parked and not arguments.accept_parked:
        return parked
    return verify(tools, arguments, output) or switch(tools, arguments, output)


def _moved(seconds: float | None) -> str:
    return "nothing is filled yet" if seconds is None else f"last moved {clock_time(seconds)} ago"


def building(generations: Generations) -> int:
    """The generation that is being built.

    Raises:
        WrongStep: None is.
    """
    if generations.building is None:
        raise WrongStep("No generation is being built: start a rebuild first.")
    return generations.building


def _plan(tools: Stack, generation: int) -> Plan:
    # A start that was killed between its two writes has left none; nothing was filled then.
    return load_plan(tools.progress, generation) or save_plan(
        tools.progress, generation, plan_for(tools.count_events())
    )


def _progress(tools: Stack, generation: int) -> Progress:
    plan = _plan(tools, generation)
    return Progress(tools.progress.load(rebuild_job(generation), plan.segments), plan.expected_events)


def _rebuild(tools: Stack, rate: float | None, workers: int) -> Rebuild:
    if not rate:
        return tools.rebuild(Pace(tools.pause))
    return tools.rebuild(Pace(tools.pause, TokenBucket(rate, tools.clock, tools.pause), page_size_for(rate / workers)))


def _stalls_after(rate: float | None, workers: int) -> float:
    """Seconds without movement that mean something: even a page of one row takes long at a very low rate."""
    return max(STALLED_AFTER_SECONDS, 3 * UNITS_PER_ROW * workers / rate) if rate else STALLED_AFTER_SECONDS
