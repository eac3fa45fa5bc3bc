"""Messages that are not deleted return to the queue, however the work on them ends."""

from datetime import timedelta
from typing import Any

import pytest

from operations.jobs.failure_queue import CHUNK, HIDDEN_SECONDS, FailureQueue
from tests.samples import START
from tests.unit.operations.stack import Clock, FakeQueue


@pytest.fixture
def messages() -> FakeQueue:
    queue = FakeQueue()
    queue.messages = {"first": {}, "second": {}, "third": {}}
    return queue


def reading(messages: FakeQueue, limit: int | None = None, clock: Clock | None = None) -> Any:
    queue = FailureQueue(messages, "queue")  # type: ignore[arg-type]
    return queue.reading(limit, START + timedelta(seconds=60), clock or Clock())


def handles(chunk: list[Any]) -> list[str]:
    return [message["ReceiptHandle"] for message in chunk]


def test_a_deleted_message_is_gone_and_the_others_return(messages: FakeQueue) -> None:
    with reading(messages) as read:
        [chunk] = read.chunks()
        assert set(handles(chunk)) == messages.hidden == {"first", "second", "third"}
        read.delete("second")
        assert (read.received, read.remaining) == (3, 2)

    assert list(messages.messages) == ["first", "third"]
    assert not messages.hidden & messages.messages.keys()


def test_no_more_messages_are_received_than_the_limit(messages: FakeQueue) -> None:
    with reading(messages, limit=2) as read:
        assert [handles(chunk) for chunk in read.chunks()] == [["first", "second"]]
        assert messages.hidden == {"first", "second"}


def test_messages_return_after_an_error(messages: FakeQueue) -> None:
    def work() -> None:
        with reading(messages) as read:
            list(read.chunks())
            read.delete("first")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert list(messages.messages) == ["second", "third"]
    assert not messages.hidden & messages.messages.keys()


def test_a_queue_that_fails_while_it_is_read_hides_no_message(messages: FakeQueue) -> None:
    messages.messages |= {str(number): {} for number in range(30)}
    real, calls = messages.receive_message, []

    def failing(**params: Any) -> Any:
        calls.append(params)
        if len(calls) == 3:
            raise ConnectionError
        return real(**params)

    messages.receive_message = failing  # type: ignore[method-assign]

    with pytest.raises(ConnectionError), reading(messages) as read:
        list(read.chunks())

    assert not messages.hidden


def test_messages_are_handled_chunk_by_chunk_and_stay_hidden_until_the_end() -> None:
    messages = FakeQueue()
    messages.messages = {str(number): {} for number in range(2 * CHUNK + 1)}

    with reading(messages) as read:
        sizes = []
        for chunk in read.chunks():
            sizes.append(len(chunk))
            assert len(messages.hidden) == sum(sizes)
            for handle in handles(chunk)[:1]:
                read.delete(handle)

    assert sizes == [CHUNK, CHUNK, 1]
    assert (len(messages.messages), messages.hidden & messages.messages.keys()) == (2 * CHUNK - 2, set())


def test_a_message_that_is_sent_during_the_reading_waits_for_the_next_one(messages: FakeQueue) -> None:
    """A letter that is refused again is written again: without this rule the reading never ends."""
    messages.now = lambda: START + timedelta(seconds=61)
    seen = []
    with reading(messages) as read:
        for [first, *_] in iter(read.chunks()):
            seen.append(first["ReceiptHandle"])
            assert len(seen) < 10
            messages.send_message(MessageBody="{}")
        list(read.chunks())
        assert (read.received, read.remaining) == (3, 3)

    assert seen == ["first"]
    assert not messages.hidden


def test_a_reading_ends_although_others_send_without_end(messages: FakeQueue) -> None:
    messages.now = lambda: START + timedelta(seconds=61)
    real = messages.receive_message

    def receive_message(**params: Any) -> Any:
        assert len(messages.messages) < 100
        messages.send_message(MessageBody="{}")
        return real(**params)

    messages.receive_message = receive_message  # type: ignore[method-assign]

    with reading(messages) as read:
        assert [len(chunk) for chunk in read.chunks()] == [3]
    assert not messages.hidden


def test_messages_are_hidden_for_longer_while_the_work_goes_on(messages: FakeQueue) -> None:
    clock = Clock()
    with reading(messages, clock=clock) as read:
        list(read.chunks())
        read.delete("second")
        read.keep_hidden()
        assert messages.extended == []
        clock.seconds = HIDDEN_SECONDS / 2
        read.keep_hidden()
        read.keep_hidden()

    assert messages.extended == ["first", "third"]
