"""Actors that run side by side: each step is a task that stops at calls of the database and continues later.

Two tasks may continue in any order (A1 B1 A2 B2), which a call stack cannot do. A seed repeats, because only one task
runs at a time and the world's own random generator picks the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from greenlet import getcurrent, greenlet

MOST: Final = 4


@dataclass(slots=True)
class _Task:
    """A started step.

    Attributes:
        thread: Where it runs.
        number: How many tasks were started before.
        due: It continues after this many steps of all tasks.
    """

    thread: greenlet
    number: int
    due: int = 0


class Tasks:
    """The tasks of a world. At most `MOST` are stopped at a time.

    Attributes:
        crossings: How often a task continued and left behind one that was started after it.
    """

    def __init__(self, random: Random) -> None:
        self.crossings = 0
        self._random = random
        self._stopped: list[_Task] = []
        self._steps = 0
        self._started = 0
        self._running: _Task | None = None

    @property
    def is_inside(self) -> bool:
        """Whether a task is running, so that it can stop."""
        return self._running is not None and getcurrent() is self._running.thread

    @property
    def depth(self) -> int:
        """The number of stopped tasks."""
        return len(self._stopped)

    def step(self, start: Callable[[], None]) -> None:
        """Start a task, or let a stopped one continue."""
        self._steps += 1
        due = [task for task in self._stopped if task.due <= self._steps]
        if len(self._stopped) >= MOST or (due and self._random.random() < 0.5):
            self._continue(self._random.choice(due or self._stopped))
        else:
            self._started += 1
            self._switch(_Task(greenlet(start), self._started))

    def stop(self, steps: int) -> None:
        """Stop the running task until others have made some steps."""
        task = self._running
        if task is None:
            return
        task.due = self._steps + steps
        self._stopped.append(task)
        parent = task.thread.parent
        if parent is not None:
            parent.switch()

    def finish(self) -> None:
        """Let every stopped task continue to its end."""
        while self._stopped:
            self._continue(self._random.choice(self._stopped))

    def abandon(self) -> None:
        """End every stopped task where it is."""
        for task in self._stopped:
            task.thread.throw()
        self._stopped = []

    def _continue(self, task: _Task) -> None:
        self._stopped.remove(task)
        self.crossings += any(other.number > task.number for other in self._stopped)
        self._switch(task)

    def _switch(self, task: _Task) -> None:
        self._running = task
        try:
            task.thread.switch()
        finally:
            self._running = None
