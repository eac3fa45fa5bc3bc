"""Projects events into the read model, in any order and any number of times.

A customer's event of version v is applied only onto version v-1. An older one is a repeat and changes nothing. A later
one shows a gap (records of one customer may reach us through retries in any order): then the customer's events are
read from the event table, which has them all, and folded from there. So whatever the stream does, a row ends as the
fold of its customer's events, and its version never goes down.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from events.codec import UnreadableEvent
from events.customer import OutOfOrder, State
from events.envelope import Event
from events.history import fold
from projections.read_model import ReadModel, Write, Written
from projections.row import Row, row_of

# A round is lost only to a writer that moved the row on meanwhile, so a second one nearly always ends it.
_ROUNDS: Final = 4

ReadEvents = Callable[[str], Sequence[Event]]


@dataclass(slots=True)
class Report:
    """What became of a batch.

    Attributes:
        applied: How many rows were written.
        projected: The events that are now in their rows, without repeats.
        stale: How many events were repeats.
        healed: How many gaps were filled from the event table.
        failed: Customers whose events must come again, each with the kind of failure.
    """

    applied: int = 0
    projected: list[Event] = field(default_factory=list)
    stale: int = 0
    healed: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class Projector:
    """Keeps one generation of the read model up to date."""

    def __init__(self, read_model: ReadModel, read_events: ReadEvents) -> None:
        """Join the two sides.

        Args:
            read_model: Where rows go.
            read_events: All events of a customer in version order, including every acknowledged one.
        """
        self._read_model = read_model
        self._read_events = read_events

    def project(self, events: Iterable[Event], generation: int) -> Report:
        """Bring the rows of these events' customers up to them.

        One customer's failure does not touch the others.

        Args:
            events: In any order, with repeats, of any customers.
            generation: Which rows.

        Returns:
            What was done and who failed; calling again with the failed ones' events is always safe.

        Raises:
            ReadModelBusy: The rows could not be read; nothing was written.
            ClientError: Likewise.
        """
        report = Report()
        waiting = _by_customer(events)
        for _ in range(_ROUNDS):
            waiting = self._round(waiting, generation, report)
            if not waiting:
                break
        report.failed |= dict.fromkeys(waiting, "outrun")
        return report

    def _round(self, waiting: Mapping[str, list[Event]], generation: int, report: Report) -> dict[str, list[Event]]:
        """Try every waiting customer once; the ones that another writer outran are left waiting."""
        rows = self._read_model.current(waiting, generation)
        writes = [
            write
            for customer_id, events in waiting.items()
            if (write := self._plan(rows.get(customer_id), events, generation, report))
        ]
        outrun = {}
        for write, written in zip(writes, self._read_model.write(writes), strict=True):
            customer_id = write.row.customer_id
            match written:
                case Written.APPLIED:
                    report.applied += 1
                    report.projected += [e for e in waiting[customer_id] if e.version > write.replaces]
                case Written.OUTRUN:
                    outrun[customer_id] = waiting[customer_id]
                case Written.FAILED:
                    report.failed[customer_id] = "write failed"
        return outrun

    def _plan(self, row: Row | None, events: Sequence[Event], generation: int, report: Report) -> Write | None:
        """The write that brings a row up to these events, if there is one to do."""
        replaces = row.version if row else 0
        try:
            state = self._fold(row, events, report)
        except (UnreadableEvent, OutOfOrder, BotoCoreError, ClientError) as error:
            report.failed[events[0].customer_id] = type(error).__name__
            return None
        if state is None or state.version <= replaces:
            return None
        return Write(row_of(state, generation), replaces)

    def _fold(self, row: Row | None, events: Sequence[Event], report: Report) -> State | None:
        state = row.state() if row else None
        for event in sorted(events, key=lambda event: event.version):
            version = state.version if state else 0
            if event.version <= version:
                report.stale += 1
            elif event.version == version + 1:
                state = fold([event], state)
            else:
                state = self._heal(event)
                report.healed += 1
        return state

    def _heal(self, event: Event) -> State:
        """The customer as all their events make them, which must include the event that showed the gap."""
        state = fold(self._read_events(event.customer_id))
        if state is None or state.version < event.version:
            raise OutOfOrder(f"the event table lacks version {event.version} of {event.customer_id}")
        return state


def _by_customer(events: Iterable[Event]) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        grouped[event.customer_id].append(event)
    return dict(grouped)
