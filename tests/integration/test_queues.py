"""What the commands that read failure queues and dead letters need of SQS: times of sending, FIFO, and hiding."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from consumer_kit import DeadLetters
from operations.jobs.failure_queue import FailureQueue
from tests.integration.aws import Aws
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event

NewQueue = Callable[[str], str]


@pytest.fixture
def new_queue(aws: Aws) -> Iterator[NewQueue]:
    """Creates queues, which exist for one test. Called with the end of the name."""
    created: list[str] = []

    def create(suffix: str) -> str:
        attributes = {"FifoQueue": "true"} if suffix.endswith(".fifo") else {}
        answer = aws.sqs.create_queue(QueueName=f"test-{uuid.uuid4()}{suffix}", Attributes=attributes)  # type: ignore[arg-type]
        created.append(answer["QueueUrl"])
        return created[-1]

    yield create
    for url in created:
        aws.sqs.delete_queue(QueueUrl=url)


def _visible(aws: Aws, url: str) -> int:
    return len(FailureQueue(aws.sqs, url))


def test_what_is_sent_during_a_reading_waits_for_the_next_one(aws: Aws, new_queue: NewQueue) -> None:
    url = new_queue("-failures")
    for number in range(25):
        aws.sqs.send_message(QueueUrl=url, MessageBody=str(number))
    time.sleep(0.01)

    bodies = []
    with FailureQueue(aws.sqs, url).reading(None, datetime.now(UTC), time.monotonic) as reading:
        for message in (each for chunk in reading.chunks() for each in chunk):
            bodies.append(int(message["Body"]))
            aws.sqs.send_message(QueueUrl=url, MessageBody="99")
            if len(bodies) > 12:
                reading.delete(message["ReceiptHandle"])

    assert sorted(bodies) == list(range(25))
    # Those that were not deleted, and those that were sent meanwhile.
    assert _visible(aws, url) == 12 + 25


@pytest.mark.parametrize("suffix", ["", ".fifo"])
def test_a_redrive_sends_back_what_can_be_handled(aws: Aws, new_queue: NewQueue, suffix: str) -> None:
    dead, live = new_queue(f"-dead{suffix}"), new_queue(f"-live{suffix}")
    letters = DeadLetters(aws.sqs, dead)
    body = json.dumps({"detail": cloud_event(1)})
    for _ in range(2):
        letters.send(body, "too new")
    for number in range(2):
        group = {"MessageGroupId": CUSTOMER, "MessageDeduplicationId": str(number)} if suffix else {}
        aws.sqs.send_message(QueueUrl=dead, MessageBody=body, **group)  # type: ignore[arg-type]
    time.sleep(0.01)

    assert len(list(letters.list())) == 4
    found = list(letters.redrive(live))

    assert sorted(letter.needs_backfill for letter in found) == [False, False, True, True]
    assert {letter.customer_id for letter in found} == {CUSTOMER}
    assert _visible(aws, live) == 2
