"""The stack's queues and the number of messages in each."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from operations.jobs.health.readings import QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_URL: Final = "Url"
_COUNTS: "Final[tuple[QueueAttributeNameType, ...]]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def queue_depths(client: "SQSClient", outputs: Mapping[str, str]) -> list[QueueDepth]:
    """Count the messages of every queue that the stack's outputs name, failure and dead-letter queues first.

    Args:
        outputs: The stack's outputs. Those that end in `QueueUrl` are the addresses of queues.
    """
    names = sorted(name for name in outputs if name.endswith(f"Queue{_URL}"))
    depths = [
        QueueDepth(name.removesuffix(_URL), messages_in(client, outputs[name]), is_for_failures(name)) for name in names
    ]
    return sorted(depths, key=lambda depth: not depth.is_for_failures)


def messages_in(client: "SQSClient", url: str) -> int:
    """The approximate number of messages in a queue, those that somebody is reading included."""
    counts = client.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)["Attributes"]
    return sum(int(counts.get(name, 0)) for name in _COUNTS)


def is_for_failures(name: str) -> bool:
    """Whether each message of a queue is work for an operator.

    Args:
        name: The queue's logical id, or its output.
    """
    return "Failure" in name or "DeadLetter" in name
