"""Compares the read table with the event table, customer by customer, and can repair what differs.

The two are read at different moments, while events go on arriving. So a difference counts only if it stands after
another look at both, for as many looks as the stream may need.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from events.customer import Erased, State
from events.envelope import Event, Recorded
from events.history import fold, is_erasure
from events.store import EventStore, Position
from projections.failures import is_curable
from projections.maintenance.differences import Difference, Kind
from projections.maintenance.progress import SegmentProgress
from projections.read_model import ReadModel, Write, Written
from projections.row import Row, row_of
from shared.runtime.clock import timestamp, utc_now

PAGE: Final = 500
_LOOKS: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.25
# DynamoDB docs, "Change data capture for DynamoDB Streams": records are kept for 24 hours.
_STREAM_KEEPS: Final = timedelta(hours=24)


class Verifier:
    """Compares one generation with the event table."""

    def __init__(
        self,
        store: EventStore,
        read_model: ReadModel,
        pause: Callable[[float], None],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Join it to both tables.

        Args:
            store: The event table.
            read_model: The read table.
            pause: Waits so many seconds.
            now: The current instant, aware.
        """
        self._store = store
        self._read_model = read_model
        self._pause = pause
        self._now = now

    def step(
        self, generation: int, at: SegmentProgress, total_segments: int
    ) -> tuple[SegmentProgress, list[Difference]]:
        """Compare one page of one segment of the event table.

        Args:
            generation: Which rows.
            at: How far this segment is.
            total_segments: Into how many segments the reading is cut.

        Returns:
            How far it is now, and the differences found in this page.
        """
        page = self._store.read_page(at.segment, total_segments, at.position, PAGE)
        by_customer = _by_customer(page.records)
        # Whom a page cuts is looked at as a whole where they begin, and so reported once.
        by_customer.pop(_last_of(at.position), None)
        cut = _last_of(page.next)
        rows = self._read_model.current(by_customer, generation)
        suspects = [
            id_
            for id_, records in by_customer.items()
            if id_ == cut or not _is_right(rows.get(id_), records, generation)
        ]
        found = list(self.look_at(suspects, generation).values())
        begun = sum(record.version == 1 for record in page.records)
        reached = at.advanced(customers=begun, events=len(page.records), problems=len(found))
        return replace(reached, position=page.next, done=page.next is None, at=timestamp(self._now())), found

    def orphans(self, generation: int, segment: int, total_segments: int) -> Iterator[Difference]:
        """Rows whose version the event table does not have.

        Args:
            generation: Which rows.
            segment: Which part, from 0.
            total_segments: Into how many parts the reading is cut.
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
                left = self._store.read(row.customer_id)
                newest = left[-1].version if left else 0
                if newest < row.version:
                    yield Difference(row.customer_id, Kind.AHEAD, expected=newest, found=row.version)

    def look(self, customer_id: str, generation: int) -> Difference | None:
        """`look_at` for one customer."""
        return self.look_at([customer_id], generation).get(customer_id)

    def look_at(self, customer_ids: Collection[str], generation: int) -> dict[str, Difference]:
        """Compare customers, several times as long as there is a difference; all of them wait together.

        Args:
            customer_ids: Whose.
            generation: Which rows.

        Returns:
            The difference that stood through all looks, by customer. There is none for whom there was none in the end,
            and for a row that is behind but moved on since the look before: a customer who changes all the time is
            always a little behind.
        """
        found = self._differences(customer_ids, generation)
        for attempt in range(_LOOKS - 1):
            passing = {id_: each for id_, each in found.items() if each.kind is not Kind.PARKED and not each.expired}
            if not passing:
                break
            self._pause(_FIRST_PAUSE_SECONDS * 2**attempt)
            again = self._differences(passing, generation)
            stands = {id_: each for id_, each in again.items() if not _follows(passing[id_], each)}
            found = {id_: each for id_, each in found.items() if id_ not in passing} | stands
        return found

    def repair(self, difference: Difference, generation: int, before: Sequence[int] = ()) -> bool:
        """Write the row that the customer's events make.

        Args:
            difference: As found. An `AHEAD` one is never repaired: the row may be the last trace of a lost event.
            generation: Which row.
            before: The generations that are fed before it, whose rows are brought as far first: whatever is read must
                not go back in time when the reading moves to one of them.

        Returns:
            Whether the row is right now.
        """
        if difference.kind in (Kind.AHEAD, Kind.PARKED, Kind.UNREADABLE):
            return False
        try:
            state = fold(self._store.read(difference.customer_id))
        except Exception as error:
            if is_curable(error):
                raise
            return False
        if state is None or not all(self._reaches(state, earlier) for earlier in before):
            return False
        return self._put(state, generation)

    def _reaches(self, state: State, generation: int) -> bool:
        row = self._row(state.id, generation)
        return (row is not None and row.version >= state.version) or self._put(state, generation)

    def _put(self, state: State, generation: int) -> bool:
        row, right = self._row(state.id, generation), row_of(state, generation)
        if row and row.version > state.version:
            return False
        # One parked since is left to the redrive, which alone brings what waited while it wrote; nothing follows an
        # erasure.
        if row and row.parked and not isinstance(state, Erased):
            return False
        return row == right or self._read_model.write([Write(right, row)]) == [Written.APPLIED]

    def _row(self, customer_id: str, generation: int) -> Row | None:
        return self._read_model.current([customer_id], generation).get(customer_id)

    def _differences(self, customer_ids: Collection[str], generation: int) -> dict[str, Difference]:
        # The rows first: events that come between the two readings then look like lag, never like a lost event.
        rows = self._read_model.current(customer_ids, generation)
        compared = ((id_, self._compare(id_, rows.get(id_), generation)) for id_ in customer_ids)
        return {id_: difference for id_, difference in compared if difference}

    def _compare(self, customer_id: str, row: Row | None, generation: int) -> Difference | None:
        found = row.version if row else 0
        records = self._store.read(customer_id)
        # No parking holds up an erasure.
        if row and row.parked and not any(map(is_erasure, records)):
            return Difference(customer_id, Kind.PARKED, expected=row.parked.version, found=found)
        try:
            state = fold(records)
        except Exception:  # noqa: BLE001 - whatever a fold raises parks the customer, and must be told
            return Difference(customer_id, Kind.UNREADABLE, expected=found + 1, found=found)
        if state is None or state.version < found:
            return Difference(customer_id, Kind.AHEAD, expected=state.version if state else 0, found=found)
        if state.version > found:
            kind = Kind.BEHIND if row else Kind.MISSING
            return Difference(customer_id, kind, state.version, found, expired=self._expired(records, found))
        return None if row == row_of(state, generation) else Difference(customer_id, Kind.DIFFERENT, found, found)

    def _expired(self, records: Sequence[Recorded], found: int) -> bool:
        missing = next(record for record in records if record.version > found)
        return isinstance(missing, Event) and missing.occurred_at < timestamp(self._now() - _STREAM_KEEPS)


def _follows(before: Difference, now: Difference) -> bool:
    return now.kind is Kind.BEHIND and now.found > before.found


def _by_customer(records: Sequence[Recorded]) -> dict[str, list[Recorded]]:
    grouped: dict[str, list[Recorded]] = {}
    for record in records:
        grouped.setdefault(record.customer_id, []).append(record)
    return grouped


def _last_of(position: Position | None) -> str:
    """The customer whose event a position is; empty at the beginning and at the end."""
    return position["customer_id"] if position else ""


def _is_right(row: Row | None, records: Sequence[Recorded], generation: int) -> bool:
    """Whether a row is what a page's records make."""
    if row is None:
        return False
    try:
        state = fold(records)
    except Exception:  # noqa: BLE001 - whatever a fold raises parks one customer, and must not end the verification
        return False
    return state is not None and row == row_of(state, generation)
