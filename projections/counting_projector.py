"""Projects events into a view that counts customers.

Each event carries the whole person, so the newest event decides alone. If it leaves the customer in the group that the
row names, nothing is written. Otherwise the newest event of the event table is written, and only while it is the
newest: a later one may have found the row as it had to be, and must not be undone. Decision 0060 has the proof.

A customer is parked at the newest event if no retry can read it, and stays counted where they were. A later event that
can be read brings the customer back by itself, because it needs none before it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from events.current import state_after
from events.customer import Erased, OutOfOrder
from events.envelope import Event, Recorded
from events.history import is_erasure
from events.store import EventStore
from projections.counting import CountingView
from projections.projector import ProjectionReport, Projector
from projections.read_model import RowStore, Write
from projections.row import Row
from shared.runtime.clock import utc_now
from shared.runtime.failures import is_transient


class CountingProjector(Projector):
    """Keeps generations of a view that counts customers up to date.

    Args:
        rows: The view's rows.
        store: The events, of which the newest of a customer is read.
        view: The groups that customers are counted in.
        now: Returns the current time, with a time zone.
    """

    def __init__(
        self, rows: RowStore, store: EventStore, view: CountingView, now: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(rows, store.read, now, view)
        self._store = store

    def _plan(
        self,
        row: Row | None,
        events: Sequence[Recorded],
        generation: int,
        report: ProjectionReport,
        *,
        singly: bool = False,  # noqa: ARG002 - there is one event to apply, the newest
    ) -> Write | None:
        later = [event for event in events if event.version > (row.version if row else 0)]
        report.stale += len(events) - len(later)
        if not later:
            return None
        newest = max(later, key=_version)
        if erasure := next(filter(is_erasure, later), None):
            erased = Erased(newest.customer_id, newest.version)
            return Write(self._view.row_of(erased, generation), row, _time_of(erasure))
        if row and _waits(row) and row.parked and newest.version <= row.parked.version:
            report.waiting += len(later)
            return None
        return self._plan_for(newest, row, later, generation, report)

    def _plan_for(
        self, newest: Recorded, row: Row | None, later: Sequence[Recorded], generation: int, report: ProjectionReport
    ) -> Write | None:
        try:
            if row and not self._is_shown(newest, row):
                newest = self._newest_stored(newest)
            state = state_after(self._store, newest)
        except Exception as error:  # noqa: BLE001 - no error in one customer's events may stop the others
            if is_transient(error):
                report.failed[newest.customer_id] = type(error).__name__
            elif row and _waits(row):
                report.waiting += len(later)
            else:
                return self._park(row or self._last_readable(later, generation), row, error, newest.version)
            return None
        if row and self._view.shows(row, state):
            report.projected += [event for event in later if isinstance(event, Event)]
            return None
        return Write(self._view.row_of(state, generation), row, _time_of(newest))

    def _is_shown(self, event: Recorded, row: Row) -> bool:
        """Whether a row shows the state after an event, without a look at the event table."""
        try:
            return self._view.shows(row, state_after(self._store, event))
        except Exception as error:
            if is_transient(error):
                raise
            return False

    def _newest_stored(self, event: Recorded) -> Recorded:
        stored = self._store.latest(event.customer_id)
        if stored is None or stored.version < event.version:
            raise OutOfOrder(f"the event table lacks version {event.version}")
        return stored

    def _last_readable(self, events: Sequence[Recorded], generation: int) -> Row:
        """Return a row that counts a new customer by the newest event that can be read; one of nobody if none can."""
        for event in sorted(events, key=_version, reverse=True):
            with suppress(Exception):
                return self._view.row_of(state_after(self._store, event), generation)
        return Row(events[0].customer_id, generation, 0, None)


def _waits(row: Row) -> bool:
    """Whether a customer is parked, and no redrive is bringing them back."""
    return row.parked is not None and not row.parked.is_returning


def _version(event: Recorded) -> int:
    return event.version


def _time_of(event: Recorded) -> str:
    return event.occurred_at if isinstance(event, Event) else ""
