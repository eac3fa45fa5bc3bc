"""Dead letters: what no retry will cure, kept with its reason until somebody has mended the cause.

Three ways lead into the queue: the consumer sends what it rejects, SQS moves what failed too often, and EventBridge
sends what it could not deliver. All three keep the body, so one redrive serves them. A body holds personal data.
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
_AT_A_TIME: Final = 10
_UNSEEN_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What may be shown of a dead letter: nothing personal.

    Attributes:
        message_id: Of the message in the dead-letter queue.
        reason: Why it is there; for a message that failed too often, that.
        what: Type, version and customer id of the event, or why it is none.
    """

    message_id: str
    reason: str
    what: str


class DeadLetters:
    """A dead-letter queue and what is done with it."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """Use a queue.

        Args:
            client: boto3's.
            queue_url: Of the dead-letter queue.
        """
        self._client = client
        self._queue_url = queue_url

    def send(self, body: str, reason: str) -> None:
        """Put a message that was rejected among them.

        Args:
            body: As it was received.
            reason: Says why, and nothing personal.
        """
        attributes: Any = {REASON: {"DataType": "String", "StringValue": reason}}
        self._client.send_message(QueueUrl=self._queue_url, MessageBody=body, MessageAttributes=attributes)

    def look(self) -> Iterator[DeadLetter]:
        """What is there. Each message stays, and cannot be looked at again for a minute."""
        for message in self._receive():
            yield describe(message)

    def redrive(self, queue_url: str) -> Iterator[DeadLetter]:
        """Send each back into a queue, and give it once that is done.

        A crash in between leaves a message in both, which does no harm: a repeat is skipped.

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
                MaxNumberOfMessages=_AT_A_TIME,
                VisibilityTimeout=_UNSEEN_SECONDS,
                WaitTimeSeconds=1,
                MessageAttributeNames=[REASON, "ERROR_CODE"],
            ).get("Messages", [])
            # One that comes round again was seen a minute ago: everything else was, too.
            fresh = [message for message in messages if message["MessageId"] not in seen]
            if not fresh:
                return
            seen |= {message["MessageId"] for message in fresh}
            yield from fresh


def describe(message: "Mapping[str, Any] | MessageTypeDef") -> DeadLetter:
    """What may be shown of a message of a dead-letter queue.

    Args:
        message: As ReceiveMessage gives it.
    """
    attributes: Any = message.get("MessageAttributes", {})
    reasons = [attributes[name]["StringValue"] for name in (REASON, "ERROR_CODE") if name in attributes]
    try:
        event = from_sqs(message)
        what = f"{event.type} version {event.version} of customer {event.customer_id}"
    except Rejected as unreadable:
        what = str(unreadable)
    return DeadLetter(message["MessageId"], reasons[0] if reasons else "failed too often", what)
