"""Keeps work below a rate."""

import threading
import time
from collections.abc import Callable


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
        """See `projections.rebuild.Limiter.spend`."""
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
