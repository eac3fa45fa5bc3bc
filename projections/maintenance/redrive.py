"""Brings parked customers back once the cause is fixed.

A redrive reads the event table, so it works however long ago the events left the stream. A second run changes nothing.

Readers must never see older data after a switch to another generation. So before a customer's row moves on in one
generation, it is brought to the same version in the generations that are fed before it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from events.customer import State
from events.envelope import Recorded
from events.store import EventStore
from projections.customers import CUSTOMERS
from projections.failures import RowRefused, park_reason
from projections.generations import GenerationStore
from projections.projector import Projector
from projections.read_model import RowStore, Write, WriteResult
from projections.row import RETURNING, Parked, Row
from projections.view import View
from shared.runtime.failures import is_transient


class RedriveOutcome(StrEnum):
    """What happened to a parked customer."""

    WOULD_RETURN = "would return"
    """A dry run: the events can be folded now."""
    RETURNED = "returned"
    """The row is the fold of all the customer's events."""
    STILL_PARKED = "still parked"
    """An event still cannot be projected."""
    TRY_AGAIN = "try again"
    """A service did not answer, or another writer was faster."""


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """The outcome for one customer.

    Attributes:
        parked: Why the customer was parked, or still is.
        version: Of the row after the redrive.
    """

    customer_id: str
    outcome: RedriveOutcome
    parked: Parked
    version: int


