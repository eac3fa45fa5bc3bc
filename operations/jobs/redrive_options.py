"""How `redrive` and `redrive-failures` work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RedriveOptions:
    """How to work on parked customers, or on the messages of a failure queue.

    Attributes:
        go: Whether to change or publish anything.
        workers: The number of threads.
        drop_missing: Whether to delete, if `go`, the messages about single events that the event table never had.
    """

    go: bool
    workers: int = 1
    drop_missing: bool = False
