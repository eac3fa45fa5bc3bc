"""Dead letters: events that no retry can fix, listed with their reason until someone fixes the cause.

A message gets into the queue in three ways. The consumer sends what it rejects or gives up, without the event's data:
`consumer_kit.rejection`. SQS moves what was received too often, and EventBridge sends what it could not deliver. These
two keep the body, which is personal data, so the queue must keep messages only for a few days.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from consumer_kit import fifo
from consumer_kit.event import PublishedEvent, Rejected
from consumer_kit.inbox import Inbox
from consumer_kit.parsing import from_cloud_event, from_sqs
from consumer_kit.rejection import REASON, parsed_rejection, rejection

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_PAGE_SIZE: Final = 10
_VISIBILITY_TIMEOUT_SECONDS: Final = 60
_SENT: Final = "SentTimestamp"
# As many answers in a row without an unseen letter end a reading. One is not enough: SQS answers with any letters.
_ANSWERS_WITHOUT: Final = 10


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter without its personal data, safe to show.

    Attributes:
        message_id: The id of the message in the dead-letter queue.
        reason: Why the message is there; `received too often` if SQS moved it.
        description: Type, version and customer id of the event, or why the message is not an event.
        customer_id: The customer's id; empty if the message does not name one.
        needs_backfill: Whether the letter has no data, so only a backfill of the customer brings the event again.
    """

    message_id: str
    reason: str
    description: str
    customer_id: str = ""
    needs_backfill: bool = False


class DeadLetters:
    """A dead-letter queue in SQS."""

    def __init__(self, client: "SQSClient", queue_url: str, now: Callable[[], float] = time.time) -> None:
        """Use a queue, standard or FIFO.

        Args:
            client: The boto3 client.
            queue_url: The queue's URL.
            now: Returns the seconds since the epoch.
        """
        self._client = client
        self._queue_url = queue_url
        self._now = now

    def send(self, body: str, reason: str) -> None:
        """Record a rejected message, without its data.

        Args:
            body: The body as it was received. Only what names the event is kept of it.
            reason: Why it was rejected. Must not contain personal data.
        """
        attributes: Any = {REASON: {"DataType": "String", "StringValue": reason}}
        text = rejection(body, reason)
        # A letter that is rejected again has the same text, and must not be lost: so the id is a new one.
        group = fifo.parameters(self._queue_url, _customer_of(text), str(uuid4()))
        self._client.send_message(QueueUrl=self._queue_url, MessageBody=text, MessageAttributes=attributes, **group)

    def list(self) -> Iterator[DeadLetter]:
        """List the dead letters that were sent before the call.

        The messages stay in the queue. They are hidden from other receivers until the list ends, at most for a minute.
        """
        for message in self._receive({}):
            yield describe(message)

    def redrive(self, queue_url: str, inbox: Inbox | None = None) -> Iterator[DeadLetter]:
        """Send back each message that can be handled, and yield every message once that is done.

        Only the messages that were sent before the call are sent back. So it ends although the consumer may reject one
        of them again, which then waits for the next redrive.

        A letter that needs a backfill stays in the queue, and can be received again at once, until a redrive with the
        inbox finds its event handled. A crash in between leaves a message in both queues. That does no harm, because
        the consumer skips repeats.

        Args:
            queue_url: The consumer's queue.
            inbox: The consumer's inbox.
        """
        hidden: dict[str, str] = {}
        for message in self._receive(hidden):
            dead_letter = describe(message)
            if not dead_letter.needs_backfill:
                # If a crash leaves the message in both queues, a FIFO queue accepts the repeat only once.
                group = fifo.parameters(queue_url, dead_letter.customer_id, f"redrive-{message['MessageId']}")
                self._client.send_message(QueueUrl=queue_url, MessageBody=message["Body"], **group)
                self._delete(message, hidden)
            elif inbox and _is_handled(inbox, message["Body"]):
                self._delete(message, hidden)
                continue
            yield dead_letter

    def _delete(self, message: "MessageTypeDef", hidden: dict[str, str]) -> None:
        self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        hidden.pop(message["MessageId"], None)

    def _receive(self, hidden: dict[str, str]) -> "Iterator[MessageTypeDef]":
        """Receive what was sent before the call, and in the end let others receive again what is still in `hidden`.

        Args:
            hidden: Is filled with the receipt handles of the received messages, by message id.
        """
        try:
            yield from self._receive_all(hidden)
        finally:
            self._release(list(hidden.values()))

    def _release(self, handles: Sequence[str]) -> None:
        for start in range(0, len(handles), _PAGE_SIZE):
            some = handles[start : start + _PAGE_SIZE]
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(some)
            ]
            # One that is not released comes back by itself after a minute.
            self._client.change_message_visibility_batch(QueueUrl=self._queue_url, Entries=entries)

    def _receive_all(self, hidden: dict[str, str]) -> "Iterator[MessageTypeDef]":
        started, seen, answers_without = int(self._now() * 1000), set[str](), 0
        while answers_without < _ANSWERS_WITHOUT:
            messages = self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=_PAGE_SIZE,
                VisibilityTimeout=_VISIBILITY_TIMEOUT_SECONDS,
                WaitTimeSeconds=1,
                MessageAttributeNames=[REASON, "ERROR_CODE"],
                AttributeNames=[_SENT],
            ).get("Messages", [])
            if not messages:
                return
            hidden |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
            unseen = [each for each in messages if each["MessageId"] not in seen and _sent_at(each) < started]
            answers_without = 0 if unseen else answers_without + 1
            seen |= {message["MessageId"] for message in unseen}
            yield from unseen


def describe(message: "Mapping[str, Any] | MessageTypeDef") -> DeadLetter:
    """Describe a message of a dead-letter queue without its personal data.

    Args:
        message: A message as ReceiveMessage returns it.
    """
    attributes: Any = message.get("MessageAttributes", {})
    reasons = [attributes[name]["StringValue"] for name in (REASON, "ERROR_CODE") if name in attributes]
    rejected = parsed_rejection(message["Body"])
    try:
        event = from_sqs(message) if rejected is None else from_cloud_event(rejected)
    except Rejected as error:
        customer_id = (rejected or {}).get("subject", "")
        description = f"an event of customer {customer_id}" if customer_id else str(error)
        needs_backfill = rejected is not None
    else:
        customer_id, description = event.customer_id, _name(event)
        needs_backfill = rejected is not None and not event.erases
    reason = reasons[0] if reasons else "received too often"
    return DeadLetter(message["MessageId"], reason, description, customer_id, needs_backfill)


def _sent_at(message: "Mapping[str, Any] | MessageTypeDef") -> int:
    """When a message was sent to the queue, in milliseconds since the epoch; 0 if the answer does not say it."""
    attributes: Any = message.get("Attributes", {})
    return int(attributes.get(_SENT, 0))


def _customer_of(body: str) -> str:
    return str((parsed_rejection(body) or {}).get("subject", ""))


def _name(event: PublishedEvent) -> str:
    return f"{event.type} version {event.version} of customer {event.customer_id}"


def _is_handled(inbox: Inbox, body: str) -> bool:
    """Whether the consumer has handled a rejected event since, and everything that waited for it."""
    try:
        event = from_cloud_event(parsed_rejection(body) or {})
    except Rejected:
        return False
    state = inbox.load(event.customer_id)
    if state.erased or state.epoch > event.epoch:
        return True
    return state.epoch == event.epoch and state.version >= event.version and not state.held
