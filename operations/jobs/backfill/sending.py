"""Sends messages in order: a customer's next event is sent only once the queue has accepted the one before."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

from operations.errors import CommandError
from operations.jobs.backfill.messages import Message
from projections.maintenance.rate_limit import Limiter
from shared.runtime.backoff import full_jitter

# SQS API reference, "SendMessageBatch": at most 10 messages, together at most 1 MiB since August 2025 and 256 KiB
# before. The smaller limit works everywhere, and ten of our messages always fit.
MOST_AT_ONCE: Final = 10
MOST_BYTES: Final = 262_144
ATTEMPTS: Final = 8
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0


class ConsumerQueue(Protocol):
    """One consumer's queue: the only place that a backfill can send to."""

    def send(self, messages: Sequence[Message]) -> Collection[int]:
        """Send messages in one request.

        Args:
            messages: At most `MOST_AT_ONCE`, together at most `MOST_BYTES` unless there is only one.

        Returns:
            The indexes of the messages that were refused.
        """
        ...


class QueueRefuses(CommandError):
    """The queue accepted nothing in several attempts."""


class Sender:
    """Sends to one queue."""

    def __init__(self, queue: ConsumerQueue, limiter: Limiter, pause: Callable[[float], None]) -> None:
        """
        Args:
            queue: Where messages are sent.
            limiter: Keeps the messages below a rate.
            pause: Sleeps for a number of seconds between attempts.
        """
        self._queue = queue
        self._limiter = limiter
        self._pause = pause

    def send(self, histories: Iterable[Sequence[Message]]) -> None:
        """Send all messages, a customer's next one only once the one before was accepted.

        So no request holds two messages of one customer: a queue may accept the later and refuse the earlier one.

        Args:
            histories: The messages of each customer, in version order.

        Raises:
            QueueRefuses: Nothing was accepted in several attempts. All messages may be sent again.
        """
        waiting = [deque(history) for history in histories if history]
        attempts = 0
        while waiting:
            batch = _batch(waiting)
            accepted = self._attempt([messages[0] for messages in batch])
            for index in accepted:
                batch[index].popleft()
            waiting = [messages for messages in waiting if messages]
            attempts = 0 if accepted else attempts + 1
            if len(accepted) < len(batch):
                self._wait(attempts)

    def _attempt(self, messages: Sequence[Message]) -> list[int]:
        self._limiter.spend(len(messages))
        refused = self._queue.send(messages)
        return [index for index in range(len(messages)) if index not in refused]

    def _wait(self, attempts: int) -> None:
        if attempts >= ATTEMPTS:
            raise QueueRefuses(
                f"The queue accepted nothing in {ATTEMPTS} attempts: "
                "the same command with --resume continues from here."
            )
        self._pause(full_jitter(attempts, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))


def _batch(waiting: Sequence[deque[Message]]) -> Sequence[deque[Message]]:
    size = 0
    for count, messages in enumerate(waiting[:MOST_AT_ONCE]):
        size += len(messages[0].body)
        if count and size > MOST_BYTES:
            return waiting[:count]
    return waiting[:MOST_AT_ONCE]
