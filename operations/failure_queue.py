"""A failure queue, as both redrives read it: nobody else has a message meanwhile, and what is not done goes back."""

from collections.abc import Iterable, Iterator
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

    def receive(self) -> "Iterator[MessageTypeDef]":
        """Take message by message, until there is none left."""
        while received := self.client.receive_message(
            QueueUrl=self.address, MaxNumberOfMessages=1, VisibilityTimeout=_HIDDEN_SECONDS, WaitTimeSeconds=1
        ).get("Messages"):
            yield from received

    def delete(self, handle: str) -> None:
        """Take a message out for good.

        Args:
            handle: The one that it was received with.
        """
        self.client.delete_message(QueueUrl=self.address, ReceiptHandle=handle)

    def put_back(self, handles: Iterable[str]) -> None:
        """Let others have messages again.

        Args:
            handles: As above.
        """
        for handle in handles:
            self.client.change_message_visibility(QueueUrl=self.address, ReceiptHandle=handle, VisibilityTimeout=0)
