"""A pause before a retry is random, below a bound that grows."""

import random

import pytest

from shared.runtime.backoff import full_jitter


@pytest.mark.parametrize(("attempt", "bound"), [(0, 0.1), (1, 0.2), (5, 3.2), (9, 5.0)])
def test_pauses_cover_the_whole_range_below_their_bound(attempt: int, bound: float) -> None:
    random.seed(attempt)
    pauses = [full_jitter(attempt, 0.1, 5.0) for _ in range(1000)]

    assert 0 <= min(pauses) < bound / 50
    assert bound * 0.98 < max(pauses) <= bound
