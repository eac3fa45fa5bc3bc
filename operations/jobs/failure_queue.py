"""A failure queue in SQS. While a command works on its messages, no other reader sees them.

A command works on the messages that were sent before it began, and on each of them once. What it writes itself, or what
others write meanwhile, waits for the next run, so a run always ends.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# How long a message stays hidden after each sign of life of the command that received it.
HIDDEN_SECONDS: Final = 900
CHUNK: Final = 1000
_LENGTH: Final = "ApproximateNumberOfMessages"
_SENT: Final = "SentTimestamp"
# The most that one call of SQS receives, or hides again.
_AT_ONCE: Final = 10
# As many answers in a row with newer messages alone end a run: those that others write meanwhile may never stop.
_NEWER_ANSWERS: Final = 10


@dataclass(frozen=True, slots=True)
class FailureQueue:
    """A queue of messages about records that were given up.

    Attributes:
        client: SQS.
        address: The queue's URL.
    """

    client: "SQSClient"
    address: str

    def __len__(self) -> int:
        """Return the approximate number of waiting messages."""
        answer = self.client.get_queue_attributes(QueueUrl=self.address, AttributeNames=[_LENGTH])
        return int(answer["Attributes"][_LENGTH])

    @contextmanager
    def reading(self, limit: int | None, started: datetime, clock: Callable[[], float]) -> Iterator["QueueReading"]:
        """Read the queue. Messages that are not deleted within the block return to it, even after an error.

        Args:
            limit: The largest number of messages to read; None for all.
            started: Only messages sent before this instant are read.
            clock: Monotonic seconds.
        """
        reading = QueueReading(self, limit, started, clock)
        try:
            yield reading
        finally:
            reading.release()


class QueueReading:
    """One reading of a failure queue.

    Attributes:
        received: The number of messages read so far, deleted ones included.
    """

    def __init__(self, queue: FailureQueue, limit: int | None, started: datetime, clock: Callable[[], float]) -> None:
        """See `FailureQueue.reading`."""
        self.received = 0
        self._queue = queue
        self._limit = limit
        self._started = int(started.timestamp() * 1000)
        self._clock = clock
        self._hidden_at = clock()
        # The receipt handles of messages that return to the queue: those that were read and those that are too new.
        self._hidden: dict[str, None] = {}
        self._newer = 0
        self._lock = threading.Lock()

    @property
    def remaining(self) -> int:
        """The number of messages that were read and not deleted."""
        return len(self._hidden) - self._newer

    def chunks(self) -> "Iterator[list[MessageTypeDef]]":
        """Read the messages, at most `CHUNK` at a time. All stay hidden until the reading ends."""
        messages = self._messages()
        while chunk := list(islice(messages, CHUNK)):
            yield chunk

    def delete(self, handle: str) -> None:
        """Delete a message from the queue.

        Args:
            handle: Its receipt handle.
        """
        self._queue.client.delete_message(QueueUrl=self._queue.address, ReceiptHandle=handle)
        with self._lock:
            self._hidden.pop(handle, None)

    def keep_hidden(self) -> None:
        """Hide the messages for longer, once a third of their time is over. Called from any thread, again and again."""
        with self._lock:
            if self._clock() - self._hidden_at < HIDDEN_SECONDS / 3:
                return
            self._hidden_at = self._clock()
            handles = list(self._hidden)
        self._hide(handles, HIDDEN_SECONDS)

    def release(self) -> None:
        """Show the messages that were not deleted to other readers again."""
        self._hide(list(self._hidden), 0)

    def _hide(self, handles: list[str], seconds: int) -> None:
        for start in range(0, len(handles), _AT_ONCE):
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
                for number, handle in enumerate(handles[start : start + _AT_ONCE])
            ]
            self._queue.client.change_message_visibility_batch(QueueUrl=self._queue.address, Entries=entries)

    def _messages(self) -> "Iterator[MessageTypeDef]":
        newer_answers = 0
        while newer_answers < _NEWER_ANSWERS and (most := self._most()) and (messages := self._receive(most)):
            old = [message for message in messages if self._is_old(message)]
            self._newer += len(messages) - len(old)
            self.received += len(old)
            newer_answers = 0 if old else newer_answers + 1
            yield from old

    def _most(self) -> int:
        return _AT_ONCE if self._limit is None else min(_AT_ONCE, self._limit - self.received)

    def _is_old(self, message: "MessageTypeDef") -> bool:
        sent: Any = message.get("Attributes", {})
        return int(sent.get(_SENT, 0)) < self._started

    def _receive(self, most: int) -> "list[MessageTypeDef]":
        self.keep_hidden()
        answer = self._queue.client.receive_message(
            QueueUrl=self._queue.address,
            MaxNumberOfMessages=most,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            AttributeNames=[_SENT],
        )
        messages = answer.get("Messages", [])
        with self._lock:
            self._hidden |= dict.fromkeys(message["ReceiptHandle"] for message in messages)
        return messages
