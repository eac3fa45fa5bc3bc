"""Reads a long work's progress as speed: how fast, how long still, and whether it stands still."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from projections.maintenance.progress import Progress

STALLED_AFTER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a work.

    Attributes:
        customers: Begun.
        events: Read.
        problems: Customers parked or different.
        percent: 0 to 100.
        events_a_second: Since this process began to work.
        seconds_left: None while nobody can tell.
        stalled: Whether nothing moved for long.
        done: Whether it is at its end.
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
    """Measures one work."""

    def __init__(self, clock: Callable[[], float], at: Progress, stalled_after: float = STALLED_AFTER_SECONDS) -> None:
        """Begin to measure.

        Args:
            clock: Seconds that only go forward.
            at: How far the work is already; what an earlier process did is none of this one's speed.
            stalled_after: Seconds without any movement.
        """
        self._clock = clock
        self._stalled_after = stalled_after
        self._began = self._moved_at = clock()
        self._began_with = self._seen = at.events

    def read(self, progress: Progress) -> Reading:
        """Look at the work.

        Args:
            progress: How far it is now.
        """
        now = self._clock()
        if progress.events != self._seen:
            self._seen, self._moved_at = progress.events, now
        speed = (progress.events - self._began_with) / (now - self._began) if now > self._began else 0.0
        left = max(0, progress.expected_events - progress.events)
        return Reading(
            customers=progress.customers,
            events=progress.events,
            problems=progress.problems,
            percent=round(progress.percent, 1),
            events_a_second=round(speed, 1),
            seconds_left=0.0 if progress.done else round(left / speed, 1) if speed and left else None,
            stalled=not progress.done and now - self._moved_at >= self._stalled_after,
            done=progress.done,
        )
