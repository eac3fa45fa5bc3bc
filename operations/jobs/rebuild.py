"""Fills the generation that is being built, and reports its progress."""

from operations.jobs.meter import STALLED_AFTER_SECONDS, Meter
from operations.jobs.workers import SECONDS_BETWEEN_READINGS, ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.generations import Generations, WrongStep
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


def begin_generation(stack: Stack, shards: int | None = None) -> tuple[int, Plan]:
    """Begin a new generation, and return its number and its plan.

    Args:
        shards: See `Generations.start_rebuild`.

    Raises:
        WrongStep: A generation is already being built.
    """
    generation = building(stack.generations.save(stack.generations.load().start_rebuild(shards)))
    return generation, save_plan(stack.progress, generation, plan_for(stack.count_events()))


def building(generations: Generations) -> int:
    """Return the generation that is being built.

    Raises:
        WrongStep: No generation is being built.
    """
    if generations.building is None:
        raise WrongStep("No generation is being built: start a rebuild first.")
    return generations.building


def must_have_shards(generations: Generations, shards: int | None) -> None:
    """Check that the generation being built was begun with this number of shards; None accepts any.

    Raises:
        WrongStep: It was begun with another number.
    """
    generation = building(generations)
    begun = generations.details_of(generation).shards
    if shards not in (None, begun):
        raise WrongStep(
            f"Generation {generation} was begun with {begun} shards: leave out --shards, "
            "or run 'rebuild abandon' first."
        )


def fill(stack: Stack, generation: int, rate: float | None, workers: int, show: Show) -> Progress:
    """Fill a generation, from its last checkpoints to the end.

    Args:
        generation: The generation that is being built.
        rate: The largest number of write units a second; None for no limit.
        workers: The number of threads.
        show: Called with a reading of the progress once a second.
    """
    plan = _plan_of(stack, generation)
    tracker = ProgressTracker(stack.progress.load(rebuild_job(generation), plan.segments), plan.expected_events)
    meter = Meter(stack.clock, tracker.progress(), _stalled_after(rate, workers))
    rebuild = _rebuild(stack, rate, workers)

    def step(segment: SegmentProgress) -> SegmentProgress:
        return rebuild.step(generation, segment, plan.segments)

    return run_all(tracker, step, workers, meter, show)


def watch(stack: Stack, generation: int, show: Show) -> Progress:
    """Follow a rebuild that another process runs, until the generation is filled.

    Args:
        generation: The generation that is being built.
        show: Called with a reading of the progress once a second.

    Raises:
        WrongStep: The rebuild was ended.
    """
    progress = progress_of(stack, generation)
    meter = Meter(stack.clock, progress)
    show(meter.read(progress))
    while not progress.done:
        stack.pause(SECONDS_BETWEEN_READINGS)
        stack.generations.load().must_be_building(generation)
        progress = progress_of(stack, generation)
        show(meter.read(progress))
    return progress


def progress_of(stack: Stack, generation: int) -> Progress:
    """Return how far a generation is filled."""
    plan = _plan_of(stack, generation)
    return Progress(stack.progress.load(rebuild_job(generation), plan.segments), plan.expected_events)


def _plan_of(stack: Stack, generation: int) -> Plan:
    # A start that was killed between its two writes has saved no plan; nothing was filled then.
    return load_plan(stack.progress, generation) or save_plan(
        stack.progress, generation, plan_for(stack.count_events())
    )


def _rebuild(stack: Stack, rate: float | None, workers: int) -> Rebuild:
    if not rate:
        return stack.rebuild(Pace(stack.pause))
    return stack.rebuild(Pace(stack.pause, TokenBucket(rate, stack.clock, stack.pause), page_size_for(rate / workers)))


def _stalled_after(rate: float | None, workers: int) -> float:
    """Seconds without progress that count as stalled. At a very low rate, even a page of one row takes long."""
    return max(STALLED_AFTER_SECONDS, 3 * UNITS_PER_ROW * workers / rate) if rate else STALLED_AFTER_SECONDS
