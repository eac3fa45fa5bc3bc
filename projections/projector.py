"""Projects events into the read model, in any order and any number of times.

An event of version v is applied only to a row of version v-1. An older event is a repeat and changes nothing. A newer
one shows a gap (retries can deliver one customer's records in any order): then the customer's events are read from the
event table, which has them all, and folded. So whatever the stream does, a row ends as the fold of its customer's
events, and its version never goes down.

An event that no retry can fix parks its customer: the row keeps the state before that event and the reason, and the
customer's later events wait in the event table until a redrive. The same holds for a row that the read table refuses.
Only an erasure does not wait: it removes the person from the row at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from events.customer import Erased, OutOfOrder, State
from events.envelope import Event, Recorded
from events.history import fold, is_erasure, states
from events.pages import by_customer
from projections.customers import CUSTOMERS
from projections.failures import RowRefused, park_reason
from projections.read_model import RowStore, Write, WriteResult
from projections.row import Parked, Row
from projections.view import View
from shared.runtime.clock import timestamp, utc_now
from shared.runtime.failures import is_transient

# A conflict means that another writer has just changed the row, so the second round nearly always succeeds.
_ROUNDS: Final = 4

ReadEvents = Callable[[str], Sequence[Recorded]]
EventsByCustomer = Mapping[str, list[Recorded]]


@dataclass(slots=True)
class ProjectionReport:
    """What happened to a batch in one generation.

    Attributes:
        projected: The events that are now in their rows, without repeats.
        stale: The number of events that were repeats.
        healed: The number of gaps that were filled from the event table.
        waiting: The number of events that wait behind a parked one.
        parked: Customers whom this batch parked.
        failed: Customers whose events must be delivered again, with the kind of failure.
        units: The write units that the writes used, those that met a conflict included.
    """

    projected: list[Event] = field(default_factory=list)
    stale: int = 0
    healed: int = 0
    waiting: int = 0
    parked: dict[str, Parked] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    units: int = 0


class Projector:
    """Keeps generations of a view up to date.

    Args:
        read_model: The view's rows.
        read_events: Returns all events of a customer in version order, including every acknowledged one.
        now: Returns the current time, with a time zone.
        view: What the rows are made of.
    """

    def __init__(
        self,
        read_model: RowStore,
        read_events: ReadEvents,
        now: Callable[[], datetime] = utc_now,
        view: View = CUSTOMERS,
    ) -> None:
        self._read_model = read_model
        self._read_events = read_events
        self._now = now
        self._view = view

    def project_into(self, events: Iterable[Recorded], generations: Sequence[int]) -> list[ProjectionReport]:
        """Project events into several generations.

        Args:
            generations: In the order of writing. A customer who fails in one is skipped in those after it, so that the
                last one, which is read, is never ahead of the others.

        Returns:
            One report for each generation, in the same order.

        Raises:
            ReadModelBusy: As in `project`.
            ClientError: As in `project`.
        """
        remaining = list(events)
        reports = []
        for generation in generations:
            report = self.project(remaining, generation)
            remaining = [event for event in remaining if event.customer_id not in report.failed]
            reports.append(report)
        return reports

    def clear_elsewhere(self, events: Iterable[Recorded], fed: Sequence[int]) -> dict[str, str]:
        """Remove erased customers from the rows of generations that are not fed: retired, abandoned or left over.

        Such a row is overwritten and not deleted, so that a writer that was suspended meanwhile cannot fill it again.

        Args:
            events: Of any customers. Only erasures count.
            fed: The fed generations, whose rows `project_into` writes.

        Returns:
            Customers whose events must be delivered again, with the kind of failure.

        Raises:
            ReadModelBusy: The rows could not be read.
            ClientError: DynamoDB refused to read the rows.
        """
        failed = {}
        for event in filter(is_erasure, events):
            if not self._clear(event, fed):
                failed[event.customer_id] = "not cleared in every generation"
        return failed

    def _clear(self, erasure: Recorded, fed: Sequence[int]) -> bool:
        for _ in range(_ROUNDS):
            rows = [row for row in self._read_model.all_rows(erasure.customer_id) if row.generation not in fed]
            writes = [write for row in rows if (write := self._cleared(row, erasure.version))]
            if all(result is WriteResult.APPLIED for result in self._read_model.write(writes)):
                return True
        return False

    def _cleared(self, row: Row, version: int) -> Write | None:
        """The write that removes an erased customer from a row; None if nothing is there."""
        if row.is_empty and row.parked is None:
            return None
        erased = Erased(row.customer_id, max(version, row.version))
        return Write(self._view.row_of(erased, row.generation), row)

    def project(self, events: Iterable[Recorded], generation: int) -> ProjectionReport:
        """Project events into one generation. One customer's failure does not affect the others.

        Args:
            events: Of any customers, in any order, with or without repeats.

        Returns:
            The outcome. It is always safe to call again with the events of the customers who failed.

        Raises:
            ReadModelBusy: The rows could not be read, and nothing was written in that round.
            ClientError: DynamoDB refused to read the rows, and nothing was written in that round.
        """
        report = ProjectionReport()
        waiting: EventsByCustomer = by_customer(events)
        refused: dict[str, list[Recorded]] = {}
        for _ in range(_ROUNDS):
            waiting = self._round(waiting, generation, report, refused)
            if not waiting:
                break
        report.failed |= dict.fromkeys(waiting, "conflict")
        for customer_id, refused_events in refused.items():
            self._project_singly(customer_id, refused_events, generation, report)
        return report

    def _round(
        self,
        waiting: EventsByCustomer,
        generation: int,
        report: ProjectionReport,
        refused: dict[str, list[Recorded]],
    ) -> dict[str, list[Recorded]]:
        """Try every waiting customer once, and return those whose write met a conflict. Those whose row the table
        refuses are added to `refused`.
        """
        rows = self._read_model.get_many(waiting, generation)
        writes = [
            write
            for customer_id, events in waiting.items()
            if (write := self._plan(rows.get(customer_id), events, generation, report))
        ]
        report.units += self._read_model.units_of_writes(writes)
        conflicts = {}
        for write, result in zip(writes, self._read_model.write(writes), strict=True):
            customer_id = write.row.customer_id
            match result:
                case WriteResult.APPLIED:
                    _record(write, waiting[customer_id], report)
                case WriteResult.CONFLICT:
                    conflicts[customer_id] = waiting[customer_id]
                case WriteResult.FAILED:
                    report.failed[customer_id] = "write failed"
                case WriteResult.REFUSED:
                    refused[customer_id] = waiting[customer_id]
        return conflicts

    def _project_singly(
        self, customer_id: str, events: Sequence[Recorded], generation: int, report: ProjectionReport
    ) -> None:
        """Apply a customer's events one after the other, and park the customer at the one whose row the table refuses.
        So everything before it is shown.
        """
        conflicts = 0
        while conflicts < _ROUNDS:
            row = self._read_model.get_many([customer_id], generation).get(customer_id)
            # Repeats and gaps were counted when the events were tried together.
            uncounted = ProjectionReport()
            write = self._plan(row, events, generation, uncounted, singly=True)
            if write is None:
                report.failed |= uncounted.failed
                return
            [result] = self._read_model.write([write])
            # A row that shows nobody is the smallest there is, so parking it would not help.
            if result is WriteResult.REFUSED and not write.row.parked and not write.row.is_empty:
                before = row or Row(customer_id, generation, 0, None)
                write = self._park(before, row, RowRefused(), write.row.version)
                [result] = self._read_model.write([write])
            if result is WriteResult.APPLIED:
                _record(write, events, report)
            elif result is WriteResult.CONFLICT:
                conflicts += 1
            else:
                report.failed[customer_id] = "write refused" if result is WriteResult.REFUSED else "write failed"
                return
        report.failed[customer_id] = "conflict"

    def _plan(
        self,
        row: Row | None,
        events: Sequence[Recorded],
        generation: int,
        report: ProjectionReport,
        *,
        singly: bool = False,
    ) -> Write | None:
        """Return the write that applies these events to a row, or None if there is nothing to write.

        Args:
            singly: Whether to apply only the first event that is not in the row.
        """
        row_version = row.version if row else 0
        later = [event for event in events if event.version > row_version]
        report.stale += len(events) - len(later)
        if not later:
            return None
        if any(map(is_erasure, later)):
            erased = Erased(later[0].customer_id, max(event.version for event in later))
            return Write(self._view.row_of(erased, generation), row)
        if row and row.parked and not row.parked.is_returning:
            report.waiting += len(later)
            return None
        last_state: State | None = None
        try:
            for state in self._states(row, later, report):
                last_state = state
                if singly:
                    break
        except Exception as error:  # noqa: BLE001 - no error in one customer's fold may stop the others
            if is_transient(error):
                report.failed[later[0].customer_id] = type(error).__name__
                return None
            last_row = self._view.row_of(last_state, generation) if last_state else row
            return self._park(last_row or Row(later[0].customer_id, generation, 0, None), row, error)
        return Write(self._view.row_of(last_state, generation), row) if last_state else None

    def _park(self, row: Row, replaced: Row | None, error: Exception, version: int | None = None) -> Write:
        """Park a customer at an event: the one after the last that could be projected, or one of another version."""
        parked = Parked(version or row.version + 1, park_reason(error), since=timestamp(self._now()), attempts=1)
        return Write(replace(row, parked=parked), replaced)

    def _states(self, row: Row | None, later: Sequence[Recorded], report: ProjectionReport) -> Iterator[State]:
        """Yield the row's state after each event, so that the states before an event that fails are not lost. A row
        that cannot be read back counts as a gap.
        """
        state = self._view.state_of(row) if row else None
        for event in sorted(later, key=lambda event: event.version):
            version = state.version if state else 0
            if event.version == version + 1:
                state = fold([event], state)
                if state:
                    yield state
            elif event.version > version:
                for state in self._fill_gap(event, max(version, row.version if row else 0)):
                    yield state
                report.healed += 1

    def _fill_gap(self, event: Recorded, version: int) -> Iterator[State]:
        """Yield the states after a version, up to the event that showed the gap and no further: the generations before
        this one were brought to that event, and this one must not be ahead of them.
        """
        last_version = 0
        for state in states(self._read_events(event.customer_id)):
            last_version = state.version
            if last_version > version:
                yield state
            if last_version == event.version:
                return
        if last_version < event.version:
            raise OutOfOrder(f"the event table lacks version {event.version}")


def _record(write: Write, events: Iterable[Recorded], report: ProjectionReport) -> None:
    old_version = write.replaces.version if write.replaces else 0
    report.projected += [
        event for event in events if isinstance(event, Event) and old_version < event.version <= write.row.version
    ]
    if write.row.parked:
        report.parked[write.row.customer_id] = write.row.parked
