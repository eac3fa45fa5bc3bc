"""What `--queue` accepts, and how the queue's answers are read."""

import pytest

from operations.errors import CommandError
from operations.jobs.backfill import queues
from operations.jobs.backfill.messages import Message
from tests.unit.operations.backfill.sqs import URL, FakeSqs

OWN = (f"{URL}test-customers-projection-failures", f"{URL}test-customers-publish-failures")
ARN = "arn:aws:sqs:eu-west-1:123456789012:orders"


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs("orders", "orders.fifo", *(url.removeprefix(URL) for url in OWN))


def find(sqs: FakeSqs, text: str) -> queues.SqsQueue:
    return queues.find_queue(sqs, text, OWN)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["orders", f"{URL}orders", ARN])
def test_a_queue_is_found_by_name_url_and_arn(sqs: FakeSqs, text: str) -> None:
    assert find(sqs, text).arn == ARN


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:events:eu-west-1:123456789012:event-bus/test-customers",
        "arn:aws:sns:eu-west-1:123456789012:orders",
        "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "https://events.eu-west-1.amazonaws.com/123456789012/orders",
        "https://example.com/123456789012/orders",
        "https://sqs.us-east-1.amazonaws.com/123456789012/orders",
        f"{URL}orders?Action=PurgeQueue",
        "https://sqs.eu-west-1.amazonaws.com/orders",
        "two text",
        "",
    ],
)
def test_anything_else_is_refused_without_a_request(sqs: FakeSqs, text: str) -> None:
    sqs.taken = {}

    with pytest.raises(CommandError, match="is not an SQS queue of this region"):
        find(sqs, text)


def test_a_queue_elsewhere_is_refused(sqs: FakeSqs) -> None:
    with pytest.raises(CommandError, match="is in region us-east-1, and the stack is in eu-west-1"):
        find(sqs, ARN.replace("eu-west-1", "us-east-1"))


@pytest.mark.parametrize("text", ["payments", ARN.replace("123456789012", "210987654321")])
def test_a_missing_queue_is_reported(sqs: FakeSqs, text: str) -> None:
    with pytest.raises(CommandError, match="There is no queue"):
        find(sqs, text)


@pytest.mark.parametrize("own", OWN)
def test_the_stacks_failure_queues_are_refused_by_any_name(sqs: FakeSqs, own: str) -> None:
    name = own.removeprefix(URL)
    for text in (name, own, ARN.replace("orders", name)):
        with pytest.raises(CommandError, match="one of the stack's failure queues"):
            find(sqs, text)


def test_only_a_fifo_queue_gets_groups_and_ids(sqs: FakeSqs) -> None:
    message = Message("c", 1, "e-1", "{}")

    find(sqs, "orders").send([message])
    find(sqs, "orders.fifo").send([message])

    [plain], [fifo] = sqs.taken["orders"], sqs.taken["orders.fifo"]
    assert plain == {"Id": "0", "MessageBody": "{}"}
    assert fifo == {**plain, "MessageGroupId": "c", "MessageDeduplicationId": "e-1"}


def test_a_message_that_the_answer_does_not_list_counts_as_refused(sqs: FakeSqs) -> None:
    queue = find(sqs, "orders")
    sqs.send_message_batch = lambda **_: {"Successful": [{"Id": "1"}]}  # type: ignore[method-assign]

    assert queue.send([Message("a", 1, "e-1", "{}"), Message("b", 1, "e-2", "{}")]) == {0}
