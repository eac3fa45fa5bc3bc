"""Choices that AWS does not document or that vary between runs. The simulation varies them too."""

from dataclasses import dataclass
from typing import Final

DAY: Final = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class PollingPolicy:
    """Timing in seconds, and assumptions about undocumented behaviour.

    Attributes:
        idle_poll: Pause after an empty page.
        list_every: Pause between two lists of the stream's shards.
        retry_first: Delay after the first failure. It doubles with every further failure.
        retry_most: The longest delay.
        retention: Age at which a stream drops a record (DynamoDB docs, "DynamoDB Streams": 24 hours).
        restart_count_on_progress: Whether the retry count starts again when the checkpoint advances.
        halve_when_first_fails: Whether a partial batch response that names the first record, and so completes
            nothing, is bisected like a function error. If not, it costs an attempt.
    """

    idle_poll: float = 0.075
    list_every: float = 2.0
    retry_first: float = 0.1
    retry_most: float = 5.0
    retention: float = DAY
    restart_count_on_progress: bool = True
    halve_when_first_fails: bool = True

    def delay(self, failures: int) -> float:
        """Seconds to wait after `failures` failures in a row (1 or more)."""
        # The exponent is bounded because a float overflows at 2 ** 1024 and failures may continue for a day.
        doublings = min(failures - 1, 32)
        return float(min(self.retry_most, self.retry_first * 2**doublings))
