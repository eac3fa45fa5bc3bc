"""Works on many segments with a few threads, so that it can be watched and stopped at any moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Final

from operations.display import Display
from operations.jobs.meter import Meter
from projections.maintenance.progress import Progress, SegmentProgress

LOOK_EVERY_SECONDS: Final = 1.0

Step = Callable[[SegmentProgress], SegmentProgress]


class Board:
    """How far every segment is, as the threads write it down."""

    def __init__(self, segments: Sequence[SegmentProgress], expected_events: int) -> None:
        self._segments = list(segments)
        self._expected = expected_events
        self._lock = threading.Lock()

    def note(self, progress: SegmentProgress) -> None:
        """Replace a segment's progress."""
        with self._lock:
            self._segments[progress.segment] = progress

    def progress(self) -> Progress:
        """All as they are at this moment."""
        with self._lock:
            return Progress(list(self._segments), self._expected)


def run_all(board: Board, step: Step, workers: int, meter: Meter, display: Display) -> Progress:
    """Bring every segment to its end, step by step.

    An interruption, or a failure in any thread, lets each thread end its step and no more.

    Args:
        board: How far each segment is.
        step: Does a part of a segment.
        workers: How many threads.
        meter: Measures it.
        display: Shows it.

    Returns:
        How far it is in the end.

    Raises:
        Exception: What a step raised first.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(workers) as pool:
        left = [segment for segment in board.progress().segments if not segment.done]
        try:
            _watch([pool.submit(_to_its_end, segment, step, board, stop) for segment in left], board, meter, display)
        finally:
            stop.set()
    display.show(meter.read(board.progress()))
    return board.progress()


def _watch(work: Sequence[Future[None]], board: Board, meter: Meter, display: Display) -> None:
    pending = set(work)
    while pending:
        done, pending = wait(pending, LOOK_EVERY_SECONDS, FIRST_EXCEPTION)
        for ended in done:
            ended.result()
        if pending:
            display.show(meter.read(board.progress()))


def _to_its_end(at: SegmentProgress, step: Step, board: Board, stop: threading.Event) -> None:
    while not (at.done or stop.is_set()):
        at = step(at)
        board.note(at)
