"""The generations of each view, and what is left in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from operations.stack import Stack
from projections.generations import Generations
from projections.maintenance.progress import Progress, load_plan, rebuild_job
from projections.row import Listing

_FILLED: Final = 100.0


@dataclass(frozen=True, slots=True)
class GenerationReading:
    """One generation of a view.

    Attributes:
        view: The name of the view.
        number: From 1.
        role: `active`, `building`, `previous`, `retired` or, once its rows should be gone, `removed`.
        verified: Whether it was found equal to the event table; None for one that was given up.
        verified_at: When: RFC 3339, UTC; None if never.
        customers: The number of customers compared then.
        shards: Over how many partitions the indexes spread its rows.
        parked: The number of its parked customers.
        has_leftovers: Whether it was given up and has rows.
        has_settled: Whether the last change of generations is a minute old.
        filled: How far a rebuild has filled it, 0 to 100; None if it is not being built.
        last_progress: When the rebuild last saved a checkpoint: RFC 3339, UTC; empty if never.
    """

    view: str
    number: int
    role: str
    verified: bool | None = None
    verified_at: str | None = None
    customers: int | None = None
    shards: int | None = None
    parked: int = 0
    has_leftovers: bool = False
    has_settled: bool = True
    filled: float | None = None
    last_progress: str = ""

    @property
    def is_unfinished(self) -> bool:
        """Whether a rebuild has not filled it yet."""
        return self.filled is not None and self.filled < _FILLED


@runtime_checkable
class ListsRows(Protocol):
    """The rows of a view with a list."""

    def page(self, generation: int, limit: int, after: str | None) -> Sequence[Listing]:
        """See `ReadModel.page`."""
        ...


def generation_readings(stack: Stack, view: str | None = None) -> Iterator[GenerationReading]:
    """Read every generation that has rows, view by view, the active one first.

    Args:
        view: The name of the only view to read; None for all.
    """
    for each in stack.every_view:
        if view in (None, each.view.name):
            yield from _of_view(each)


def _of_view(stack: Stack) -> Iterator[GenerationReading]:
    name = stack.view.name
    generations = stack.generations.load()
    for number in (generations.active, generations.building, generations.previous):
        if number is not None:
            yield _fed(stack, generations, number)
    has_settled = generations.has_settled(stack.now())
    for number in generations.retired:
        yield GenerationReading(name, number, "retired", has_leftovers=True, has_settled=has_settled)
    for number in generations.retired_or_removed:
        # A process that was suspended during a rebuild may have written rows after the removal.
        if number not in generations.retired and _is_listed(stack, number):
            yield GenerationReading(name, number, "removed", has_leftovers=True, has_settled=has_settled)


def _is_listed(stack: Stack, number: int) -> bool:
    """Whether a list of the generation would have anybody. Of a view without a list only `verify` knows."""
    return isinstance(stack.read_model, ListsRows) and bool(stack.read_model.page(number, 1, None))


def _fed(stack: Stack, generations: Generations, number: int) -> GenerationReading:
    details, role = generations.details_of(number), generations.role_of(number)
    filled, last_progress = _progress(stack, number) if role == "building" else (None, "")
    return GenerationReading(
        stack.view.name,
        number,
        role,
        # A generation that queries have read was verified before, unless it is the first one.
        verified=generations.verified if role == "building" else bool(details.verified_at),
        verified_at=details.verified_at or None,
        customers=details.customers if details.verified_at else None,
        shards=details.shards,
        parked=sum(1 for _ in stack.read_model.parked(number)),
        filled=filled,
        last_progress=last_progress,
    )


def _progress(stack: Stack, generation: int) -> tuple[float, str]:
    """How far a generation is filled, and since when."""
    plan = load_plan(stack.progress, generation)
    if plan is None:
        return 0.0, ""
    segments = stack.progress.load(rebuild_job(generation), plan.segments)
    progress = Progress(segments, plan.expected_events)
    percent = _FILLED if progress.done else min(round(progress.percent, 1), _FILLED - 0.1)
    return percent, max((segment.at for segment in segments), default="")
