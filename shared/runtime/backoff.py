"""How long to wait before a retry."""

import random
from math import inf


def full_jitter(attempt: int, first: float, longest: float = inf) -> float:
    """A random time below a bound that doubles with each attempt, so that clients that collided do not collide again.

    AWS Builders' Library, "Timeouts, retries and backoff with jitter".

    Args:
        attempt: The number of earlier retries, from 0.
        first: The bound before the first retry, in seconds.
        longest: The highest bound, in seconds.

    Returns:
        Seconds.
    """
    return random.uniform(0, min(longest, first * 2**attempt))  # noqa: S311 - spreads load, protects nothing
