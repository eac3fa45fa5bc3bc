"""The rate holds whatever the size of a request."""

import json

import pytest

from projections.maintenance.rate_limit import InvalidRate, TokenBucket, split_rate
from tests.unit.operations.stack import Clock


def test_a_full_bucket_releases_one_seconds_worth_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(100, clock, clock.pause)

    bucket.spend(100)
    assert clock.seconds == 0
    bucket.spend(50)
    assert clock.seconds == 0.5
    bucket.spend(50)
    assert clock.seconds == 1.0


def test_units_that_are_there_take_no_pause() -> None:
    pauses: list[float] = []

    TokenBucket(100, Clock(), pauses.append).spend(100)

    assert pauses == []


def test_a_request_for_more_than_the_bucket_holds_waits() -> None:
    clock = Clock()
    bucket = TokenBucket(100, clock, clock.pause)

    bucket.spend(1000)

    assert clock.seconds == 9.0


def test_a_bucket_saves_up_no_more_than_one_second() -> None:
    clock = Clock()
    bucket = TokenBucket(100, clock, clock.pause)
    clock.pause(3600)

    bucket.spend(200)

    assert clock.seconds == 3601.0


def test_many_small_requests_keep_the_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(10, clock, clock.pause)

    for _ in range(110):
        bucket.spend(1)

    assert abs(clock.seconds - 10.0) < 1e-6


@pytest.mark.parametrize(
    ("rate", "workers", "expected"),
    [(1000, 8, (8, 125.0)), (10, 4, (4, 2.5)), (1, 8, (1, 1.0)), (2.5, 8, (2, 1.25)), (7, 1, (1, 7.0))],
)
def test_the_rates_of_all_workers_add_up_to_the_rate(rate: float, workers: int, expected: tuple[int, float]) -> None:
    used, share = split_rate(rate, workers)

    assert (used, share) == expected
    assert used * share == pytest.approx(rate)


@pytest.mark.parametrize("text", ["0", "-5", "0.99", "true", '"200"', "null", "[200]", "Infinity", "NaN"])
def test_an_invalid_rate_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidRate, match="rate must be a number of write units per second, 1 or more, not "):
        split_rate(json.loads(text), 4)
