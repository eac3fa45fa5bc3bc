"""The end-to-end tests send no more at a time than the account's functions can take, and poll ever less often."""

from itertools import islice

import pytest

from tests.e2e.customers import pauses
from tests.e2e.target import parallel_requests


@pytest.mark.parametrize(("unreserved", "parallel"), [(10, 5), (50, 25), (1000, 50), (1, 2), (0, 2)])
def test_half_of_the_account_s_concurrency_is_used(unreserved: int, parallel: int) -> None:
    """The other half is for the projector, the publisher and the consumer of what is created."""
    assert parallel_requests(unreserved) == parallel


def test_pauses_grow_to_two_seconds() -> None:
    found = list(islice(pauses(), 12))

    assert found[0] == 0.1
    assert found == sorted(found)
    assert found[-1] == 2.0
    # A minute of polling is some thirty requests, not six hundred.
    assert sum(islice(pauses(), 40)) > 60
