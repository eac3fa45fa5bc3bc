"""Dead letters are shown without anything personal, and none is lost on its way back."""

import json
from typing import Any, cast

import pytest

from consumer_kit import DeadLetters
from consumer_kit.dead_letters import describe
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event, envelope

BODY = json.dumps(envelope(cloud_event(2)))


class FakeSqs:
    """Two queues, `dead` and `live`; what was received comes again while it is not deleted."""

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


def test_all_go_back_and_none_stays() -> None:
    sqs = FakeSqs(*(f"{number}" for number in range(25)))

    letters = list(DeadLetters(cast("Any", sqs), "dead").redrive("live"))

    assert (len(letters), sqs.dead, sorted(sqs.live, key=int)) == (25, {}, [str(number) for number in range(25)])


def test_one_that_cannot_be_sent_stays() -> None:
    sqs = FakeSqs(BODY, live_works=False)

    with pytest.raises(TimeoutError):
        list(DeadLetters(cast("Any", sqs), "dead").redrive("live"))

    assert len(sqs.dead) == 1


def test_looking_ends_and_takes_nothing_away() -> None:
    sqs = FakeSqs(BODY, "nonsense")

    letters = list(DeadLetters(cast("Any", sqs), "dead").list())

    assert [letter.what for letter in letters] == [
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
def test_a_letter_says_why_and_what_and_nothing_personal(attributes: dict[str, Any], reason: str) -> None:
    letter = describe({"MessageId": "m", "Body": BODY, "MessageAttributes": attributes})

    assert letter.reason == reason
    assert "ada@example.com" not in str(letter)
