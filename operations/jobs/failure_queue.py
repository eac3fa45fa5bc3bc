"""A failure queue in SQS. While a command works on its messages, no other reader sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# The longest time that the work on the received messages may take.
_HIDDEN_SECONDS: Final = 900
_LENGTH: Final = "ApproximateNumberOfMessages"


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
    def receive(self, limit: int | None) -> Iterator["ReceivedMessages"]:
        """Receive messages. Those that are not deleted within the block return to the queue, even after an error.

        Args:
            limit: The largest number of messages to receive; None for all.
        """
        received = ReceivedMessages(self)
        try:
            while (limit is None or len(received.messages) < limit) and (messages := self._receive()):
                received.messages += messages
            yield received
        finally:
            for handle in received.remaining:
                self.client.change_message_visibility(QueueUrl=self.address, ReceiptHandle=handle, VisibilityTimeout=0)

    def _receive(self) -> "list[MessageTypeDef]":
        answer = self.client.receive_message(
            QueueUrl=self.address, MaxNumberOfMessages=1, VisibilityTimeout=_HIDDEN_SECONDS, WaitTimeSeconds=1
        )
        return answer.get("Messages", [])


class ReceivedMessages:
    """Messages that are hidden from other readers.

    Attributes:
        messages: All that were received, deleted ones included.
    """

    def __init__(self, queue: FailureQueue) -> None:
        self.messages: list[MessageTypeDef] = []
        self._queue = queue
        self._deleted: set[str] = set()

    @property
    def remaining(self) -> list[str]:
        """The receipt handles of the messages that were not deleted."""
        return [handle for message in self.messages if (handle := message["ReceiptHandle"]) not in self._deleted]

    def delete(self, handle: str) -> None:
        """Delete a message from the queue.

        Args:
            handle: Its receipt handle.
        """
        self._queue.client.delete_message(QueueUrl=self._queue.address, ReceiptHandle=handle)
        self._deleted.add(handle)
