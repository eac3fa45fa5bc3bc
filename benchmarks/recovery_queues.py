"""The queues and the bus of `benchmarks.recovery`, in memory."""

from collections.abc import Iterable
from typing import Any, Final

_ARN: Final = "arn:aws:sqs:eu-west-1:123456789012:orders"


class Queue:
    """SQS with one queue in memory, behind boto3's names."""

    # ruff: noqa: D102 - boto3 describes them

    class meta:  # noqa: N801 - boto3's
        """See boto3."""

        region_name = "eu-west-1"
        endpoint_url = "https://sqs.eu-west-1.amazonaws.com"

    def __init__(self, bodies: Iterable[str] = ()) -> None:
        self.messages = {str(number): body for number, body in enumerate(bodies)}
        self.hidden: set[str] = set()
        self.sent = 0

    def receive_message(self, *, MaxNumberOfMessages: int, **_: object) -> Any:  # noqa: N803 - boto3's
        found = [handle for handle in self.messages if handle not in self.hidden][:MaxNumberOfMessages]
        self.hidden.update(found)
        return {"Messages": [self._message(handle) for handle in found]} if found else {}

    def _message(self, handle: str) -> dict[str, Any]:
        return {"MessageId": handle, "ReceiptHandle": handle, "Body": self.messages[handle]}

    def delete_message(self, *, ReceiptHandle: str, **_: object) -> None:  # noqa: N803 - boto3's
        del self.messages[ReceiptHandle]

    def change_message_visibility_batch(self, *, Entries: list[Any], **_: object) -> None:  # noqa: N803 - boto3's
        self.hidden -= {each["ReceiptHandle"] for each in Entries if not each["VisibilityTimeout"]}

    def send_message(self, **_: object) -> None:
        self.sent += 1

    def send_message_batch(self, *, Entries: list[Any], **_: object) -> Any:  # noqa: N803 - boto3's
        self.sent += len(Entries)
        return {"Successful": [{"Id": each["Id"]} for each in Entries]}

    def get_queue_url(self, **_: object) -> Any:
        return {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"}

    def get_queue_attributes(self, **_: object) -> Any:
        waiting = str(len(self.messages) - len(self.hidden))
        return {
            "Attributes": {"QueueArn": _ARN, "MaximumMessageSize": "262144", "ApproximateNumberOfMessages": waiting}
        }


class AcceptingBus:
    """A bus that accepts everything and keeps nothing."""

    def put(self, entries: Any) -> list[str]:
        """See `Bus.put`."""
        return [""] * len(entries)
