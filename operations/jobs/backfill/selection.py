"""Which customers a backfill is about.

Customers, and never single events: each is sent whole, from version 1. A time range chooses who changed in it. It
cannot choose among their events, as order comes from versions and times from the writers' clocks, and a consumer who
keeps order would wait for ever for what such a cut left out.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from events.envelope import Recorded, Unreadable


@dataclass(frozen=True, slots=True)
class Selection:
    """Everybody, unless narrowed.

    Attributes:
        since: Customers with an event that occurred then or later: RFC 3339, UTC, 27 characters; empty for no limit.
        until: And before then; likewise.
        customers: Only these; everybody when empty.
    """

    since: str = ""
    until: str = ""
    customers: tuple[str, ...] = ()

    def takes(self, history: Sequence[Recorded]) -> bool:
        """Whether a customer is sent.

        Args:
            history: All their events. Of one that cannot be read nobody knows the time, so it counts.
        """
        return any(isinstance(record, Unreadable) or self._meets(record.occurred_at) for record in history)

    def _meets(self, instant: str) -> bool:
        return self.since <= instant and (not self.until or instant < self.until)

    def work(self, queue: str) -> str:
        """The name under which checkpoints are kept: another one for another queue, or for other customers.

        Args:
            queue: The queue's ARN.
        """
        told = json.dumps([queue, asdict(self)])
        return f"backfill-{queue.rpartition(':')[2]}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
