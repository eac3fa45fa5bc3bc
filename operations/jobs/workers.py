"""Runs a job's segments on several threads, so that it can be watched and interrupted at any moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Final

from operations.jobs.meter import Meter, Reading
from projections.maintenance.progress import Progress, SegmentProgress

SECONDS_BETWEEN_READINGS: Final = 1.0

Step = Callable[[SegmentProgress], SegmentProgress]
Show = Callable[[Reading], None]


class ProgressTracker:
    """The progress of all segments, shared by the threads."""

    def __init__(self, segments: Sequence[SegmentProgress], expected_events: int) -> None:
        self._segments = list(segments)
        self._expected_events = expected_events
        self._lock = threading.Lock()

    def update(self, progress: SegmentProgress) -> None:
        """Replace the progress of one segment."""
        with self._lock:
            self._segments[progress.segment] = progress

    def progress(self) -> Progress:
        """Return the progress of all segments at this moment."""
        with self._lock:
            return Progress(list(self._segments), self._expected_events)


def run_all(tracker: ProgressTracker, step: Step, workers: int, meter: Meter, show: Show) -> Progress:
    """Complete every segment, step by step.

    After an interruption, or a failure in any thread, each thread completes its current step and stops.

    Args:
        tracker: The progress of each segment.
        step: Does one part of a segment and returns the segment's new progress.
        workers: The number of threads.
        meter: Measures the job.
        show: Called with a reading once a second, and once at the end.

    Returns:
        The progress at the end.

    Raises:
        Exception: The first exception that a step raised.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(workers) as pool:
        unfinished = [segment for segment in tracker.progress().segments if not segment.done]
        try:
            futures = [pool.submit(_run_segment, segment, step, tracker, stop) for segment in unfinished]
            _wait_for(futures, tracker, meter, show)
        finally:
            stop.set()
    show(meter.read(tracker.progress()))
    return tracker.progress()


def _wait_for(futures: Sequence[Future[None]], tracker: ProgressTracker, meter: Meter, show: Show) -> None:
    pending = set(futures)
    while pending:
        done, pending = wait(pending, SECONDS_BETWEEN_READINGS, FIRST_EXCEPTION)
        for future in done:
            future.result()
        if pending:
            show(meter.read(tracker.progress()))


def _run_segment(segment: SegmentProgress, step: Step, tracker: ProgressTracker, stop: threading.Event) -> None:
    while not (segment.done or stop.is_set()):
        segment = step(segment)
        tracker.update(segment)
