"""Where events go that cannot be published until somebody mends the cause: a note of which, never what they hold."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from events.envelope import Event, Recorded

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class PublishFailure:
    """An event that was not published.

    Attributes:
        customer_id: Whose.
        version: Its place among their events; with `customer_id`, its key in the event table.
        event_id: An empty text where not even that can be read.
        reason: Why; holds nothing personal.
    """

    customer_id: str
    version: int
    event_id: str
    reason: str

    def as_json(self) -> str:
        """The message."""
        return json.dumps({"unpublished": asdict(self)})


class NotNoted(Exception):
    """The dead letter may not be in the queue. The text is the kind of failure."""


class PublishFailures(Protocol):
    """Keeps dead letters."""

    def send(self, letter: PublishFailure) -> None:
        """Keep one; it is safe when this returns.

        Raises:
            NotNoted: It may not be.
        """
        ...


class SqsPublishFailures:
    """A queue of SQS: the one that the mapping reports lost batches to."""

    def __init__(self, client: "SQSClient", queue: str) -> None:
        """Join it to its queue.

        Args:
            client: SQS.
            queue: The queue's address.
        """
        self._client = client
        self._queue = queue

    def send(self, letter: PublishFailure) -> None:
        """See `PublishFailures.send`."""
        try:
            self._client.send_message(QueueUrl=self._queue, MessageBody=letter.as_json())
        except ClientError as refused:
            raise NotNoted(refused.response["Error"]["Code"]) from None
        except BotoCoreError as unheard:
            raise NotNoted(type(unheard).__name__) from None


def letter_of(recorded: Recorded, reason: str) -> PublishFailure:
    """The note of an event.

    Args:
        recorded: What the event table has.
        reason: Why it cannot be published, without anything personal.
    """
    event_id = recorded.event_id if isinstance(recorded, Event) else ""
    return PublishFailure(recorded.customer_id, recorded.version, event_id, reason)


def read_letter(body: str) -> PublishFailure | None:
    """Read a message.

    Args:
        body: Of any message in the queue.

    Returns:
        None for what the mapping wrote.
    """
    noted = json.loads(body).get("unpublished")
    return PublishFailure(**noted) if noted else None
