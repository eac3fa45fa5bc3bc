"""Measures the speed of a long job: how fast it is, how long it will take, and whether it is stalled."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from projections.maintenance.progress import Progress

STALLED_AFTER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The progress and speed of a job at one moment.

    Attributes:
        customers: Customers begun.
        events: Events read.
        problems: Customers that were parked, or whose row differs.
        percent: 0 to 100.
        events_a_second: Since this process began.
        seconds_left: None while it cannot be estimated.
        stalled: Whether there was no progress for `stalled_after` seconds.
        done: Whether the job is complete.
    """

    customers: int
    events: int
    problems: int
    percent: float
    events_a_second: float
    seconds_left: float | None
    stalled: bool
    done: bool


class Meter:
    """Measures one job."""

    def __init__(
        self, clock: Callable[[], float], start: Progress, stalled_after: float = STALLED_AFTER_SECONDS
    ) -> None:
        """Start to measure.

        Args:
            clock: Monotonic seconds.
            start: The progress so far. Work of an earlier process does not count towards this one's speed.
            stalled_after: Seconds without progress after which the job counts as stalled.
        """
        self._clock = clock
        self._stalled_after = stalled_after
        self._started_at = self._moved_at = clock()
        self._events_at_start = self._last_events = start.events

    def read(self, progress: Progress) -> Reading:
        """Take a reading of the job's current progress."""
        now = self._clock()
        if progress.events != self._last_events:
            self._last_events, self._moved_at = progress.events, now
        elapsed = now - self._started_at
        speed = (progress.events - self._events_at_start) / elapsed if elapsed > 0 else 0.0
        remaining = max(0, progress.expected_events - progress.events)
        return Reading(
            customers=progress.customers,
            events=progress.events,
            problems=progress.problems,
            percent=round(progress.percent, 1),
            events_a_second=round(speed, 1),
            seconds_left=0.0 if progress.done else round(remaining / speed, 1) if speed and remaining else None,
            stalled=not progress.done and now - self._moved_at >= self._stalled_after,
            done=progress.done,
        )
