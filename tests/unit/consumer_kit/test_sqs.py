"""A failed message affects no other message of its batch, and nothing is lost."""

from typing import Any

import pytest

from consumer_kit import Action, Consumer, EventResult, PublishedEvent, Rejected, handle_batch
from consumer_kit.testing import InMemoryInbox
from tests.unit.consumer_kit.deliveries import cloud_event, envelope, message


class FakeDeadLetters:
    """Dead letters in memory."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, body: str, reason: str) -> None:
        self.sent.append((body, reason))


class FailingDeadLetters:
    """A dead-letter queue that times out."""

    def send(self, body: str, reason: str) -> None:
        raise TimeoutError


@pytest.fixture
def consumer() -> Consumer:
    def react(event: PublishedEvent) -> list[Any]:
        if event.data["city"] == "Nowhere":
            raise ValueError("ada@example.com")
        return [{"Put": event.version}]

    return Consumer(InMemoryInbox(), react, {"CustomerCreated": 1})


def delivered(version: int, customer_id: str, **changes: Any) -> dict[str, Any]:
    return message(envelope(cloud_event(version, customer_id=customer_id, **changes)), f"{customer_id}-{version}")


def test_a_customer_s_events_are_handled_in_version_order_so_that_none_is_held(consumer: Consumer) -> None:
    records = [delivered(version, customer) for version in (3, 1, 2) for customer in ("ada", "bob")]

    batch = handle_batch(records, consumer.handle, FakeDeadLetters())

    assert [(result.event.customer_id, result.event.version, result.action) for result in batch.results] == [
        (customer, version, Action.HANDLE) for customer in ("ada", "bob") for version in (1, 2, 3)
    ]
    assert batch.response() == {"batchItemFailures": []}


def test_only_the_failed_message_is_delivered_again_and_its_error_text_is_not_kept(consumer: Consumer) -> None:
    nowhere = {"full_name": "Ada", "email": "ada@example.com", "city": "Nowhere"}
    records = [delivered(1, "ada", data=nowhere), delivered(1, "bob"), delivered(2, "ada")]

    batch = handle_batch(records, consumer.handle, FakeDeadLetters())

    assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "ada-1"}]}
    assert batch.failed == {"ada-1": "ValueError"}
    assert [result.action for result in batch.results] == [Action.HOLD, Action.HANDLE]


def test_a_rejected_message_becomes_a_dead_letter_immediately_with_its_reason(consumer: Consumer) -> None:
    dead_letters = FakeDeadLetters()
    unknown = delivered(1, "ada", dataschema="urn:customers-api:schema:CustomerCreated:2")
    records = [message("nonsense", "m"), unknown, delivered(1, "bob")]

    batch = handle_batch(records, consumer.handle, dead_letters)

    assert batch.response() == {"batchItemFailures": []}
    assert dead_letters.sent == [
        ("nonsense", "body is not JSON"),
        (unknown["body"], "CustomerCreated has schema version 2, but this consumer supports up to 1"),
    ]
    assert set(batch.rejected) == {"m", "ada-1"}
    assert [result.event.customer_id for result in batch.results] == ["bob"]


def test_a_message_whose_dead_letter_cannot_be_sent_is_delivered_again(consumer: Consumer) -> None:
    batch = handle_batch([message("nonsense", "m"), delivered(1, "bob")], consumer.handle, FailingDeadLetters())

    assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert len(batch.results) == 1


def test_a_failed_message_is_given_up_before_sqs_would_move_it_with_its_data(consumer: Consumer) -> None:
    dead_letters = FakeDeadLetters()
    nowhere = {"full_name": "Ada", "email": "ada@example.com", "city": "Nowhere"}
    often, seldom = (
        {**delivered(1, name, data=nowhere), "attributes": {"ApproximateReceiveCount": str(receives)}}
        for name, receives in (("ada", 7), ("bob", 6))
    )

    batch = handle_batch([often, seldom], consumer.handle, dead_letters, max_receives=7)

    assert dead_letters.sent == [(often["body"], "failed 7 times, last with ValueError")]
    assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "bob-1"}]}
    assert batch.failed == {"bob-1": "ValueError"}


def test_a_message_without_a_count_is_received_for_the_first_time(consumer: Consumer) -> None:
    nowhere = {"full_name": "Ada", "email": "ada@example.com", "city": "Nowhere"}
    dead_letters = FakeDeadLetters()

    batch = handle_batch([delivered(1, "ada", data=nowhere)], consumer.handle, dead_letters, max_receives=2)

    assert (batch.failed, dead_letters.sent) == ({"ada-1": "ValueError"}, [])


def test_a_message_that_is_given_up_and_cannot_be_recorded_is_delivered_again(consumer: Consumer) -> None:
    nowhere = {"full_name": "Ada", "email": "ada@example.com", "city": "Nowhere"}
    often = {**delivered(1, "ada", data=nowhere), "attributes": {"ApproximateReceiveCount": "500"}}

    batch = handle_batch([often], consumer.handle, FailingDeadLetters())

    assert (set(batch.failed), batch.rejected) == ({"ada-1"}, {})


def test_a_rejection_without_a_message_still_has_a_reason() -> None:
    """SQS accepts no empty attribute."""

    def reject(_: PublishedEvent) -> EventResult:
        raise Rejected

    dead_letters = FakeDeadLetters()
    handle_batch([delivered(1, "ada")], reject, dead_letters)

    assert [reason for _, reason in dead_letters.sent] == ["Rejected"]
