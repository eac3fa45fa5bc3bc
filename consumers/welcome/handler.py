"""Keeps the welcome list up to date from the queue behind the event bus."""

import os
from functools import cache, partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from consumer_kit import Action, BatchResult, Consumer, DeadLetters, DynamoDbInbox, handle_batch
from consumers.welcome.welcome_list import SUPPORTED_SCHEMAS, effects

logger = Logger()
metrics = Metrics()
table = os.environ["WELCOME_TABLE"]


@cache
def consumer() -> Consumer:
    """The consumer, with the inbox in this function's table."""
    return Consumer(DynamoDbInbox(boto3.client("dynamodb"), table), partial(effects, table), SUPPORTED_SCHEMAS)


@cache
def dead_letters() -> DeadLetters:
    """The queue for messages that cannot be handled."""
    return DeadLetters(boto3.client("sqs"), os.environ["DEAD_LETTER_QUEUE_URL"])


def handle(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001 - Lambda's signature
    """Handle one batch of messages."""
    batch = handle_batch(event["Records"], consumer().handle, dead_letters())
    _log_and_count(batch)
    return batch.response()


def _log_and_count(batch: BatchResult) -> None:
    for event in (event for result in batch.results for event in result.handled):
        ids = {"customer_id": event.customer_id, "version": event.version, "type": event.type}
        logger.info("welcomed", extra={**ids, "correlation_id": event.correlation_id})
    for message_id, reason in batch.rejected.items():
        logger.error("rejected", extra={"message_id": message_id, "reason": reason})
    for message_id, kind in batch.failed.items():
        logger.warning("to be handled again", extra={"message_id": message_id, "failure": kind})
    counts = {
        "WelcomeHandled": sum(len(result.handled) for result in batch.results),
        "WelcomeHeld": sum(result.action is Action.HOLD for result in batch.results),
        "WelcomeSkipped": sum(result.action is Action.SKIP for result in batch.results),
        "WelcomeRejected": len(batch.rejected),
        "WelcomeFailed": len(batch.failed),
    }
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    metrics.flush_metrics()
    logger.info("batch", extra=counts)
