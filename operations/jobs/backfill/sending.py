"""Sends messages so that nobody's later event is sent before their earlier one was taken."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

from operations.errors import CannotDo
from operations.jobs.backfill.messages import Message
from projections.maintenance.rate_limit import Limiter
from shared.runtime.backoff import full_jitter

# API reference, "SendMessageBatch": at most 10 messages. Together 1 MiB since August 2025 and 256 KiB before; the
# smaller one is right in either, and more than 10 of our messages ever have.
MOST_AT_ONCE: Final = 10
MOST_BYTES: Final = 262_144
TRIES: Final = 8
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0


class ConsumerQueue(Protocol):
    """One consumer's queue: all that a backfill can send to."""

    def send(self, messages: Sequence[Message]) -> Collection[int]:
        """Hand messages over, in one request.

        Args:
            messages: At most `MOST_AT_ONCE`, together at most `MOST_BYTES` unless it is one alone.

        Returns:
            The places of those that were not taken.
        """
        ...


class QueueRefuses(CannotDo):
    """The queue took nothing in several tries."""


class Sender:
    """Sends to one queue."""

    def __init__(self, queue: ConsumerQueue, limiter: Limiter, pause: Callable[[float], None]) -> None:
        """Join it to a queue.

        Args:
            queue: Whose messages are sent.
            limiter: Keeps the messages below a rate.
            pause: Waits so many seconds between tries.
        """
        self._queue = queue
        self._limiter = limiter
        self._pause = pause

    def send(self, histories: Iterable[Sequence[Message]]) -> None:
        """Send all, a customer's next message once the one before was taken.

        So no request holds two of one customer: a queue may take the later and refuse the earlier one.

        Args:
            histories: One customer's messages each, in version order.

        Raises:
            QueueRefuses: Nothing was taken in several tries; all may be sent again.
        """
        waiting = [deque(history) for history in histories if history]
        tries = 0
        while waiting:
            batch = _batch(waiting)
            taken = self._try([messages[0] for messages in batch])
            for place in taken:
                batch[place].popleft()
            waiting = [messages for messages in waiting if messages]
            tries = 0 if taken else tries + 1
            if len(taken) < len(batch):
                self._wait(tries)

    def _try(self, messages: Sequence[Message]) -> list[int]:
        self._limiter.spend(len(messages))
        refused = self._queue.send(messages)
        return [place for place in range(len(messages)) if place not in refused]

    def _wait(self, tries: int) -> None:
        if tries >= TRIES:
            raise QueueRefuses(
                f"The queue took nothing in {TRIES} tries: the same command with --resume goes on from here."
            )
        self._pause(full_jitter(tries, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))


def _batch(waiting: Sequence[deque[Message]]) -> Sequence[deque[Message]]:
    size = 0
    for count, messages in enumerate(waiting[:MOST_AT_ONCE]):
        size += len(messages[0].body)
        if count and size > MOST_BYTES:
            return waiting[:count]
    return waiting[:MOST_AT_ONCE]
