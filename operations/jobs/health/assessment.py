"""Says what is wrong with a stack, and which page has the cure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from events.erasures import UnfinishedErasure
from operations.jobs.health.readings import ActiveAlarm, MappingReading, QueueDepth, RouteReading
from operations.jobs.health.views import GenerationReading
from shared.runtime.clock import timestamp

# For each mapping: its runbook, and after how many seconds it is too far behind. The alarms have the same limits.
MAPPINGS: Final[Mapping[str, tuple[str, float]]] = {
    "ProjectCustomersMapping": ("projection-behind", 60),
    "PublishEventsMapping": ("publish-behind", 300),
    "WelcomeMapping": ("welcome-behind", 900),
}
ROUTES: Final[Mapping[str, str]] = {
    "CustomersBus": "publish-errors",
    "WelcomeRule": "publish-errors",
    "FinishErasuresErased": "publish-errors",
    "FinishErasuresNoted": "erasures-unfinished",
}
QUEUES: Final[Mapping[str, str]] = {
    "ProjectionFailureQueue": "projection-failures",
    "PublishFailureQueue": "publish-failures",
    "WelcomeDeadLetterQueue": "welcome-dead-letters",
}
# The limit of the alarm ErasuresUnfinished.
ERASED_WITHIN: Final = timedelta(minutes=15)
# The state machine retries a step for more than an hour.
REBUILD_IDLE_FOR: Final = timedelta(hours=2)
_RUNBOOKS: Final = "docs/runbooks"
_INDEX: Final = ("README", 300.0)
_PARKED: Final = f"{_RUNBOOKS}/customers-parked.md"
_UNFILLED: Final = f"{_RUNBOOKS}/rebuild-failed.md"
_REBUILD: Final = "docs/how-to/rebuild.md"


@dataclass(frozen=True, slots=True)
class HealthProblem:
    """Something that needs an operator.

    Attributes:
        text: What is wrong, in one sentence without a period.
        page: The page that has the cure.
    """

    text: str
    page: str


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that was read.

    Attributes:
        at: When it was read.
    """

    at: datetime
    mappings: Sequence[MappingReading]
    routes: Sequence[RouteReading]
    queues: Sequence[QueueDepth]
    alarms: Sequence[ActiveAlarm]
    generations: Sequence[GenerationReading]
    erasures: Sequence[UnfinishedErasure]


def problems(health: Health) -> list[HealthProblem]:
    """Return everything that is wrong."""
    return [
        *(problem for mapping in health.mappings for problem in _of_mapping(mapping)),
        *(_of_route(route) for route in health.routes if not route.works),
        *(problem for generation in health.generations for problem in _of_generation(generation, health.at)),
        *(_of_queue(queue) for queue in health.queues if queue.is_for_failures and queue.messages),
        *_of_erasures(health.erasures, health.at),
        *(HealthProblem(f"The alarm {alarm.name} is on", f"{_RUNBOOKS}/{alarm.page}.md") for alarm in health.alarms),
    ]


def _of_mapping(mapping: MappingReading) -> Iterator[HealthProblem]:
    runbook, limit = MAPPINGS.get(mapping.name, _INDEX)
    page = f"{_RUNBOOKS}/{runbook}.md"
    if not mapping.works:
        yield HealthProblem(f"{mapping.name} is {mapping.state}: {_lag(mapping)}", page)
    elif mapping.seconds is not None and mapping.seconds > limit:
        yield HealthProblem(f"{mapping.name} is more than {limit:g} s behind: {_lag(mapping)}", page)
    if mapping.trouble:
        yield HealthProblem(f"{mapping.name} reports: {mapping.trouble}", page)


def _lag(mapping: MappingReading) -> str:
    number = "an unknown number of" if mapping.events is None else f"{mapping.events:,}{'+' if mapping.more else ''}"
    age = f", the oldest for {mapping.seconds:,.1f} s" if mapping.seconds else ""
    return f"{number} event(s) wait{age}"


def _of_generation(generation: GenerationReading, at: datetime) -> Iterator[HealthProblem]:
    name = f"Generation {generation.number} of {generation.view}"
    if generation.parked:
        yield HealthProblem(f"{name} has {generation.parked} parked customer(s)", _PARKED)
    # Until then `rebuild remove` is refused.
    if generation.has_leftovers and generation.has_settled:
        yield HealthProblem(f"{name} was given up and still has rows: 'rebuild remove' deletes them", _REBUILD)
    if generation.is_unfinished and "" < generation.last_progress <= timestamp(at - REBUILD_IDLE_FOR):
        yield HealthProblem(f"{name} is not filled, and no part of it was filled for two hours", _UNFILLED)


def _of_route(route: RouteReading) -> HealthProblem:
    return HealthProblem(f"{route.name} is {route.state.lower()}", f"{_RUNBOOKS}/{ROUTES.get(route.name, 'README')}.md")


def _of_queue(queue: QueueDepth) -> HealthProblem:
    return HealthProblem(
        f"{queue.name} has {queue.messages:,} message(s)", f"{_RUNBOOKS}/{QUEUES.get(queue.name, 'README')}.md"
    )


def _of_erasures(erasures: Sequence[UnfinishedErasure], at: datetime) -> Iterator[HealthProblem]:
    late = [erasure for erasure in erasures if erasure.since <= timestamp(at - ERASED_WITHIN)]
    if late:
        yield HealthProblem(
            f"{len(late)} erasure(s) are unfinished for more than 15 minutes", f"{_RUNBOOKS}/erasures-unfinished.md"
        )
