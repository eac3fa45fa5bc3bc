"""Messages that are not deleted return to the queue, however the work on them ends."""

from typing import Any

import pytest

from operations.jobs.failure_queue import FailureQueue
from tests.unit.operations.stack import FakeQueue


@pytest.fixture
def messages() -> FakeQueue:
    queue = FakeQueue()
    queue.messages = {"first": {}, "second": {}, "third": {}}
    return queue


def queue_of(messages: FakeQueue) -> FailureQueue:
    return FailureQueue(messages, "queue")  # type: ignore[arg-type]


def test_a_deleted_message_is_gone_and_the_others_return(messages: FakeQueue) -> None:
    with queue_of(messages).receive(None) as received:
        assert messages.hidden == {"first", "second", "third"}
        received.delete("second")

    assert list(messages.messages) == ["first", "third"]
    assert not messages.hidden & messages.messages.keys()


def test_no_more_messages_are_received_than_the_limit(messages: FakeQueue) -> None:
    with queue_of(messages).receive(2) as received:
        assert [each["ReceiptHandle"] for each in received.messages] == ["first", "second"]
        assert messages.hidden == {"first", "second"}


def test_messages_return_after_an_error(messages: FakeQueue) -> None:
    def work() -> None:
        with queue_of(messages).receive(None) as received:
            received.delete("first")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert list(messages.messages) == ["second", "third"]
    assert not messages.hidden & messages.messages.keys()


def test_a_queue_that_fails_while_it_is_read_hides_no_message(messages: FakeQueue) -> None:
    real, calls = messages.receive_message, []

    def failing(**params: Any) -> Any:
        calls.append(params)
        if len(calls) == 3:
            raise ConnectionError
        return real(**params)

    messages.receive_message = failing  # type: ignore[method-assign]

    with pytest.raises(ConnectionError), queue_of(messages).receive(None):
        pass

    assert not messages.hidden
