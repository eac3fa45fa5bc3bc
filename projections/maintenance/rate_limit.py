"""Keeps the writes of a long job below a rate, so that the live traffic has capacity left."""

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Final, Protocol

# The least that a row takes: it and its entry in the index `listing` are written together, and each takes one unit for
# every kilobyte begun. `ReadModel.units_of` counts what a row really takes.
UNITS_PER_ROW: Final = 2
MIN_RATE: Final = 1.0


class InvalidRate(Exception):
    """The requested rate cannot be used. The message names the accepted values."""


def split_rate(rate: object, workers: int) -> tuple[int, float]:
    """Split a rate evenly over workers that run at the same time and do not communicate.

    Args:
        rate: Write units per second of all workers together, as an operator entered it.
        workers: The maximum number of workers, from 1.

    Returns:
        The number of workers, limited so that each may write at least one unit per second, and the rate of each.

    Raises:
        InvalidRate: The rate is not a number of at least `MIN_RATE`.

    >>> split_rate(1000, 8)
    (8, 125.0)
    >>> split_rate(3, 8)
    (3, 1.0)
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not MIN_RATE <= rate < inf:
        raise InvalidRate(f"rate must be a number of write units per second, {MIN_RATE:g} or more, not {rate!r}.")
    used = max(1, min(workers, int(rate)))
    return used, rate / used


class Limiter(Protocol):
    """Keeps a job below a rate."""

    def spend(self, units: int) -> None:
        """Wait until these units may be used, from 0."""
        ...


class Unlimited:
    """No limit."""

    def spend(self, units: int) -> None:
        """See `Limiter.spend`."""


class TokenBucket:
    """Releases units at a fixed rate to all threads, and saves up at most one second's worth.

    A request may exceed what the bucket holds: the caller then waits until the missing units have come in. So the
    average rate holds whatever the size of one request.
    """

    def __init__(
        self, rate: float, clock: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Create a full bucket.

        Args:
            rate: Units per second, above 0.
            clock: Returns seconds and never goes back.
            pause: Sleeps for a number of seconds.
        """
        self._rate = rate
        self._clock = clock
        self._pause = pause
        self._units = rate
        self._filled_at = clock()
        self._lock = threading.Lock()

    def spend(self, units: int) -> None:
        """See `Limiter.spend`."""
        wait = self._take(units)
        if wait > 0:
            self._pause(wait)

    def _take(self, units: int) -> float:
        with self._lock:
            now = self._clock()
            self._units = min(self._rate, self._units + (now - self._filled_at) * self._rate)
            self._filled_at = now
            self._units -= units
            return -self._units / self._rate
