"""The simulated world's time."""

from datetime import UTC, datetime, timedelta
from typing import Final

_START: Final = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
_START_SECONDS: Final = _START.timestamp()


class VirtualClock:
    """A clock that moves only when told to.

    Attributes:
        time: Seconds since the epoch.
    """

    def __init__(self) -> None:
        self.time = _START_SECONDS

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.time

    def utc_now(self) -> datetime:
        """The time as a datetime."""
        return _START + timedelta(seconds=self.time - _START_SECONDS)

    def reach(self, time: float) -> None:
        """Move forward to a time, unless it is past."""
        self.time = max(self.time, time)

    def advance(self, seconds: float) -> None:
        """Move forward by a number of seconds."""
        self.time += seconds
