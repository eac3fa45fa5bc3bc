"""The rate holds, whatever the size of a request."""

import json

import pytest

from projections.maintenance.rate_limit import InvalidRate, TokenBucket, split_rate
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


@pytest.mark.parametrize(
    ("rate", "workers", "shares"),
    [(1000, 8, (8, 125.0)), (10, 4, (4, 2.5)), (1, 8, (1, 1.0)), (2.5, 8, (2, 1.25)), (7, 1, (1, 7.0))],
)
def test_the_shares_of_all_who_work_are_the_rate(rate: float, workers: int, shares: tuple[int, float]) -> None:
    able, share = split_rate(rate, workers)

    assert (able, share) == shares
    assert able * share == pytest.approx(rate)


@pytest.mark.parametrize("text", ["0", "-5", "0.99", "true", '"200"', "null", "[200]", "Infinity", "NaN"])
def test_a_rate_that_is_none_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidRate, match="rate must be a number of write units per second, 1 or more, not "):
        split_rate(json.loads(text), 4)
