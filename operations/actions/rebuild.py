"""`rebuild start`, `run`, `status`, `watch`, `verify` and `all`: fill a new generation beside the active one."""

import argparse
from datetime import datetime
from typing import Final

from operations.actions.generations import switch
from operations.actions.verify import compare_and_print
from operations.display import clock_time, display
from operations.jobs import rebuild
from operations.jobs.comparison import CompareOptions
from operations.jobs.meter import STALLED_AFTER_SECONDS
from operations.output import Output
from operations.stack import Stack
from projections.generations import WrongStep
from projections.maintenance.differences import DifferenceKind
from shared.runtime.clock import timestamp

_STALLED: Final = " STALLED: {} continues from here."


def start(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Begin a new generation."""
    generation, plan = rebuild.begin_generation(stack, arguments.shards)
    output.print_sentence(
        f"Generation {generation} begun, in {plan.segments} segments: the projector feeds it from now on.",
        generation=generation,
        segments=plan.segments,
    )
    return 0


def run(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Fill the generation that is being built.

    Returns:
        1 when customers were parked in it.
    """
    generation = rebuild.building(stack.generations.load())
    with display(f"Filling generation {generation}", as_json=output.as_json) as shown:
        progress = rebuild.fill(stack, generation, arguments.rate, arguments.workers, shown.show)
    output.print_sentence(
        f"Generation {generation}: {progress.customers:,} customers from {progress.events:,} events.",
        generation=generation,
        customers=progress.customers,
        events=progress.events,
        parked=progress.problems,
    )
    if progress.problems:
        output.print_sentence(
            f"{progress.problems:,} of the customers are parked: "
            f"{stack.command(f'parked --generation {generation}')} lists them."
        )
    return 1 if progress.problems else 0


def status(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Print how far the generation is filled."""
    generation = rebuild.building(stack.generations.load())
    progress = rebuild.progress_of(stack, generation)
    newest = max((segment.at for segment in progress.segments), default="")
    idle = (stack.now() - datetime.fromisoformat(newest)).total_seconds() if newest else None
    stalled = not progress.done and (idle is None or idle >= STALLED_AFTER_SECONDS)
    segments_done = sum(segment.done for segment in progress.segments)
    output.print_sentence(
        f"Generation {generation}: {progress.percent:.1f} %, "
        f"{segments_done} of {len(progress.segments)} segments done, "
        f"{progress.customers:,} customers, {progress.events:,} events; "
        f"{'not started' if idle is None else f'last progress {clock_time(idle)} ago'}."
        f"{_STALLED.format(stack.command('rebuild run')) if stalled else ''}",
        generation=generation,
        percent=round(progress.percent, 1),
        segments=len(progress.segments),
        segments_done=segments_done,
        customers=progress.customers,
        events=progress.events,
        parked=progress.problems,
        last_moved=newest,
        stalled=stalled,
    )
    return 0


def watch(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Show the progress of a rebuild that another process runs.

    Returns:
        1 when customers were parked in the generation.
    """
    generation = rebuild.building(stack.generations.load())
    with display(f"Watching generation {generation}", as_json=output.as_json) as shown:
        progress = rebuild.watch(stack, generation, shown.show)
    status(stack, arguments, output)
    return 1 if progress.problems else 0


def verify(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Compare the new generation with the event table. Only a verified generation can be switched to.

    Returns:
        1 when differences were found.
    """
    generation = rebuild.building(stack.generations.load())
    progress = rebuild.progress_of(stack, generation)
    if not progress.done:
        raise WrongStep(f"Generation {generation} is only {progress.percent:.1f} % filled: finish 'rebuild run' first.")
    options = CompareOptions(arguments.workers, len(progress.segments), resume=arguments.resume)
    comparison = compare_and_print(stack, generation, options, output)
    accepted = comparison.unrepaired[DifferenceKind.PARKED] if arguments.accept_parked else 0
    if comparison.wrong_rows > accepted:
        return 1
    generations = stack.generations.load()
    generations.must_be_building(generation)
    stack.generations.save(generations.confirm(timestamp(stack.now()), comparison.customers))
    output.print_sentence(
        f"Generation {generation} is verified: {stack.command('rebuild switch')} lets queries read it."
    )
    return 0


def everything(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Do every step from `start` to `switch`, or those that are left of a rebuild that was begun.

    Returns:
        The status of the first step that failed, otherwise 0.
    """
    generations = stack.generations.load()
    if generations.previous is not None:
        raise WrongStep(f"Generation {generations.previous} is kept from the last switch: retire it first.")
    if generations.building is None:
        start(stack, arguments, output)
    else:
        rebuild.must_have_shards(generations, arguments.shards)
    parked = run(stack, arguments, output)
    if parked and not arguments.accept_parked:
        return parked
    # A comparison of earlier says nothing about rows that were written since.
    arguments.resume = False
    return verify(stack, arguments, output) or switch(stack, arguments, output)
