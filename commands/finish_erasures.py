"""Finishes erasures: redacts what the erasure's own transaction did not, however long the history is.

Any number of runs, also at once, end the same: a redaction can be repeated, and a run that is cut leaves the note, by
which the next one continues. What earlier runs redacted is only read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from events.envelope import Recorded
from events.erasures import Erasures
from events.history import is_erasure, is_left_over
from events.store import EventStore

# As many as one transaction takes.
_REDACTED_AT_ONCE: Final = 100

InTime = Callable[[], bool]
"""Whether there is time for another step."""


class NotErased(Exception):
    """The customer is not erased, so nothing was redacted."""


@dataclass(frozen=True, slots=True)
class Finish:
    """What a run did for one customer.

    Attributes:
        redacted: The number of events redacted.
        done: Whether nothing is left.
    """

    redacted: int
    done: bool


def finish_erasure(store: EventStore, erasures: Erasures, customer_id: str, in_time: InTime) -> Finish:
    """Redact every event of an erased customer that still has data, and remove the note if nothing is left.

    The newest events come first, so the erasure is met before any event is touched.

    Raises:
        NotErased: The customer is not erased, or there is no such customer.
        StoreBusy: There is too much contention. The note stays.
    """
    left: list[Recorded] = []
    redacted, erased = 0, False
    for record in store.newest_first(customer_id):
        erased = erased or is_erasure(record)
        if is_left_over(record):
            left.append(record)
        if erased and len(left) >= _REDACTED_AT_ONCE:
            redacted += _redact(store, customer_id, left)
            left = []
            if not in_time():
                return Finish(redacted, done=False)
    if not erased:
        raise NotErased("the customer is not erased")
    redacted += _redact(store, customer_id, left)
    erasures.finished(customer_id)
    return Finish(redacted, done=True)


def _redact(store: EventStore, customer_id: str, records: list[Recorded]) -> int:
    in_metadata = {record.version for record in records if record.hash_in_metadata}
    store.redact(customer_id, [record.version for record in records], in_metadata)
    return len(records)
