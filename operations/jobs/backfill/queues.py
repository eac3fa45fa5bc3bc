"""Finds a consumer's queue, and sends to it.

What the operator names is only asked for at SQS, never called: messages go where SQS says that the queue is. So no
words can lead them to a bus or to a stranger.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from operations.errors import CannotDo
from operations.jobs.backfill.messages import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_FIFO: Final = ".fifo"
_NAME: Final = rf"(?P<name>[A-Za-z0-9_-]{{1,80}}({re.escape(_FIFO)})?)"
_BY_NAME: Final = re.compile(_NAME)
_BY_ARN: Final = re.compile(rf"arn:aws[a-z-]*:sqs:(?P<region>[a-z0-9-]+):(?P<account>\d{{12}}):{_NAME}")
_BY_PATH: Final = re.compile(rf"/(?P<account>\d{{12}})/{_NAME}")
_MISSING: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


class SqsQueue:
    """One queue; see `operations.jobs.backfill.sending.ConsumerQueue`.

    Attributes:
        arn: Its ARN, whatever it was named by.
        largest: The largest message that it takes, in bytes.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        """Join it to its queue.

        Args:
            client: SQS.
            url: Where SQS says that the queue is.
        """
        self._client = client
        self._url = url
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "MaximumMessageSize"])
        self.arn = attributes["Attributes"]["QueueArn"]
        self.largest = int(attributes["Attributes"]["MaximumMessageSize"])

    def send(self, messages: Sequence[Message]) -> set[int]:
        """See `ConsumerQueue.send`. An answer that does not say that it has a message has not."""
        entries: Any = [self._entry(place, message) for place, message in enumerate(messages)]
        answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return set(range(len(messages))) - {int(taken["Id"]) for taken in answer.get("Successful", ())}

    def _entry(self, place: int, message: Message) -> dict[str, str]:
        entry = {"Id": str(place), "MessageBody": message.body}
        if not self.arn.endswith(_FIFO):
            return entry
        return {**entry, "MessageGroupId": message.customer_id, "MessageDeduplicationId": message.event_id}


def find(client: "SQSClient", words: str, own: Collection[str]) -> SqsQueue:
    """The queue that an operator means.

    Args:
        client: SQS, in the stack's region.
        words: A name, URL or ARN.
        own: The URLs of queues that are no consumer's: the stack's failure queues.

    Raises:
        CannotDo: It is no queue, there is none, it is elsewhere, or it is one of our own.
    """
    url = _ask(client, words, _read(words, client.meta.region_name, _hosts(client, own)))
    if urlsplit(url).path in {urlsplit(each).path for each in own}:
        raise CannotDo(f"{words} is one of the stack's failure queues and no consumer's: nothing is sent there.")
    return SqsQueue(client, url)


def _hosts(client: "SQSClient", own: Collection[str]) -> set[str]:
    return {urlsplit(url).netloc for url in (client.meta.endpoint_url, *own)}


def _read(words: str, region: str, hosts: Collection[str]) -> Mapping[str, str]:
    """What GetQueueUrl is asked for."""
    if found := _BY_ARN.fullmatch(words):
        if found["region"] != region:
            raise CannotDo(f"{words} is in region {found['region']}, and the stack is in {region}.")
    elif "://" in words:
        parts = urlsplit(words)
        found = _BY_PATH.fullmatch(parts.path) if parts.netloc in hosts and not parts.query else None
    else:
        found = _BY_NAME.fullmatch(words)
    if not found:
        raise CannotDo(f"{words} is no SQS queue of this region: give a queue's name, URL or ARN.")
    owner = found.groupdict().get("account")
    return {"QueueName": found["name"], **({"QueueOwnerAWSAccountId": owner} if owner else {})}


def _ask(client: "SQSClient", words: str, asked: Mapping[str, Any]) -> str:
    try:
        return client.get_queue_url(**asked)["QueueUrl"]
    except ClientError as refused:
        if refused.response["Error"]["Code"] in _MISSING:
            raise CannotDo(f"There is no queue {words}, or your credentials may not see it.") from None
        raise
