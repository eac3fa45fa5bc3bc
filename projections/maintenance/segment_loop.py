"""The loop that the functions for one segment share."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from projections.maintenance.progress import SegmentProgress

# Enough to finish the page in progress, including all its retries.
MIN_MILLISECONDS_LEFT: Final = 30_000


def run_steps(
    at: SegmentProgress, step: Callable[[SegmentProgress], SegmentProgress], milliseconds_left: Callable[[], int]
) -> SegmentProgress:
    """Process at least one page, then more until the segment is done or the invocation is short of time.

    Args:
        at: The segment's last checkpoint.
        step: Processes one page and returns the new checkpoint.
        milliseconds_left: The invocation's remaining time.
    """
    while not at.done:
        at = step(at)
        if milliseconds_left() < MIN_MILLISECONDS_LEFT:
            break
    return at


def answer(item: Mapping[str, Any], at: SegmentProgress) -> dict[str, Any]:
    """Build the answer to the state machine, which passes it back to continue the segment.

    Args:
        item: The state machine's input.
        at: The segment's checkpoint.
    """
    counts = {"customers": at.customers, "events": at.events, "problems": at.problems}
    # `continued` is for releases that know of no other sign, while a deployment runs.
    return {**item, **counts, "done": at.done, "continued": True}
