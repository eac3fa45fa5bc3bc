"""Messages stay in order per customer, whatever the queue refuses, and within the limits and the rate."""

import random
from collections.abc import Sequence

import pytest

from operations.jobs.backfill import sending
from operations.jobs.backfill.messages import Message
from operations.jobs.backfill.sending import QueueRefuses, Sender
from projections.maintenance.rate_limit import TokenBucket, Unlimited
from tests.unit.operations.stack import Clock


class Queue:
    """A queue that refuses some messages.

    Attributes:
        fails: How likely each message is refused.
    """

    def __init__(self, fails: float = 0.0, seed: int = 0) -> None:
        self.fails = fails
        self.taken: list[Message] = []
        self.requests: list[Sequence[Message]] = []
        self._random = random.Random(seed)

    def send(self, messages: Sequence[Message]) -> set[int]:
        self.requests.append(messages)
        refused = {place for place in range(len(messages)) if self._random.random() < self.fails}
        self.taken += [message for place, message in enumerate(messages) if place not in refused]
        return refused


def messages(customer_id: str, count: int, size: int = 100) -> list[Message]:
    return [Message(customer_id, n, f"{customer_id}-{n}", "x" * size) for n in range(1, count + 1)]


def sender(queue: Queue, clock: Clock, rate: float = 0) -> Sender:
    return Sender(queue, TokenBucket(rate, clock, clock.pause) if rate else Unlimited(), clock.pause)


@pytest.mark.parametrize("seed", range(20))
def test_a_later_event_is_sent_only_after_the_earlier_one_was_accepted(seed: int) -> None:
    queue = Queue(fails=0.4, seed=seed)
    people = {f"c{n}": messages(f"c{n}", 1 + n % 6) for n in range(30)}

    sender(queue, Clock()).send(people.values())

    for customer_id, wanted in people.items():
        assert [message for message in queue.taken if message.customer_id == customer_id] == wanted
    for request in queue.requests:
        assert len({message.customer_id for message in request}) == len(request) <= 10


def test_a_request_stays_within_the_service_s_size() -> None:
    queue = Queue()
    sender(queue, Clock()).send([messages(f"c{n}", 2, size=100_000) for n in range(9)])

    assert len(queue.taken) == 18
    assert {sum(len(message.body) for message in request) for request in queue.requests} == {200_000, 100_000} - (
        set() if len(queue.requests) > 9 else {100_000}
    )


def test_one_message_larger_than_a_request_s_share_is_sent_alone() -> None:
    queue = Queue()
    sender(queue, Clock()).send([messages("a", 1, size=sending.MOST_BYTES + 1), messages("b", 1)])

    assert [len(request) for request in queue.requests] == [1, 1]


def test_a_queue_that_accepts_nothing_ends_the_run_after_several_attempts() -> None:
    queue, clock = Queue(fails=1.0), Clock()

    with pytest.raises(QueueRefuses, match="--resume continues from here"):
        sender(queue, clock).send([messages("a", 3)])

    assert len(queue.requests) == sending.ATTEMPTS
    assert len(clock.waits) == sending.ATTEMPTS - 1


def test_a_slow_queue_is_not_given_up() -> None:
    class Slow(Queue):
        def send(self, messages: Sequence[Message]) -> set[int]:
            self.taken.append(messages[-1])
            return set(range(len(messages) - 1))

    queue = Slow()
    sender(queue, Clock()).send([messages(f"c{n}", 3) for n in range(40)])

    assert len(queue.taken) == 120


def test_the_rate_counts_every_message_sent() -> None:
    queue, clock = Queue(), Clock()

    sender(queue, clock, rate=50).send([messages(f"c{n}", 2) for n in range(150)])

    # 300 messages, of which the first second's 50 are free.
    assert clock.seconds == pytest.approx(5.0)
