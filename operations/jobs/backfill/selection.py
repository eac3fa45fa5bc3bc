"""Selects the customers of a backfill.

A backfill selects customers and never single events: each customer is sent complete, from version 1. A time range
selects the customers who changed in it. It cannot select among their events: order comes from versions and times come
from the writers' clocks, so a consumer that keeps order would wait for ever for the events that such a cut leaves out.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from events.envelope import Recorded, Unreadable
from publisher.cloud_event import FIRST_EPOCH


@dataclass(frozen=True, slots=True)
class Selection:
    """All customers, unless narrowed.

    Attributes:
        since: Only customers with an event at or after this time: RFC 3339, UTC, 27 characters; empty for no limit.
        until: Only customers with an event before this time, in the same format; empty for no limit.
        customers: Only these customer ids; empty for all.
    """

    since: str = ""
    until: str = ""
    customers: tuple[str, ...] = ()

    def includes(self, history: Sequence[Recorded]) -> bool:
        """Whether a customer is sent.

        Args:
            history: All events of the customer. An unreadable one has no time, so it always counts.
        """
        return any(isinstance(record, Unreadable) or self._is_in_range(record.occurred_at) for record in history)

    def _is_in_range(self, instant: str) -> bool:
        return self.since <= instant and (not self.until or instant < self.until)

    def name_for(self, queue: str, epoch: int = FIRST_EPOCH) -> str:
        """Return the name under which checkpoints are kept. It differs by queue, by selection and by epoch.

        Args:
            queue: The queue's ARN.
            epoch: The epoch of the event table. What was sent of an older one is no part of this one's backfill.
        """
        of_epoch = [] if epoch == FIRST_EPOCH else [epoch]
        content = json.dumps([queue, asdict(self), *of_epoch])
        return f"backfill-{queue.rpartition(':')[2]}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
