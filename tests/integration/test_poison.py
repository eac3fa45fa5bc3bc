"""An event that nobody can read, in the real stream: it stops nobody else, and is reported in the end (I6)."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from tests.e2e.customers import create, eventually, shown
from tests.integration.aws import Aws
from tests.integration.records import an_event

# Ten retries, with growing pauses of at most five seconds.
GIVEN_UP_WITHIN: Final = 90.0


@pytest.fixture
def poison(aws: Aws, outputs: Mapping[str, str], store: DynamoDbEventStore) -> Iterator[Event]:
    """In the event table as long as the test lasts."""
    event = replace(an_event(str(uuid4()), 1, full_name="Zebra7391"), type="CustomerVanished")
    yield event
    key = {"customer_id": {"S": event.customer_id}, "version": {"N": "1"}}
    aws.dynamodb.delete_item(TableName=outputs["EventTable"], Key=key)


@pytest.fixture
def take_reports(aws: Aws, outputs: Mapping[str, str]) -> Callable[[], list[dict[str, Any]]]:
    """Takes what stands in the queue of batches that were given up; what stood there before is gone."""
    queue = outputs["ProjectionFailureQueueUrl"]

    def take() -> list[dict[str, Any]]:
        received = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in received:
            aws.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in received]

    while take():
        pass
    return take


def test_a_poison_event_is_given_up_and_reported_while_its_neighbours_are_projected(
    outputs: Mapping[str, str],
    api: httpx.Client,
    store: DynamoDbEventStore,
    poison: Event,
    take_reports: Callable[[], list[dict[str, Any]]],
) -> None:
    neighbours = [create(api) for _ in range(5)]
    store.append([poison], 0)
    neighbours += [create(api) for _ in range(5)]

    def reported() -> list[dict[str, Any]]:
        found = take_reports()
        assert found
        return found

    [report] = eventually(reported, within=GIVEN_UP_WITHIN)
    assert report["requestContext"]["condition"] == "RetryAttemptsExhausted"
    batch = report["DDBStreamBatchInfo"]
    assert (batch["streamArn"], batch["batchSize"]) == (outputs["EventStreamArn"], 1)
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]
    assert "zebra" not in json.dumps(report).lower()
    for customer in [*neighbours, create(api)]:
        assert shown(api, customer["id"]).json() == customer
    assert api.get(f"/customers/{poison.customer_id}").status_code == 404
