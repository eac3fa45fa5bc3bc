"""Keeps the current city and country of each customer: a consumer that needs the latest state, not every change."""

import os
from typing import Any

import boto3

from consumer_kit import (
    CREATED,
    UPDATED,
    Consumer,
    DeadLetters,
    DynamoDbInbox,
    Effect,
    GapPolicy,
    PublishedEvent,
    handle_batch,
)

TABLE = os.environ["TABLE"]


def react(event: PublishedEvent) -> list[Effect]:
    """The writes that an event causes."""
    key: dict[str, Any] = {"customer_id": {"S": event.customer_id}, "item": {"S": "home"}}
    if event.erases:
        return [{"Delete": {"TableName": TABLE, "Key": key}}]
    if event.type not in (CREATED, UPDATED):
        return []
    home = {name: {"S": event.data[name]} for name in ("city", "country")}
    return [{"Put": {"TableName": TABLE, "Item": {**key, **home}}}]


consumer = Consumer(
    DynamoDbInbox(boto3.client("dynamodb"), TABLE),
    react,
    supported_schemas={CREATED: 1, UPDATED: 1},
    policy=GapPolicy.LATEST,
)
dead_letters = DeadLetters(boto3.client("sqs"), os.environ["DEAD_LETTER_QUEUE_URL"])


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Handle one batch of messages."""
    batch = handle_batch(event["Records"], consumer.handle, dead_letters)
    print({"handled": len(batch.results), "rejected": batch.rejected, "failed": batch.failed})
    return batch.response()
