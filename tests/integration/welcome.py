"""Helpers that fill and read the welcome list's queue, inbox and items."""

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from consumer_kit import CustomerState, DynamoDbInbox
from events.envelope import Event
from publisher.cloud_event import cloud_event
from tests.integration.aws import Aws
from tests.unit.consumer_kit.deliveries import envelope

_AT_A_TIME: Final = 10


class Welcome:
    """The example consumer of a stack."""

    def __init__(self, aws: Aws, outputs: Mapping[str, str]) -> None:
        self.queue_url = outputs["WelcomeQueueUrl"]
        self.dead_letters_url = outputs["WelcomeDeadLetterQueueUrl"]
        self.table = outputs["WelcomeTable"]
        self._aws = aws
        self._inbox = DynamoDbInbox(aws.dynamodb, self.table)

    def send(self, bodies: Iterable[str]) -> None:
        """Send messages to the queue, in this order as far as a standard queue keeps any."""
        waiting = iter(bodies)
        while some := list(islice(waiting, _AT_A_TIME)):
            entries: Any = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(some)]
            answer = self._aws.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
            assert not answer.get("Failed")

    def inbox(self, customer_id: str) -> CustomerState:
        """The consumer's state of a customer."""
        return self._inbox.load(customer_id)

    def item(self, customer_id: str) -> dict[str, Any] | None:
        """A customer's item on the list, as plain values; None without one."""
        key: Any = {"customer_id": {"S": customer_id}, "item": {"S": "welcome"}}
        stored = self._aws.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        return {name: next(iter(value.values())) for name, value in stored.items()} if stored else None

    def everything_of(self, customer_id: str) -> list[Any]:
        """All that the consumer stores about a customer."""
        return self._aws.dynamodb.query(
            TableName=self.table,
            KeyConditionExpression="customer_id = :id",
            ExpressionAttributeValues={":id": {"S": customer_id}},
            ConsistentRead=True,
        )["Items"]


def delivered(event: Event, source: str = "urn:customers-api:local") -> str:
    """A message's body as the rule makes it of an event."""
    return json.dumps(envelope(cloud_event(event, source)))
