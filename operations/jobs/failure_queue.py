"""A failure queue, as both redrives read it: nobody else has a message meanwhile, and what is not done goes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# As long as one message may take.
_HIDDEN_SECONDS: Final = 900
_LENGTH: Final = "ApproximateNumberOfMessages"


@dataclass(frozen=True, slots=True)
class FailureQueue:
    """A queue of notes on what was given up.

    Attributes:
        client: SQS.
        address: The queue's.
    """

    client: "SQSClient"
    address: str

    def __len__(self) -> int:
        """About how many messages wait."""
        answer = self.client.get_queue_attributes(QueueUrl=self.address, AttributeNames=[_LENGTH])
        return int(answer["Attributes"][_LENGTH])

    @contextmanager
    def taken(self, most: int | None) -> Iterator["Taken"]:
        """Have some messages to oneself; those that are not settled go back in the end, whatever happens.

        Args:
            most: At most so many; None for all there are.
        """
        taken = Taken(self)
        try:
            while (most is None or len(taken.messages) < most) and (received := self._receive()):
                taken.messages += received
            yield taken
        finally:
            for handle in taken.unsettled:
                self.client.change_message_visibility(QueueUrl=self.address, ReceiptHandle=handle, VisibilityTimeout=0)

    def _receive(self) -> "list[MessageTypeDef]":
        answer = self.client.receive_message(
            QueueUrl=self.address, MaxNumberOfMessages=1, VisibilityTimeout=_HIDDEN_SECONDS, WaitTimeSeconds=1
        )
        return answer.get("Messages", [])


class Taken:
    """Messages that nobody else has.

    Attributes:
        messages: As SQS gave them.
    """

    def __init__(self, queue: FailureQueue) -> None:
        self.messages: list[MessageTypeDef] = []
        self._queue = queue
        self._settled: set[str] = set()

    @property
    def unsettled(self) -> list[str]:
        """The handles of those that are left."""
        return [handle for each in self.messages if (handle := each["ReceiptHandle"]) not in self._settled]

    def settle(self, handle: str) -> None:
        """Take a message out of the queue for good.

        Args:
            handle: The one that it was received with.
        """
        self._queue.client.delete_message(QueueUrl=self._queue.address, ReceiptHandle=handle)
        self._settled.add(handle)
