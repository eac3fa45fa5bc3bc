"""One message's trouble is its own: the others of its batch are handled, and nothing is lost."""

from typing import Any

import pytest

from consumer_kit import Action, Consumer, EventResult, PublishedEvent, Rejected, handle_batch
from consumer_kit.testing import InMemoryInbox
from tests.unit.consumer_kit.deliveries import cloud_event, envelope, message


class KeptLetters:
    """Dead letters in memory."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, body: str, reason: str) -> None:
        self.sent.append((body, reason))


class NoLetters:
    """A queue that does not answer."""

    def send(self, body: str, reason: str) -> None:
        raise TimeoutError


@pytest.fixture
def consumer() -> Consumer:
    def react(arrived: PublishedEvent) -> list[Any]:
        if arrived.data["city"] == "Nowhere":
            raise ValueError("ada@example.com")
        return [{"Put": arrived.version}]

    return Consumer(InMemoryInbox(), react, {"CustomerCreated": 1})


def delivered(version: int, customer_id: str, **changes: Any) -> dict[str, Any]:
    return message(envelope(cloud_event(version, customer_id=customer_id, **changes)), f"{customer_id}-{version}")


def test_a_customer_s_events_are_taken_in_order_so_that_none_is_held(consumer: Consumer) -> None:
    records = [delivered(version, who) for version in (3, 1, 2) for who in ("ada", "bob")]

    batch = handle_batch(records, consumer.handle, KeptLetters())

    assert [(each.event.customer_id, each.event.version, each.action) for each in batch.results] == [
        (who, version, Action.HANDLE) for who in ("ada", "bob") for version in (1, 2, 3)
    ]
    assert batch.response() == {"batchItemFailures": []}


def test_a_failure_comes_again_alone_and_its_text_is_not_kept(consumer: Consumer) -> None:
    nowhere = {"full_name": "Ada", "email": "ada@example.com", "city": "Nowhere"}
    records = [delivered(1, "ada", data=nowhere), delivered(1, "bob"), delivered(2, "ada")]

    batch = handle_batch(records, consumer.handle, KeptLetters())

    assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "ada-1"}]}
    assert batch.failed == {"ada-1": "ValueError"}
    assert [each.action for each in batch.results] == [Action.HOLD, Action.HANDLE]


def test_what_no_retry_cures_is_a_dead_letter_at_once_with_its_reason(consumer: Consumer) -> None:
    letters = KeptLetters()
    unknown = delivered(1, "ada", dataschema="urn:customers-api:schema:CustomerCreated:2")
    records = [message("nonsense", "m"), unknown, delivered(1, "bob")]

    batch = handle_batch(records, consumer.handle, letters)

    assert batch.response() == {"batchItemFailures": []}
    assert letters.sent == [
        ("nonsense", "body is not JSON"),
        (unknown["body"], "CustomerCreated of schema version 2, newest known is 1"),
    ]
    assert set(batch.rejected) == {"m", "ada-1"}
    assert [each.event.customer_id for each in batch.results] == ["bob"]


def test_a_dead_letter_that_cannot_be_sent_comes_again(consumer: Consumer) -> None:
    batch = handle_batch([message("nonsense", "m"), delivered(1, "bob")], consumer.handle, NoLetters())

    assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert len(batch.results) == 1


def test_a_rejection_without_a_word_still_has_a_reason() -> None:
    """SQS takes no empty attribute."""

    def reject(_: PublishedEvent) -> EventResult:
        raise Rejected

    letters = KeptLetters()
    handle_batch([delivered(1, "ada")], reject, letters)

    assert [reason for _, reason in letters.sent] == ["Rejected"]
