"""`python -m consumer_kit skip`: what it sends, prints and returns."""

from argparse import Namespace
from typing import Any

import pytest

from consumer_kit import CREATED, UPDATED, Consumer, from_sqs
from consumer_kit.__main__ import _parser, _skip
from consumer_kit.testing import InMemoryInbox
from tests.unit.consumer_kit.deliveries import CUSTOMER, event, message


class SentMessages:
    """An SQS client that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **sent: Any) -> None:
        self.sent.append(sent)


def options(version: int, queue: str = "live") -> Namespace:
    words = ["skip", "--table", "t", "--queue", queue, "--customer", CUSTOMER, "--version", str(version)]
    return _parser().parse_args(words)


def waiting(*versions: int) -> tuple[InMemoryInbox, Consumer]:
    inbox = InMemoryInbox()
    consumer = Consumer(inbox, lambda each: [{"Put": each.version}], {CREATED: 1, UPDATED: 1})
    for version in versions:
        consumer.handle(event(version))
    return inbox, consumer


def test_a_skip_sends_the_event_that_releases_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    inbox, consumer = waiting(1, 3, 4)
    sqs: Any = SentMessages()

    assert _skip(inbox, sqs, options(2)) == 0

    [sent] = sqs.sent
    assert set(sent) == {"QueueUrl", "MessageBody"}
    consumer.handle(from_sqs(message(sent["MessageBody"])))
    assert inbox.effects == [{"Put": 1}, {"Put": 3}, {"Put": 4}]
    assert "ada@" not in capsys.readouterr().out


def test_a_skip_before_another_gap_sends_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    inbox, _ = waiting(4)
    sqs: Any = SentMessages()

    assert _skip(inbox, sqs, options(1)) == 1

    assert sqs.sent == []
    assert "Version 2 is missing, too" in capsys.readouterr().out


def test_a_fifo_queue_gets_the_customer_as_group_and_an_id_of_its_own() -> None:
    inbox, _ = waiting(1, 3)
    sqs: Any = SentMessages()

    for _ in range(2):
        assert _skip(inbox, sqs, options(2, "live.fifo")) == 0

    assert {sent["MessageGroupId"] for sent in sqs.sent} == {CUSTOMER}
    assert len({sent["MessageDeduplicationId"] for sent in sqs.sent}) == 2
