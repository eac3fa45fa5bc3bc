"""How a long job is split into segments, and the checkpoints from which each segment can be resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final, Protocol

EVENTS_PER_SEGMENT: Final = 2500
MIN_SEGMENTS: Final = 4
# DynamoDB allows a million segments. A thousand checkpoints can still be read in one quick query.
MAX_SEGMENTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """How the event table is split. Chosen once for a job, so that a resumed job uses the same segments.

    Attributes:
        segments: The number of segments.
        expected_events: The approximate number of events; 0 if unknown.
    """

    segments: int
    expected_events: int


def plan_for(events: int) -> Plan:
    """Plan a scan of the whole event table.

    Args:
        events: The approximate number of events.

    >>> plan_for(100_000).segments
    40
    """
    return Plan(max(MIN_SEGMENTS, min(MAX_SEGMENTS, round(events / EVENTS_PER_SEGMENT))), events)


@dataclass(frozen=True, slots=True)
class SegmentProgress:
    """The checkpoint of one segment.

    Attributes:
        segment: From 0.
        position: Where the next page starts; None before the first page.
        customers: Customers processed so far, counted at their first event.
        events: Events read so far.
        problems: Customers who were parked, or whose row differs.
        done: Whether the segment is finished.
        at: When the checkpoint was made: RFC 3339, UTC.
        comparison: In a verification by the state machine, its id. A later one starts over.
    """

    segment: int
    position: Mapping[str, str] | None = None
    customers: int = 0
    events: int = 0
    problems: int = 0
    done: bool = False
    at: str = ""
    comparison: str = ""

    def advanced(self, *, customers: int, events: int, problems: int) -> "SegmentProgress":
        """Return this progress with these numbers added."""
        return replace(
            self,
            customers=self.customers + customers,
            events=self.events + events,
            problems=self.problems + problems,
        )

    def as_dict(self) -> dict[str, object]:
        """Return the fields by name, JSON-serializable."""
        fields = asdict(self)
        if not self.comparison:
            # Releases that do not know the field refuse it.
            del fields["comparison"]
        return fields


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a whole job.

    Attributes:
        expected_events: The approximate number of events in all segments; 0 if unknown.
    """

    segments: Sequence[SegmentProgress]
    expected_events: int

    @property
    def customers(self) -> int:
        """Customers processed so far."""
        return sum(segment.customers for segment in self.segments)

    @property
    def events(self) -> int:
        """Events read so far."""
        return sum(segment.events for segment in self.segments)

    @property
    def problems(self) -> int:
        """Customers with a problem."""
        return sum(segment.problems for segment in self.segments)

    @property
    def done(self) -> bool:
        """Whether every segment is finished."""
        return all(segment.done for segment in self.segments)

    @property
    def percent(self) -> float:
        """From 0 to 100. Never 100 before the job is done, because the expected number of events is an estimate."""
        if self.done:
            return 100.0
        return min(99.9, 100 * self.events / self.expected_events) if self.expected_events else 0.0


class ProgressStore(Protocol):
    """Stores the checkpoints of jobs, one for each segment."""

    def load(self, job: str, segments: int) -> list[SegmentProgress]:
        """Return a job's checkpoints. A segment without a checkpoint is at its start.

        Args:
            job: The job's name, for example `rebuild-2`.
            segments: The number of segments.
        """
        ...

    def save(self, job: str, progress: SegmentProgress) -> None:
        """Save a checkpoint. The work up to its position must be finished, because a resumed job does not repeat it."""
        ...

    def create(self, job: str, progress: SegmentProgress) -> SegmentProgress:
        """Save the first checkpoint of a segment, unless there is one; in one conditional write.

        Returns:
            The checkpoint that is stored now.
        """
        ...

    def remove(self, job: str) -> None:
        """Delete all checkpoints of a job."""
        ...


def rebuild_job(generation: int) -> str:
    """Name the rebuild of a generation."""
    return f"rebuild-{generation}"


def verify_job(generation: int) -> str:
    """Name the comparison of a generation with the event table."""
    return f"verify-{generation}"


def compare_job(generation: int) -> str:
    """Name the comparison of a generation that an operator runs."""
    return f"compare-{generation}"


def job_names(generation: int) -> tuple[str, ...]:
    """Return the names of everything that is stored about a generation in the progress store."""
    compared = compare_job(generation)
    return rebuild_job(generation), _plan_name(generation), verify_job(generation), compared, f"{compared}-plan"


def save_plan(store: ProgressStore, generation: int, plan: Plan) -> Plan:
    """Store the plan of a rebuild beside its checkpoints, unless another process has stored one.

    Returns:
        The plan that is stored now. Processes that split the event table differently would leave customers out.
    """
    position = {"segments": str(plan.segments)}
    first = SegmentProgress(0, position, events=plan.expected_events)
    return _plan_in(store.create(_plan_name(generation), first)) or plan


def load_plan(store: ProgressStore, generation: int) -> Plan | None:
    """Return the plan of a rebuild, or None if none was saved."""
    [saved] = store.load(_plan_name(generation), 1)
    return _plan_in(saved)


def _plan_in(saved: SegmentProgress) -> Plan | None:
    return Plan(int(saved.position["segments"]), saved.events) if saved.position else None


def _plan_name(generation: int) -> str:
    return f"{rebuild_job(generation)}-plan"
