"""Tells a person how far the work is, on a terminal or in a log."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from rich.console import Console


class StepReporter(Protocol):
    """Whoever wants to know about the steps of a long work."""

    def step(self, title: str, /) -> AbstractContextManager[None]:
        """Around one step of it."""
        ...

    def note(self, text: str, /) -> None:
        """Something worth knowing between two steps."""
        ...


class Silent:
    """Nobody wants to know."""

    def step(self, _: str) -> AbstractContextManager[None]:
        """Say nothing."""
        return nullcontext()

    def note(self, _: str) -> None:
        """Say nothing."""


class OnConsole:
    """One line for each step, with its time; a moving one while it goes on, if a person looks at a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show the step's title, and its time in seconds once it has succeeded."""
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(title):
                yield
        else:
            yield
        self._console.print(f"  {title:<48} {time.monotonic() - started:5.1f} s", markup=False, highlight=False)

    def note(self, text: str) -> None:
        """Show a line of its own."""
        self._console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
