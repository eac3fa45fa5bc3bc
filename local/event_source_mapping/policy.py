"""The choices that AWS does not publish or that differ between runs; a simulation varies them."""

from dataclasses import dataclass

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class PollingPolicy:
    """Timing in seconds, and the readings of undocumented behaviour.

    Attributes:
        idle_poll: Pause after an empty page.
        list_every: Pause between two looks at the stream's shards.
        retry_first: Delay after a first failure; it doubles with every further one.
        retry_most: The longest delay.
        retention: Age at which a stream forgets a record (DynamoDB docs, "DynamoDB Streams": 24 hours).
        restart_count_on_progress: Whether the retry count starts again when the checkpoint advances.
        halve_when_first_fails: Whether a partial answer naming the first record, which completes nothing, is bisected
            in halves like a function error. If not, it costs an attempt.
    """

    idle_poll: float = 0.075
    list_every: float = 2.0
    retry_first: float = 0.1
    retry_most: float = 5.0
    retention: float = DAY
    restart_count_on_progress: bool = True
    halve_when_first_fails: bool = True

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (from 1)."""
        # The exponent is bounded because a float overflows at 2 ** 1024, and failures may go on for a day.
        doublings = min(failures - 1, 32)
        return float(min(self.retry_most, self.retry_first * 2**doublings))
