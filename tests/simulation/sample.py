"""The mutants that `make test` runs: one or more of each kind, each of which is detected within a few seeds."""

from typing import Final

SAMPLE: Final = frozenset(
    {
        "rows updated without a version condition",
        "created_at of the newest event",
        "a stale look at the newest event",
        "the request's hash ignored",
        "commands forgotten by the next event",
        "nothing redacted with the erasure",
        "an erasure finished without a look",
        "an erasure with data of another shape rejected",
        "a rebuild's checkpoint saved before its rows",
        "a redrive of everybody, whose second run changes something",
        "the active generation fed first",
        "a list that ignores the Consistency-Token",
        "an old address found: an update leaves the key",
        "an erased person found: an erasure leaves the key",
        "another customer found: the index is believed",
    }
)
