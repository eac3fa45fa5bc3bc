"""Finds a consumer's queue, and sends messages to it.

The name, URL or ARN that an operator types is never called. SQS is asked for the queue, and messages go to the URL that
it returns. So no argument can send them to a bus or to a stranger.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from operations.errors import CommandError
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
    """A queue in SQS; see `operations.jobs.backfill.sending.ConsumerQueue`.

    Attributes:
        arn: Its ARN.
        max_bytes: The largest message that it takes.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        """
        Args:
            url: The queue's URL, as SQS returned it.
        """
        self._client = client
        self._url = url
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "MaximumMessageSize"])
        self.arn = attributes["Attributes"]["QueueArn"]
        self.max_bytes = int(attributes["Attributes"]["MaximumMessageSize"])

    def send(self, messages: Sequence[Message]) -> set[int]:
        """See `ConsumerQueue.send`. A message that the answer does not list counts as refused."""
        entries: Any = [self._entry(index, message) for index, message in enumerate(messages)]
        answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return set(range(len(messages))) - {int(accepted["Id"]) for accepted in answer.get("Successful", ())}

    def _entry(self, index: int, message: Message) -> dict[str, str]:
        entry = {"Id": str(index), "MessageBody": message.body}
        if not self.arn.endswith(_FIFO):
            return entry
        return {**entry, "MessageGroupId": message.customer_id, "MessageDeduplicationId": message.event_id}


def find_queue(client: "SQSClient", text: str, own: Collection[str]) -> SqsQueue:
    """Find the queue that an operator means.

    Args:
        client: SQS, in the stack's region.
        text: A name, URL or ARN.
        own: The URLs of the stack's failure queues, which are refused.

    Raises:
        CommandError: The text does not name a queue, the queue does not exist or is in another region, or it is one of
            the stack's failure queues.
    """
    url = _url_of(client, text, _query_for(text, client.meta.region_name, _hosts(client, own)))
    if urlsplit(url).path in {urlsplit(address).path for address in own}:
        raise CommandError(f"{text} is one of the stack's failure queues, not a consumer's: nothing was sent.")
    return SqsQueue(client, url)


def _hosts(client: "SQSClient", own: Collection[str]) -> set[str]:
    return {urlsplit(url).netloc for url in (client.meta.endpoint_url, *own)}


def _query_for(text: str, region: str, hosts: Collection[str]) -> Mapping[str, str]:
    """Return the arguments for GetQueueUrl."""
    if found := _BY_ARN.fullmatch(text):
        if found["region"] != region:
            raise CommandError(f"{text} is in region {found['region']}, and the stack is in {region}.")
    elif "://" in text:
        parts = urlsplit(text)
        found = _BY_PATH.fullmatch(parts.path) if parts.netloc in hosts and not parts.query else None
    else:
        found = _BY_NAME.fullmatch(text)
    if not found:
        raise CommandError(f"{text!r} is not an SQS queue of this region: --queue takes a queue's name, URL or ARN.")
    owner = found.groupdict().get("account")
    return {"QueueName": found["name"], **({"QueueOwnerAWSAccountId": owner} if owner else {})}


def _url_of(client: "SQSClient", text: str, query: Mapping[str, Any]) -> str:
    try:
        return client.get_queue_url(**query)["QueueUrl"]
    except ClientError as refused:
        if refused.response["Error"]["Code"] in _MISSING:
            raise CommandError(f"There is no queue {text}, or your credentials cannot see it.") from None
        raise
