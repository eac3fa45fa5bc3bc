"""Compares the read table with the event table, customer by customer, and can repair the differences.

The two tables are read at different moments while events keep arriving. So a difference is reported only if repeated
comparisons confirm it, over as long as the stream may need.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from events.customer import Erased, State
from events.envelope import Event, Recorded
from events.history import is_erasure, unredacted
from events.pages import customers_begun
from events.store import EventStore
from projections.counting import CountedRows
from projections.customers import CUSTOMERS
from projections.maintenance.counters import find_miscounts
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import SegmentProgress
from projections.read_model import RowStore, Write, WriteResult
from projections.row import Row
from projections.view import View
from shared.runtime.clock import timestamp, utc_now
from shared.runtime.failures import is_transient

PAGE_SIZE: Final = 500
_COMPARISONS: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.25
# DynamoDB docs, "Change data capture for DynamoDB Streams": records are kept for 24 hours.
_STREAM_RETENTION: Final = timedelta(hours=24)

_NOT_REPAIRED_BY_A_ROW: Final = frozenset(
    {
        DifferenceKind.AHEAD,
        DifferenceKind.PARKED,
        DifferenceKind.UNREADABLE,
        DifferenceKind.UNREDACTED,
        DifferenceKind.MISCOUNTED,
    }
)


class Verifier:
    """Compares one generation of a view with the event table.

    Args:
        read_model: The view's rows.
        pause: Sleeps for a number of seconds.
        now: Returns the current time, with a time zone.
        view: What the rows must show.
    """

    def __init__(
        self,
        store: EventStore,
        read_model: RowStore,
        pause: Callable[[float], None],
        now: Callable[[], datetime] = utc_now,
        view: View = CUSTOMERS,
    ) -> None:
        self._store = store
        self._read_model = read_model
        self._pause = pause
        self._now = now
        self._view = view

    def step(
        self, generation: int, at: SegmentProgress, total_segments: int
    ) -> tuple[SegmentProgress, list[Difference]]:
        """Compare the customers in one page of one segment of the event table.

        Args:
            at: The segment's last checkpoint.
            total_segments: The number of segments.

        Returns:
            The new checkpoint, and the differences found in this page.
        """
        page = self._store.read_page(at.segment, total_segments, at.position, PAGE_SIZE)
        histories, continued = customers_begun(page, at.position)
        found = self.differing(histories, generation, incomplete=continued)
        erased = [id_ for id_, records in histories.items() if id_ == continued or unredacted(records)]
        differences = [*found.values(), *self.unfinished_erasures(erased)]
        started = sum(record.version == 1 for record in page.records)
        progress = at.advanced(customers=started, events=len(page.records), problems=len(differences))
        progress = replace(progress, position=page.next, done=page.next is None, at=timestamp(self._now()))
        return progress, differences

    def differing(
        self,
        histories: Mapping[str, Sequence[Recorded]],
        generation: int,
        incomplete: str = "",
        *,
        at_once: bool = False,
    ) -> dict[str, Difference]:
        """Compare customers whose events were read already, and read again only what concerns those who differ.

        Args:
            histories: All events of each customer, in version order.
            incomplete: A customer of whom some events may be missing there.
            at_once: Whether to report what a single comparison finds, lag included: for a repair of it does no harm.

        Returns:
            By customer; see `compare`.
        """
        rows = self._read_model.get_many(histories, generation)
        suspects = [
            id_ for id_, records in histories.items() if id_ == incomplete or not self._matches(rows.get(id_), records)
        ]
        return self._compare_once(suspects, generation) if at_once else self.compare(suspects, generation)

    def orphans(self, generation: int, segment: int, total_segments: int) -> Iterator[Difference]:
        """Find rows whose version the event table does not have.

        Args:
            segment: From 0.
            total_segments: The number of segments in the scan of the read table.
        """
        start: Mapping[str, str] | None = None
        while True:
            page = self._read_model.rows(generation, segment, total_segments, start)
            yield from self._orphans([row for row in page.rows if row.version])
            start = page.next
            if start is None:
                return

    def _orphans(self, rows: Sequence[Row]) -> Iterator[Difference]:
        existing = self._store.existing([(row.customer_id, row.version) for row in rows])
        for row in rows:
            if (row.customer_id, row.version) not in existing:
                records = self._store.read(row.customer_id)
                newest = records[-1].version if records else 0
                if newest < row.version:
                    yield Difference(row.customer_id, DifferenceKind.AHEAD, expected=newest, found=row.version)

    def miscounted(self, generation: int) -> list[Difference]:
        """Compare the counters of a generation with its rows; see `find_miscounts`. Most views have none."""
        rows = self._read_model
        return find_miscounts(rows, generation, self._pause) if isinstance(rows, CountedRows) else []

    def compare(self, customer_ids: Collection[str], generation: int) -> dict[str, Difference]:
        """Compare customers, and repeat the comparison with pauses for those who differ.

        Returns:
            By customer, the differences that every comparison confirmed. A row that is behind but has moved on since
            the last comparison does not count: a customer who changes all the time is always a little behind.
        """
        found = self._compare_once(customer_ids, generation)
        for attempt in range(_COMPARISONS - 1):
            unconfirmed = {
                id_: difference
                for id_, difference in found.items()
                if difference.kind is not DifferenceKind.PARKED and not difference.expired
            }
            if not unconfirmed:
                break
            self._pause(_FIRST_PAUSE_SECONDS * 2**attempt)
            again = self._compare_once(unconfirmed, generation)
            confirmed = {id_: now for id_, now in again.items() if not _is_catching_up(unconfirmed[id_], now)}
            found = {id_: difference for id_, difference in found.items() if id_ not in unconfirmed} | confirmed
        return found

    def unfinished_erasures(self, customer_ids: Collection[str]) -> list[Difference]:
        """Find the erased customers among these who have events with personal data, in repeated looks with pauses.

        An erasure in progress does not count: the events with data become fewer from look to look.
        """
        found = self._unredacted(customer_ids)
        for attempt in range(_COMPARISONS - 1):
            if not found:
                break
            self._pause(_FIRST_PAUSE_SECONDS * 2**attempt)
            again = self._unredacted(found)
            found = {id_: versions for id_, versions in again.items() if len(versions) >= len(found[id_])}
        return [
            Difference(id_, DifferenceKind.UNREDACTED, expected=versions[-1], found=versions[-2])
            for id_, versions in found.items()
        ]

    def _unredacted(self, customer_ids: Collection[str]) -> dict[str, list[int]]:
        """Return, by customer, the versions of the events with data and then the newest version."""
        found: dict[str, list[int]] = {}
        for customer_id in customer_ids:
            records = self._store.read(customer_id)
            if versions := unredacted(records):
                found[customer_id] = [*versions, records[-1].version]
        return found

    def repair(self, difference: Difference, generation: int, before: Sequence[int] = ()) -> bool:
        """Write the row that the customer's events produce.

        Args:
            difference: As found by a comparison. A row that is `AHEAD` is never repaired: it may be the last trace of
                a lost event. `UNREDACTED` is not about a row: the redaction repairs it. A rebuild repairs a counter.
            before: The generations that are fed before this one. They are brought to the same version first, so that
                a switch to one of them shows nothing older.

        Returns:
            Whether the row is right now.
        """
        if difference.kind in _NOT_REPAIRED_BY_A_ROW:
            return False
        if difference.kind is DifferenceKind.UNLISTED:
            return self._list_again(difference.customer_id, generation)
        try:
            state = self._view.final(self._store.read(difference.customer_id))
        except Exception as error:
            if is_transient(error):
                raise
            return False
        if state is None or not all(self._advance(state, earlier) for earlier in before):
            return False
        return self._write(state, generation)

    def _list_again(self, customer_id: str, generation: int) -> bool:
        """Write the row as it is, parked or not: every write sets the keys of the indexes."""
        row = self._row(customer_id, generation)
        if row is None or not row.misplaced:
            return row is not None
        return self._read_model.write([Write(row, row)]) == [WriteResult.APPLIED]

    def _advance(self, state: State, generation: int) -> bool:
        row = self._row(state.id, generation)
        is_reached = row is not None and (row.version >= state.version or self._view.shows(row, state))
        return is_reached or self._write(state, generation)

    def _write(self, state: State, generation: int) -> bool:
        row, target = self._row(state.id, generation), self._view.row_of(state, generation)
        if row and row.version > state.version:
            return False
        # A customer who was parked meanwhile is left to the redrive: only the redrive projects events that arrive
        # between its read and its write. An erasure is safe to write, because no event follows it.
        if row and row.parked and not isinstance(state, Erased):
            return False
        is_shown = row is not None and self._view.shows(row, state)
        return is_shown or self._read_model.write([Write(target, row)]) == [WriteResult.APPLIED]

    def _row(self, customer_id: str, generation: int) -> Row | None:
        return self._read_model.get_many([customer_id], generation).get(customer_id)

    def _compare_once(self, customer_ids: Collection[str], generation: int) -> dict[str, Difference]:
        # Rows are read first: events that arrive between the two reads then look like lag, never like a lost event.
        rows = self._read_model.get_many(customer_ids, generation)
        compared = ((id_, self._difference(id_, rows.get(id_))) for id_ in customer_ids)
        return {id_: difference for id_, difference in compared if difference}

    def _difference(self, customer_id: str, row: Row | None) -> Difference | None:
        if row and row.misplaced:
            return Difference(customer_id, DifferenceKind.UNLISTED, row.version, row.version)
        return self._difference_of_content(customer_id, row)

    def _difference_of_content(self, customer_id: str, row: Row | None) -> Difference | None:
        found = row.version if row else 0
        records = self._store.read(customer_id)
        # An erasure does not wait behind a parked event.
        if row and row.parked and not any(map(is_erasure, records)):
            return Difference(customer_id, DifferenceKind.PARKED, expected=row.parked.version, found=found)
        try:
            state = self._view.final(records)
        except Exception:  # noqa: BLE001 - any error in a fold parks the customer, and must be reported
            return Difference(customer_id, DifferenceKind.UNREADABLE, expected=found + 1, found=found)
        if state is None or state.version < found:
            return Difference(customer_id, DifferenceKind.AHEAD, expected=state.version if state else 0, found=found)
        if row and self._view.shows(row, state):
            return None
        if state.version > found:
            kind = DifferenceKind.BEHIND if row else DifferenceKind.MISSING
            return Difference(customer_id, kind, state.version, found, expired=self._is_expired(records, found))
        return Difference(customer_id, DifferenceKind.DIFFERENT, found, found)

    def _matches(self, row: Row | None, records: Sequence[Recorded]) -> bool:
        """Whether a row shows what a page's records lead to."""
        if row is None:
            return False
        try:
            state = self._view.final(records)
        except Exception:  # noqa: BLE001 - any error in a fold parks one customer, and must not end the verification
            return False
        return state is not None and not row.misplaced and self._view.shows(row, state)

    def _is_expired(self, records: Sequence[Recorded], found: int) -> bool:
        follows = self._view.follows_every_event
        missing = next(record for record in records if record.version > found) if follows else records[-1]
        return isinstance(missing, Event) and missing.occurred_at < timestamp(self._now() - _STREAM_RETENTION)


def _is_catching_up(before: Difference, now: Difference) -> bool:
    return now.kind is DifferenceKind.BEHIND and now.found > before.found
