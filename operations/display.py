"""Shows the progress of a long job: a bar on a terminal, JSON lines for programs, plain lines for logs."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from operations.jobs.meter import Reading

_READINGS_A_LINE: Final = 10


class Display(Protocol):
    """Shows readings."""

    def show(self, reading: Reading) -> None:
        """Show one reading. Called once a second, and once when the job has ended."""
        ...


class JsonLines:
    """Prints one JSON object for each reading."""

    def __init__(self, title: str, to: TextIO) -> None:
        self._title = title
        self._to = to

    def show(self, reading: Reading) -> None:
        """See `Display.show`."""
        print(json.dumps({"work": self._title, **asdict(reading)}), file=self._to, flush=True)


class PlainLines:
    """Prints a line every ten seconds."""

    def __init__(self, title: str, to: TextIO) -> None:
        self._title = title
        self._to = to
        self._readings = 0

    def show(self, reading: Reading) -> None:
        """See `Display.show`."""
        self._readings += 1
        if reading.done or reading.stalled or self._readings % _READINGS_A_LINE == 0:
            print(f"{self._title}: {reading.percent:.1f} %  {figures(reading)}", file=self._to, flush=True)


class Bar:
    """Moves a progress bar."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def show(self, reading: Reading) -> None:
        """See `Display.show`."""
        self._bar.update(self._task, completed=reading.percent, figures=figures(reading))


@contextmanager
def display(title: str, *, as_json: bool, to: TextIO | None = None) -> Iterator[Display]:
    """Choose the display that fits the destination of the output.

    Args:
        title: What the job does, such as `Filling generation 2`.
        as_json: Whether a program reads the output.
        to: Standard output when left out.
    """
    target = to or sys.stdout
    if as_json:
        yield JsonLines(title, target)
    elif not target.isatty():
        yield PlainLines(title, target)
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>5.1f} %"))
        with Progress(*columns, TextColumn("{task.fields[figures]}"), console=Console(file=target)) as bar:
            yield Bar(bar, bar.add_task(title, total=100, figures=""))


def figures(reading: Reading) -> str:
    """Return the numbers of a reading as one line of text."""
    remaining = "" if reading.seconds_left is None or reading.done else f"  {clock_time(reading.seconds_left)} left"
    problems = f"  {reading.problems:,} with a problem" if reading.problems else ""
    stalled = "  STALLED: no progress" if reading.stalled else ""
    numbers = f"{reading.customers:,} customers  {reading.events:,} events  {reading.events_a_second:,.0f}/s"
    return f"{numbers}{remaining}{problems}{stalled}"


def clock_time(seconds: float) -> str:
    """Format a duration as hours, minutes and seconds.

    >>> clock_time(3725)
    '1:02:05'
    """
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
