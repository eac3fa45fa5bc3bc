"""Into how many segments a rebuild is cut: decided once, so that every resume cuts alike."""

from dataclasses import dataclass
from typing import Final

from projections.maintenance.progress import ProgressStore, SegmentProgress

EVENTS_A_SEGMENT: Final = 2500
LEAST_SEGMENTS: Final = 4
# DynamoDB takes a million; so many checkpoints are still one quick query.
MOST_SEGMENTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """How the event table is read.

    Attributes:
        segments: How many parts.
        expected_events: About how many events there are; 0 when nobody knows.
    """

    segments: int
    expected_events: int


def plan_for(events: int) -> Plan:
    """A plan for a reading of the whole event table.

    Args:
        events: About how many there are.

    >>> plan_for(100_000).segments
    40
    """
    return Plan(max(LEAST_SEGMENTS, min(MOST_SEGMENTS, round(events / EVENTS_A_SEGMENT))), events)


def keep(store: ProgressStore, generation: int, plan: Plan) -> Plan:
    """Keep a rebuild's plan beside its checkpoints.

    Args:
        store: Keeps the checkpoints.
        generation: Which is filled.
        plan: To be used by everybody who works on it.
    """
    position = {"segments": str(plan.segments)}
    store.save(plan_of(generation), SegmentProgress(0, position, events=plan.expected_events))
    return plan


def kept(store: ProgressStore, generation: int) -> Plan | None:
    """The plan of a rebuild; None where none was kept yet.

    Args:
        store: Keeps the checkpoints.
        generation: Which is filled.
    """
    [saved] = store.load(plan_of(generation), 1)
    return Plan(int(saved.position["segments"]), saved.events) if saved.position else None


def plan_of(generation: int) -> str:
    """The name under which a rebuild's plan is kept.

    Args:
        generation: Which is filled.
    """
    return f"rebuild-{generation}-plan"


def comparison_of(generation: int) -> str:
    """The name under which a comparison keeps its checkpoints.

    Args:
        generation: Which is compared.
    """
    return f"verify-{generation}"