class Redrive:
    """Redrives the parked customers of one generation of a view.

    Args:
        read_model: The view's rows.
        projector: Of the same view.
        generations: The view's record.
        view: What the rows must show.
    """

    def __init__(
        self,
        store: EventStore,
        read_model: RowStore,
        projector: Projector,
        generations: GenerationStore,
        view: View = CUSTOMERS,
    ) -> None:
        self._store = store
        self._read_model = read_model
        self._projector = projector
        self._generations = generations
        self._view = view

    def run(
        self, generation: int, *, dry: bool = True, limit: int | None = None, among: Iterable[str] | None = None
    ) -> Iterator[RedriveResult]:
        """Redrive parked customers, the longest parked first. The caller may stop at any point; nothing is lost.

        Args:
            dry: Report what would happen, and change nothing.
            limit: The maximum number of customers.
            among: Only the parked ones of these customers, in their order; None for all.
        """
        # Listed up front, because the index changes during the run and must not return a customer twice. Only the ids,
        # so that a hundred thousand of them take a few megabytes.
        ids = (row.customer_id for row in self._read_model.parked(generation)) if among is None else among
        for customer_id in list(islice(ids, limit)):
            row = self._row(customer_id, generation)
            if row and row.parked:
                yield self._redrive(row, row.parked, dry=dry)

    def _redrive(self, row: Row, parked: Parked, *, dry: bool) -> RedriveResult:
        last_state: State | None = None
        records: Sequence[Recorded] = ()
        try:
            records = self._store.read(row.customer_id)
            for state in self._view.states(records):
                last_state = state
        except Exception as error:  # noqa: BLE001 - an error of one customer must not end the run
            if is_transient(error):
                return RedriveResult(row.customer_id, RedriveOutcome.TRY_AGAIN, parked, row.version)
            still = replace(parked, version=self._failing_version(row, last_state, records), reason=park_reason(error))
            return self._keep_parked(row, last_state, still, dry=dry)
        if last_state is None or last_state.version < row.version:
            reason = f"the event table ends before version {row.version}"
            return self._keep_parked(row, None, replace(parked, version=row.version + 1, reason=reason), dry=dry)
        if dry:
            return RedriveResult(row.customer_id, RedriveOutcome.WOULD_RETURN, parked, row.version)
        return self._bring_back(row, parked, self._view.row_of(last_state, row.generation))

    def _failing_version(self, row: Row, last_state: State | None, records: Sequence[Recorded]) -> int:
        """The version of the event that cannot be projected: after the last state that can be shown, or the newest."""
        if records and not self._view.follows_every_event:
            return records[-1].version
        return max(row.version, last_state.version if last_state else 0) + 1

    def _bring_back(self, row: Row, parked: Parked, target: Row) -> RedriveResult:
        """Bring a customer back in two writes, because events may have arrived since theirs were read. After the first
        write, new events no longer wait, but the row is still listed as parked, so that the next run finds it if this
        one dies before the second write.
        """
        mark = replace(parked, version=target.version + 1, reason=RETURNING, attempts=parked.attempts + 1)
        returning = replace(target, parked=mark)
        written = self._write(returning, row)
        if written is WriteResult.REFUSED:
            refused = replace(parked, version=row.version + 1, reason=park_reason(RowRefused()))
            return self._keep_parked(row, None, refused, dry=False)
        if written is WriteResult.APPLIED and self._catch_up(returning, target):
            return self._outcome(target, parked)
        return RedriveResult(row.customer_id, RedriveOutcome.TRY_AGAIN, parked, row.version)

    def _outcome(self, target: Row, parked: Parked) -> RedriveResult:
        """Read the row again. The live projector may have met another event that cannot be projected, and parked the
        customer at that one.
        """
        try:
            now = self._row(target.customer_id, target.generation)
        except Exception as error:
            if not is_transient(error):
                raise
            return RedriveResult(target.customer_id, RedriveOutcome.TRY_AGAIN, parked, target.version)
        if now is None or now.version < target.version or (now.parked and now.parked.is_returning):
            return RedriveResult(target.customer_id, RedriveOutcome.TRY_AGAIN, parked, now.version if now else 0)
        if now.parked:
            return RedriveResult(target.customer_id, RedriveOutcome.STILL_PARKED, now.parked, now.version)
        return RedriveResult(target.customer_id, RedriveOutcome.RETURNED, parked, now.version)

    def _write(self, row: Row, replaced: Row) -> WriteResult:
        advances = row.version > replaced.version
        if advances and not self._advance_earlier(row.customer_id, row.generation, row.version):
            return WriteResult.FAILED
        [result] = self._read_model.write([Write(row, replaced)])
        return result

    def _advance_earlier(self, customer_id: str, generation: int, version: int) -> bool:
        """Bring a customer to a version in all generations that are fed before this one. Returns whether that worked.

        The generations are loaded each time, because they may change during a run.
        """
        try:
            return all(
                self._advance(customer_id, earlier, version) for earlier in self._generations.load().before(generation)
            )
        except Exception:  # noqa: BLE001 - whatever the error, the customer stays parked for the next run
            return False

    def _advance(self, customer_id: str, generation: int, version: int) -> bool:
        row = self._row(customer_id, generation)
        if self._has_reached(row, version):
            return True
        if row and row.parked:
            self._redrive(row, row.parked, dry=False)
        else:
            self._projector.project(self._store.read(customer_id), generation)
        return self._has_reached(self._row(customer_id, generation), version)

    def _has_reached(self, row: Row | None, version: int) -> bool:
        """Whether a row shows what it must at a version. One that does not follow every event may be of an older one,
        and then shows the same as for the newest.
        """
        if row is None or row.version >= version or self._view.follows_every_event:
            return row is not None and row.version >= version
        state = self._view.final(self._store.read(row.customer_id))
        return state is not None and self._view.shows(row, state)

    def _row(self, customer_id: str, generation: int) -> Row | None:
        return self._read_model.get_many([customer_id], generation).get(customer_id)

    def _catch_up(self, returning: Row, target: Row) -> bool:
        """Project the events that the stream delivered while the customer was still parked; it delivers them once."""
        try:
            later = self._store.read(target.customer_id, after_version=target.version)
            if later:
                advanced = self._advance_earlier(target.customer_id, target.generation, later[-1].version)
                return advanced and not self._projector.project(later, target.generation).failed
        except Exception:  # noqa: BLE001 - whatever the error, the customer stays parked for the next run
            return False
        # A conflict means that the live projector applied a newer event, which also brought the customer back.
        [result] = self._read_model.write([Write(target, returning)])
        return result in (WriteResult.APPLIED, WriteResult.CONFLICT)

    def _keep_parked(self, row: Row, last_state: State | None, parked: Parked, *, dry: bool) -> RedriveResult:
        """Keep a customer parked, perhaps at a later event, and show the state before that event."""
        is_later = last_state is not None and last_state.version > row.version
        target = self._view.row_of(last_state, row.generation) if last_state and is_later else row
        if dry:
            return RedriveResult(row.customer_id, RedriveOutcome.STILL_PARKED, parked, row.version)
        retried = replace(parked, attempts=parked.attempts + 1)
        if self._write(replace(target, parked=retried), row) is not WriteResult.APPLIED:
            return RedriveResult(row.customer_id, RedriveOutcome.TRY_AGAIN, parked, row.version)
        return RedriveResult(row.customer_id, RedriveOutcome.STILL_PARKED, retried, target.version)
