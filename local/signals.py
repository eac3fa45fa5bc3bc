"""How a command ends early: SIGTERM counts as Ctrl-C, and a reader that closes its end of a pipe is no error."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final

INTERRUPTED: Final = 130
"""The exit status that a shell reports after Ctrl-C: 128 + SIGINT."""


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Within the block, raise KeyboardInterrupt on SIGTERM, so that a terminated command cleans up as on Ctrl-C.

    The handler that was set before is restored afterwards.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        # None: the handler was not set from Python, so Python cannot restore it.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def stop_on_signal() -> Event:
    """Return an event that SIGTERM or SIGINT sets, for a service that stops between two pieces of work."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def discard_output() -> None:
    """Send the rest of standard output nowhere, after a BrokenPipeError.

    Without this, the interpreter reports a second error when it flushes standard output at exit.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
