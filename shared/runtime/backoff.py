"""How long to wait before another try."""

import random
from math import inf


def full_jitter(attempt: int, first: float, longest: float = inf) -> float:
    """Anything up to a bound that doubles with each try: those that collided must not meet again.

    AWS Builders' Library, "Timeouts, retries and backoff with jitter".

    Args:
        attempt: How many tries there were before, from 0.
        first: The bound after the first one, in seconds.
        longest: What the bound never exceeds, in seconds.

    Returns:
        Seconds.
    """
    return random.uniform(0, min(longest, first * 2**attempt))  # noqa: S311 - spreads load, hides nothing
