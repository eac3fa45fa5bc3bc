"""Shows the progress of a long command on a terminal or in a log."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from rich.console import Console

from local.signals import discard_output


class StackConsole(Console):
    """A console whose reader may close its end of the pipe, as `head` does. That is no error."""

    def on_broken_pipe(self) -> None:
        """Print the rest nowhere, instead of ending the process with status 1."""
        self.quiet = True
        discard_output()


class ProgressReporter(Protocol):
    """Receives the steps of a long command."""

    def step(self, title: str, /) -> AbstractContextManager[None]:
        """Wrap one step."""
        ...

    def note(self, text: str, /) -> None:
        """Report a fact between two steps."""
        ...


class NoProgress:
    """Reports nothing."""

    def step(self, _: str) -> AbstractContextManager[None]:
        """Report nothing."""
        return nullcontext()

    def note(self, _: str) -> None:
        """Report nothing."""


class ConsoleProgress:
    """Prints one line for each finished step, with its time. A terminal also shows a spinner while a step runs."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Print the step's title and its time in seconds once it has succeeded."""
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(title):
                yield
        else:
            yield
        self._console.print(f"  {title:<48} {time.monotonic() - started:5.1f} s", markup=False, highlight=False)

    def note(self, text: str) -> None:
        """Print the text on its own line."""
        self._console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
