"""SQS in memory, as boto3's client looks."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

REGION = "eu-west-1"
ACCOUNT = "123456789012"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/"


class FakeSqs:
    """Queues by name.

    Attributes:
        taken: Accepted entries in order, by queue.
        requests: The entries of each request.
        refuses: Whether to refuse an entry.
        before: Called before each request.
        largest: The largest message, in bytes.
    """

    def __init__(self, *names: str) -> None:
        self.taken: dict[str, list[Mapping[str, Any]]] = {name: [] for name in names}
        self.requests: list[Sequence[Mapping[str, Any]]] = []
        self.refuses: Callable[[Mapping[str, Any]], bool] = lambda _: False
        self.before: Callable[[], None] = lambda: None
        self.largest = 1_048_576
        self.meta = SimpleNamespace(region_name=REGION, endpoint_url=f"https://sqs.{REGION}.amazonaws.com")

    def get_queue_url(self, *, QueueName: str, QueueOwnerAWSAccountId: str = ACCOUNT) -> Any:  # noqa: N803 - SQS's names
        if QueueName not in self.taken or QueueOwnerAWSAccountId != ACCOUNT:
            raise ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "GetQueueUrl")
        return {"QueueUrl": URL + QueueName}

    def get_queue_attributes(self, *, QueueUrl: str, **_: object) -> Any:  # noqa: N803 - SQS's name
        name = QueueUrl.removeprefix(URL)
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        return {"Attributes": {"QueueArn": arn, "MaximumMessageSize": str(self.largest)}}

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> Any:  # noqa: N803 - SQS's names
        self.before()
        self.requests.append(Entries)
        taken = [entry for entry in Entries if not self.refuses(entry)]
        self.taken[QueueUrl.removeprefix(URL)] += taken
        failed = [entry for entry in Entries if entry not in taken]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in taken],
            "Failed": [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in failed],
        }

    def bodies(self, name: str) -> list[dict[str, Any]]:
        """The messages of a queue, parsed, in the order in which they were taken."""
        return [json.loads(entry["MessageBody"]) for entry in self.taken[name]]


def place(body: Mapping[str, Any]) -> tuple[str, int]:
    """The customer id and version of the event in a message."""
    return body["detail"]["subject"], int(body["detail"]["sequence"])


def first_seen(bodies: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Each customer's versions in the order in which they were first taken."""
    seen: dict[str, list[int]] = {}
    for customer_id, version in map(place, bodies):
        versions = seen.setdefault(customer_id, [])
        if version not in versions:
            versions.append(version)
    return seen
