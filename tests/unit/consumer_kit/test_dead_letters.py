"""Dead letters are shown without personal data, and a redrive loses none."""

import json
from typing import Any, cast

import pytest

from consumer_kit import DeadLetters
from consumer_kit.dead_letters import describe
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event, envelope

BODY = json.dumps(envelope(cloud_event(2)))


class FakeSqs:
    """Two queues, `dead` and `live`. A received message is delivered again until it is deleted."""

    def __init__(self, *bodies: str, live_works: bool = True) -> None:
        self.dead = {
            str(number): {"MessageId": str(number), "ReceiptHandle": str(number), "Body": body}
            for number, body in enumerate(bodies)
        }
        self.live: list[str] = []
        self._live_works = live_works

    def receive_message(self, **_: object) -> dict[str, Any]:
        return {"Messages": list(self.dead.values())[:10]} if self.dead else {}

    def send_message(self, QueueUrl: str, MessageBody: str, **_: object) -> None:  # noqa: N803 - boto3's
        if not self._live_works:
            raise TimeoutError
        assert QueueUrl == "live"
        self.live.append(MessageBody)

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803 - boto3's
        assert QueueUrl == "dead"
        del self.dead[ReceiptHandle]


def test_a_redrive_sends_every_message_back() -> None:
    sqs = FakeSqs(*(f"{number}" for number in range(25)))

    dead_letters = list(DeadLetters(cast("Any", sqs), "dead").redrive("live"))

    assert (len(dead_letters), sqs.dead, sorted(sqs.live, key=int)) == (25, {}, [str(number) for number in range(25)])


def test_a_message_that_cannot_be_sent_stays_in_the_queue() -> None:
    sqs = FakeSqs(BODY, live_works=False)

    with pytest.raises(TimeoutError):
        list(DeadLetters(cast("Any", sqs), "dead").redrive("live"))

    assert len(sqs.dead) == 1


def test_a_list_ends_and_removes_nothing() -> None:
    sqs = FakeSqs(BODY, "nonsense")

    dead_letters = list(DeadLetters(cast("Any", sqs), "dead").list())

    assert [dead_letter.description for dead_letter in dead_letters] == [
        f"CustomerUpdated version 2 of customer {CUSTOMER}",
        "body is not JSON",
    ]
    assert len(sqs.dead) == 2


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({}, "failed too often"),
        ({"reason": {"StringValue": "body is not JSON"}}, "body is not JSON"),
        ({"ERROR_CODE": {"StringValue": "NO_PERMISSIONS"}}, "NO_PERMISSIONS"),
    ],
    ids=["by SQS", "by the consumer", "by EventBridge"],
)
def test_a_dead_letter_has_a_reason_and_no_personal_data(attributes: dict[str, Any], reason: str) -> None:
    dead_letter = describe({"MessageId": "m", "Body": BODY, "MessageAttributes": attributes})

    assert dead_letter.reason == reason
    assert "ada@example.com" not in str(dead_letter)
