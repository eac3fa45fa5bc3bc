"""Whoever works on a failure queue leaves in it what they did not settle, however they end."""

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


def test_what_is_settled_goes_and_the_rest_can_be_had_again(messages: FakeQueue) -> None:
    with queue_of(messages).taken(None) as taken:
        assert messages.hidden == {"first", "second", "third"}
        taken.settle("second")

    assert list(messages.messages) == ["first", "third"]
    assert not messages.hidden & messages.messages.keys()


def test_no_more_are_taken_than_asked_for(messages: FakeQueue) -> None:
    with queue_of(messages).taken(2) as taken:
        assert [each["ReceiptHandle"] for each in taken.messages] == ["first", "second"]
        assert messages.hidden == {"first", "second"}


def test_a_work_that_breaks_gives_them_back(messages: FakeQueue) -> None:
    def work() -> None:
        with queue_of(messages).taken(None) as taken:
            taken.settle("first")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert list(messages.messages) == ["second", "third"]
    assert not messages.hidden & messages.messages.keys()


def test_a_queue_that_fails_while_it_is_read_keeps_none_hidden(messages: FakeQueue) -> None:
    real, calls = messages.receive_message, []

    def failing(**params: Any) -> Any:
        calls.append(params)
        if len(calls) == 3:
            raise ConnectionError
        return real(**params)

    messages.receive_message = failing  # type: ignore[method-assign]

    with pytest.raises(ConnectionError), queue_of(messages).taken(None):
        pass

    assert not messages.hidden
