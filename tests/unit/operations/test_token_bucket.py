"""The rate holds, whatever the size of a request."""

from operations.token_bucket import TokenBucket
from tests.unit.operations.stack import Clock


def test_a_full_bucket_gives_a_second_s_worth_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(100, clock, clock.pause)

    bucket.spend(100)
    assert clock.seconds == 0
    bucket.spend(50)
    assert clock.seconds == 0.5
    bucket.spend(50)
    assert clock.seconds == 1.0


def test_more_than_it_holds_is_owed_and_waited_for() -> None:
    clock = Clock()
    bucket = TokenBucket(100, clock, clock.pause)

    bucket.spend(1000)

    assert clock.seconds == 9.0


def test_it_saves_up_no_more_than_a_second() -> None:
    clock = Clock()
    bucket = TokenBucket(100, clock, clock.pause)
    clock.pause(3600)

    bucket.spend(200)

    assert clock.seconds == 3601.0


def test_many_requests_together_keep_the_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(10, clock, clock.pause)

    for _ in range(110):
        bucket.spend(1)

    assert abs(clock.seconds - 10.0) < 1e-6
