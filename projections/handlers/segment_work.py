"""What the functions that work on one segment have in common."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from projections.maintenance.progress import SegmentProgress

# Enough to end the page that is being done, even with all its retries.
ENOUGH_MILLISECONDS: Final = 30_000


def work_while_time(
    at: SegmentProgress, step: Callable[[SegmentProgress], SegmentProgress], milliseconds_left: Callable[[], int]
) -> SegmentProgress:
    """Do pages until the segment is done or time runs short, and at least one.

    Args:
        at: How far the segment is.
        step: Does a page.
        milliseconds_left: Of the invocation.
    """
    while not at.done:
        at = step(at)
        if milliseconds_left() < ENOUGH_MILLISECONDS:
            break
    return at


def answer(item: Mapping[str, Any], at: SegmentProgress) -> dict[str, Any]:
    """What the state machine is told, which it hands back to go on.

    Args:
        item: What it asked.
        at: How far the segment is now.
    """
    counts = {"customers": at.customers, "events": at.events, "problems": at.problems}
    return {**item, **counts, "done": at.done, "continued": True}
