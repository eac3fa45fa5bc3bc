"""Projects events into the read model, in any order and any number of times.

A customer's event of version v is applied only onto version v-1. An older one is a repeat and changes nothing. A later
one shows a gap (records of one customer may reach us through retries in any order): then the customer's events are
read from the event table, which has them all, and folded from there. So whatever the stream does, a row ends as the
fold of its customer's events, and its version never goes down.

An event that no retry cures parks its customer: the row keeps what stands before it, says why it stands still, and
the customer's later events wait behind it in the event table until a redrive. One thing does not wait: an erasure takes
the person out of the row at once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from events.customer import Erased, OutOfOrder, State
from events.envelope import Event, Recorded
from events.history import fold, is_erasure, states
from projections.failures import is_curable, reason_of
from projections.read_model import ReadModel, Write, Written
from projections.row import Parked, Row, row_of
from shared.runtime.clock import timestamp, utc_now

# A round is lost only to a writer that moved the row on meanwhile, so a second one nearly always ends it.
_ROUNDS: Final = 4

ReadEvents = Callable[[str], Sequence[Recorded]]
Waiting = Mapping[str, list[Recorded]]


@dataclass(slots=True)
class ProjectionReport:
    """What became of a batch in one generation.

    Attributes:
        applied: How many rows were written.
        projected: The events that are now in their rows, without repeats.
        stale: How many events were repeats.
        healed: How many gaps were filled from the event table.
        waiting: How many events wait behind a parked one.
        parked: Customers who were parked just now.
        failed: Customers whose events must come again, each with the kind of failure.
    """

    applied: int = 0
    projected: list[Event] = field(default_factory=list)
    stale: int = 0
    healed: int = 0
    waiting: int = 0
    parked: dict[str, Parked] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class Projector:
    """Keeps generations of the read model up to date."""

    def __init__(self, read_model: ReadModel, read_events: ReadEvents, now: Callable[[], datetime] = utc_now) -> None:
        """Join the two sides.

        Args:
            read_model: Where rows go.
            read_events: All events of a customer in version order, including every acknowledged one.
            now: The current instant, aware.
        """
        self._read_model = read_model
        self._read_events = read_events
        self._now = now

    def project_into(self, events: Iterable[Recorded], generations: Sequence[int]) -> list[ProjectionReport]:
        """Bring the rows of these events' customers up to them in several generations.

        Args:
            events: As in `project`.
            generations: In the order of writing. A customer who failed in one is left out of those after it, so that
                the last one, which is read, is never ahead of the others.

        Returns:
            One report for each generation, in their order.
        """
        left = list(events)
        reports = []
        for generation in generations:
            report = self.project(left, generation)
            left = [event for event in left if event.customer_id not in report.failed]
            reports.append(report)
        return reports

    def project(self, events: Iterable[Recorded], generation: int) -> ProjectionReport:
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
        report = ProjectionReport()
        waiting: Waiting = _by_customer(events)
        for _ in range(_ROUNDS):
            waiting = self._round(waiting, generation, report)
            if not waiting:
                break
        report.failed |= dict.fromkeys(waiting, "outrun")
        return report

    def _round(self, waiting: Waiting, generation: int, report: ProjectionReport) -> dict[str, list[Recorded]]:
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
                    _count(write, waiting[customer_id], report)
                case Written.CONFLICT:
                    outrun[customer_id] = waiting[customer_id]
                case Written.FAILED:
                    report.failed[customer_id] = "write failed"
        return outrun

    def _plan(
        self, row: Row | None, events: Sequence[Recorded], generation: int, report: ProjectionReport
    ) -> Write | None:
        """The write that brings a row up to these events, if there is one to do."""
        stands = row.version if row else 0
        later = [event for event in events if event.version > stands]
        report.stale += len(events) - len(later)
        if not later:
            return None
        if any(map(is_erasure, later)):
            erased = Erased(later[0].customer_id, max(event.version for event in later))
            return Write(row_of(erased, generation), row)
        if row and row.parked and not row.parked.is_returning:
            report.waiting += len(later)
            return None
        reached: State | None = None
        try:
            for state in self._states(row, later, report):
                reached = state
        except Exception as error:  # noqa: BLE001 - whatever a fold raises must not hold up other customers
            if is_curable(error):
                report.failed[later[0].customer_id] = type(error).__name__
                return None
            stands_at = row_of(reached, generation) if reached else row
            return self._park(stands_at or Row(later[0].customer_id, generation, 0, None), row, error)
        return Write(row_of(reached, generation), row) if reached else None

    def _park(self, row: Row, replaced: Row | None, error: Exception) -> Write:
        """Park a customer at the event after the last one that could be projected."""
        parked = Parked(row.version + 1, reason_of(error), since=timestamp(self._now()), attempts=1)
        return Write(replace(row, parked=parked), replaced)

    def _states(self, row: Row | None, later: Sequence[Recorded], report: ProjectionReport) -> Iterator[State]:
        """What a row becomes, event by event: where one cannot be projected, the ones before it still are."""
        state = _state_of(row)
        for event in sorted(later, key=lambda event: event.version):
            version = state.version if state else 0
            if event.version == version + 1:
                state = fold([event], state)
                if state:
                    yield state
            elif event.version > version:
                for state in self._healed(event, max(version, row.version if row else 0)):
                    yield state
                report.healed += 1

    def _healed(self, event: Recorded, version: int) -> Iterator[State]:
        """The states after a version, up to the event that showed the gap and no further: the generations before this
        one were brought to that event, and none may be ahead of them.
        """
        reached = 0
        for state in states(self._read_events(event.customer_id)):
            reached = state.version
            if reached > version:
                yield state
            if reached == event.version:
                return
        if reached < event.version:
            raise OutOfOrder(f"the event table lacks version {event.version}")


def _state_of(row: Row | None) -> State | None:
    """What a row says of its customer. One that today's code cannot read was written by other code: as its events know
    better, it counts as a gap.
    """
    try:
        return row.state() if row else None
    except ValidationError:
        return None


def _count(write: Write, events: Iterable[Recorded], report: ProjectionReport) -> None:
    stood = write.replaces.version if write.replaces else 0
    report.projected += [
        event for event in events if isinstance(event, Event) and stood < event.version <= write.row.version
    ]
    if write.row.parked:
        report.parked[write.row.customer_id] = write.row.parked
    else:
        report.applied += 1


def _by_customer(events: Iterable[Recorded]) -> dict[str, list[Recorded]]:
    grouped: dict[str, list[Recorded]] = defaultdict(list)
    for event in events:
        grouped[event.customer_id].append(event)
    return dict(grouped)
