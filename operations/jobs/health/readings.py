"""What can be read about a stack from outside, before anything is judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MappingReading:
    """One event source mapping.

    Attributes:
        name: Its logical id in the template.
        state: On AWS the state that Lambda reports; for a stream of the local stack `alive` or `dead`.
        works: Whether this state lets the mapping invoke its function.
        events: Events that wait for the function; None if that is unknown.
        seconds: Age of the oldest of them; None if that is unknown.
        more: Whether more events may wait than `events`.
        trouble: What stops or slows the mapping, in its own words; empty if nothing does.
    """

    name: str
    state: str
    works: bool
    events: int | None = None
    seconds: float | None = None
    more: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """One queue.

    Attributes:
        name: Its logical id in the template.
        messages: The approximate number of its messages, those that somebody is reading included.
        is_for_failures: Whether each message is work for an operator.
    """

    name: str
    messages: int
    is_for_failures: bool


@dataclass(frozen=True, slots=True)
class RouteReading:
    """The event bus, or a rule.

    Attributes:
        name: Its logical id in the template.
        state: `ENABLED`, `DISABLED`, or `deleted` by hand.
    """

    name: str
    state: str

    @property
    def works(self) -> bool:
        """Whether events pass."""
        return self.state.startswith("ENABLED")


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """An alarm in the state ALARM.

    Attributes:
        name: On AWS, such as `production-customers-publish-errors`.
        page: Name of its runbook, such as `publish-errors`.
        since: RFC 3339, UTC.
        reason: As CloudWatch states it.
    """

    name: str
    page: str
    since: str
    reason: str


@dataclass(frozen=True, slots=True)
class HealthSource:
    """Reads a stack. The local stack has no alarms."""

    mappings: Callable[[], Sequence[MappingReading]]
    routes: Callable[[], Sequence[RouteReading]]
    queues: Callable[[], Sequence[QueueDepth]]
    alarms: Callable[[], Sequence[ActiveAlarm]]
