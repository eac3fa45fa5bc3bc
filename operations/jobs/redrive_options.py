"""How `redrive-failures` works on the messages of a failure queue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RedriveOptions:
    """How to work on the messages.

    Attributes:
        go: Whether to change or publish anything.
        workers: The number of threads that read the event table.
        drop_missing: Whether to delete, if `go`, the messages about single events that the event table never had.
    """

    go: bool
    workers: int = 1
    drop_missing: bool = False
