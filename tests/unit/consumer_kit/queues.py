"""A dead-letter queue and the consumer's queue, in memory."""

import time
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeSqs:
    """Two queues, `dead` and `live`. A received message is delivered again until it is deleted.

    Attributes:
        sent: What was sent besides the bodies.
        received: The parameters of each ReceiveMessage.
        released: The receipt handles of the messages that others may receive again at once.
        on_live: Called with each body that is sent to `live`.
    """

    def __init__(self, *bodies: str, live_works: bool = True) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.released: list[str] = []
        self.on_live: Callable[[str], None] = lambda _: None
        self.numbers = count(len(bodies))
        self.dead: dict[str, Any] = {
            str(number): {"MessageId": str(number), "ReceiptHandle": str(number), "Body": body}
            for number, body in enumerate(bodies)
        }
        self.live: list[str] = []
        self._live_works = live_works

    def receive_message(self, **request: Any) -> dict[str, Any]:
        assert request["QueueUrl"].startswith("dead")
        self.received.append(request)
        return {"Messages": list(self.dead.values())[:10]} if self.dead else {}

    def send_message(self, QueueUrl: str, MessageBody: str, **attributes: Any) -> None:  # noqa: N803 - boto3's
        named = attributes.get("MessageAttributes", {}).values()
        assert all(each.keys() == {"DataType", "StringValue"} and each["DataType"] == "String" for each in named)
        self.sent.append(attributes)
        if QueueUrl.startswith("dead"):
            number, sent = str(next(self.numbers)), str(int(time.time() * 1000))
            found = {"MessageId": number, "ReceiptHandle": number, "Body": MessageBody, **attributes}
            self.dead[number] = {**found, "Attributes": {"SentTimestamp": sent}}
            return
        if not self._live_works:
            raise TimeoutError
        assert QueueUrl.startswith("live")
        self.live.append(MessageBody)
        self.on_live(MessageBody)

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> None:  # noqa: N803 - boto3's
        assert QueueUrl.startswith("dead")
        assert 0 < len(Entries) <= 10
        assert {entry["VisibilityTimeout"] for entry in Entries} == {0}
        self.released += [entry["ReceiptHandle"] for entry in Entries]

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803 - boto3's
        assert QueueUrl.startswith("dead")
        del self.dead[ReceiptHandle]
