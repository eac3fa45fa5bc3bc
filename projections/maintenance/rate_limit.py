"""Keeps the writes of a long piece of work below a rate, so that the live traffic beside it has room."""

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Final, Protocol

# A row and its entry in the index `listing` are written together, and each is below a kilobyte (DynamoDB docs,
# "Write capacity unit consumption"; `python -m benchmarks.consumed_units` reckons it). A removal costs the same.
UNITS_A_ROW: Final = 2


LEAST_RATE: Final = 1.0


class WrongRate(Exception):
    """The rate that was asked for cannot be used; the text says what can."""


def shared_out(rate: object, workers: int) -> tuple[int, float]:
    """Split a rate evenly over those who work at the same time and know nothing of each other.

    Args:
        rate: Write units a second of all together, as somebody wrote it.
        workers: As many as there may be, from 1.

    Returns:
        How many may work, so few that each may write a unit a second, and the share of each.

    Raises:
        WrongRate: It is no number of `LEAST_RATE` or more.

    >>> shared_out(1000, 8)
    (8, 125.0)
    >>> shared_out(3, 8)
    (3, 1.0)
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not LEAST_RATE <= rate < inf:
        raise WrongRate(f"rate is in write units a second, a number of {LEAST_RATE:g} or more, and not {rate!r}.")
    able = max(1, min(workers, int(rate)))
    return able, rate / able


class Limiter(Protocol):
    """Keeps work below a rate."""

    def spend(self, units: int) -> None:
        """Wait until so many units may be used.

        Args:
            units: From 0.
        """
        ...


class Unlimited:
    """No limit."""

    def spend(self, units: int) -> None:
        """See `Limiter.spend`."""


class TokenBucket:
    """Gives so many units a second, shared by all threads, and saves up at most one second's.

    More may be asked for than it holds: the units are then owed, and the asker waits until they have come in. So the
    rate holds on the average whatever the size of one request.
    """

    def __init__(
        self, rate: float, clock: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Fill it.

        Args:
            rate: Units a second, above 0.
            clock: Seconds that only go forward.
            pause: Waits so many seconds.
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
