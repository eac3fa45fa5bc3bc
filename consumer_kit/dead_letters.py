"""Dead letters: messages that no retry can fix, kept with their reason until someone fixes the cause.

A message gets into the queue in three ways: the consumer sends what it rejects, SQS moves what failed too often, and
EventBridge sends what it could not deliver. All three keep the body, so one redrive serves them. A body holds personal
data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from consumer_kit.event import Rejected
from consumer_kit.parsing import from_sqs

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

REASON: Final = "reason"
_PAGE_SIZE: Final = 10
_VISIBILITY_TIMEOUT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter without its personal data, safe to show.

    Attributes:
        message_id: The id of the message in the dead-letter queue.
        reason: Why the message is there; `failed too often` if SQS moved it.
        description: Type, version and customer id of the event, or why the message is not an event.
    """

    message_id: str
    reason: str
    description: str


class DeadLetters:
    """A dead-letter queue in SQS."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, body: str, reason: str) -> None:
        """Add a rejected message.

        Args:
            body: The body as it was received.
            reason: Why it was rejected. Must not contain personal data.
        """
        attributes: Any = {REASON: {"DataType": "String", "StringValue": reason}}
        self._client.send_message(QueueUrl=self._queue_url, MessageBody=body, MessageAttributes=attributes)

    def list(self) -> Iterator[DeadLetter]:
        """List the dead letters. The messages stay in the queue and are hidden from other receivers for a minute."""
        for message in self._receive():
            yield describe(message)

    def redrive(self, queue_url: str) -> Iterator[DeadLetter]:
        """Send each message back to a queue, and yield it once that is done.

        A crash in between leaves a message in both queues. That does no harm, because the consumer skips repeats.

        Args:
            queue_url: The consumer's queue.
        """
        for message in self._receive():
            self._client.send_message(QueueUrl=queue_url, MessageBody=message["Body"])
            self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
            yield describe(message)

    def _receive(self) -> "Iterator[MessageTypeDef]":
        seen: set[str] = set()
        while True:
            messages = self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=_PAGE_SIZE,
                VisibilityTimeout=_VISIBILITY_TIMEOUT_SECONDS,
                WaitTimeSeconds=1,
                MessageAttributeNames=[REASON, "ERROR_CODE"],
            ).get("Messages", [])
            # If a message that was received a minute ago returns, all the others have been received, too.
            unseen = [message for message in messages if message["MessageId"] not in seen]
            if not unseen:
                return
            seen |= {message["MessageId"] for message in unseen}
            yield from unseen


def describe(message: "Mapping[str, Any] | MessageTypeDef") -> DeadLetter:
    """Describe a message of a dead-letter queue without its personal data.

    Args:
        message: A message as ReceiveMessage returns it.
    """
    attributes: Any = message.get("MessageAttributes", {})
    reasons = [attributes[name]["StringValue"] for name in (REASON, "ERROR_CODE") if name in attributes]
    try:
        event = from_sqs(message)
        description = f"{event.type} version {event.version} of customer {event.customer_id}"
    except Rejected as error:
        description = str(error)
    return DeadLetter(message["MessageId"], reasons[0] if reasons else "failed too often", description)
