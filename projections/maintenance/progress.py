"""How far a long piece of work is, so that it can be watched, stopped and gone on with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SegmentProgress:
    """How far one segment is.

    Attributes:
        segment: From 0.
        position: Where to go on; None before the first page.
        customers: Customers begun, counted at their first event.
        events: Events read.
        problems: Customers that were parked, or whose row differs.
        done: Whether it is at its end.
        at: When this was written: RFC 3339, UTC.
    """

    segment: int
    position: Mapping[str, str] | None = None
    customers: int = 0
    events: int = 0
    problems: int = 0
    done: bool = False
    at: str = ""

    def advanced(self, *, customers: int, events: int, problems: int) -> "SegmentProgress":
        """This progress with more work done.

        Args:
            customers: More.
            events: More.
            problems: More.
        """
        return replace(
            self,
            customers=self.customers + customers,
            events=self.events + events,
            problems=self.problems + problems,
        )

    def as_dict(self) -> dict[str, object]:
        """All fields by name, fit for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the whole work is.

    Attributes:
        segments: Each segment's progress.
        expected_events: About how many events there are in all; 0 when nobody knows.
    """

    segments: Sequence[SegmentProgress]
    expected_events: int

    @property
    def customers(self) -> int:
        """Customers begun."""
        return sum(segment.customers for segment in self.segments)

    @property
    def events(self) -> int:
        """Events read."""
        return sum(segment.events for segment in self.segments)

    @property
    def problems(self) -> int:
        """Customers with a problem."""
        return sum(segment.problems for segment in self.segments)

    @property
    def done(self) -> bool:
        """Whether every segment is at its end."""
        return all(segment.done for segment in self.segments)

    @property
    def percent(self) -> float:
        """0 to 100; never 100 before it is done, as the expected number is an estimate."""
        if self.done:
            return 100.0
        return min(99.9, 100 * self.events / self.expected_events) if self.expected_events else 0.0


class ProgressStore(Protocol):
    """Keeps the checkpoints of one kind of work, one for each segment."""

    def load(self, work: str, segments: int) -> list[SegmentProgress]:
        """The checkpoints of a piece of work; a segment that has none is at its start.

        Args:
            work: Its name, for instance `rebuild-2`.
            segments: How many there are.
        """
        ...

    def save(self, work: str, progress: SegmentProgress) -> None:
        """Keep one checkpoint.

        Args:
            work: Its name.
            progress: All that stands before it is done for good.
        """
        ...

    def remove(self, work: str) -> None:
        """Forget all checkpoints of a piece of work.

        Args:
            work: Its name.
        """
        ...
