"""Brings parked customers back once the cause is mended: from the event table, so that it works however long ago the
stream forgot. Running it again changes nothing more.

Whatever is read must never go back in time when the reading moves to another generation. So before a customer's row in
one generation goes on, their rows in those that are fed before it are brought as far.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from events.customer import State
from events.history import states
from events.store import EventStore
from projections.failures import is_curable, reason_of
from projections.generations import GenerationStore
from projections.projector import Projector
from projections.read_model import ReadModel, Write, Written
from projections.row import RETURNING, Parked, Row, row_of


class RedriveOutcome(StrEnum):
    """What became of a parked customer."""

    WOULD_RETURN = "would return"
    """A dry run: their events can be folded now."""
    RETURNED = "returned"
    """Their row is what all their events make."""
    STILL_PARKED = "still parked"
    """An event still cannot be projected."""
    TRY_AGAIN = "try again"
    """A service did not answer, or another writer was faster."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """One customer's outcome.

    Attributes:
        customer_id: Whose.
        outcome: What became of them.
        parked: Why they were, or still are, parked.
        version: The version of their row now.
    """

    customer_id: str
    outcome: RedriveOutcome
    parked: Parked
    version: int


class Redrive:
    """Redrives the parked customers of one generation."""

    def __init__(
        self, store: EventStore, read_model: ReadModel, projector: Projector, generations: GenerationStore
    ) -> None:
        """Join it to both tables.

        Args:
            store: The event table.
            read_model: The read table.
            projector: Projects what came while a customer was brought back.
            generations: Says, at each customer anew, which generations go first.
        """
        self._store = store
        self._read_model = read_model
        self._projector = projector
        self._generations = generations

    def run(self, generation: int, *, dry: bool = True, limit: int | None = None) -> Iterator[Redriven]:
        """Try parked customers, the longest parked first. Stopping it at any point loses nothing.

        Args:
            generation: Which rows.
            dry: Whether only to say what would happen.
            limit: At most so many customers.
        """
        # Read up front, as the index changes under the run: a customer who stays parked must not come up twice.
        parked = list(islice(self._read_model.parked(generation), limit))
        for listed in parked:
            row = self._row(listed.customer_id, generation)
            if row and row.parked:
                yield self._try(row, row.parked, dry=dry)

    def _try(self, row: Row, parked: Parked, *, dry: bool) -> Redriven:
        reached: State | None = None
        try:
            for state in states(self._store.read(row.customer_id)):
                reached = state
        except Exception as error:  # noqa: BLE001 - one customer's trouble must not end the run
            if is_curable(error):
                return Redriven(row.customer_id, RedriveOutcome.TRY_AGAIN, parked, row.version)
            return self._still(row, reached, replace(parked, reason=reason_of(error)), dry=dry)
        if reached is None or reached.version < row.version:
            reason = f"the event table ends before version {row.version}"
            return self._still(row, None, replace(parked, reason=reason), dry=dry)
        if dry:
            return Redriven(row.customer_id, RedriveOutcome.WOULD_RETURN, parked, row.version)
        return self._return(row, parked, row_of(reached, row.generation))

    def _return(self, row: Row, parked: Parked, right: Row) -> Redriven:
        """Bring a customer back in two writes, as an event may have waited since theirs were read: the first write
        ends the waiting and leaves the row parked, so that it is found again if nobody comes to the second.
        """
        mark = replace(parked, version=right.version + 1, reason=RETURNING, attempts=parked.attempts + 1)
        returning = replace(right, parked=mark)
        if self._write(returning, row) and self._catch_up(returning, right):
            return Redriven(row.customer_id, RedriveOutcome.RETURNED, parked, right.version)
        return Redriven(row.customer_id, RedriveOutcome.TRY_AGAIN, parked, row.version)

    def _write(self, row: Row, replaced: Row) -> bool:
        is_ahead = row.version > replaced.version and not self._follow(row.customer_id, row.generation, row.version)
        return not is_ahead and self._read_model.write([Write(row, replaced)]) == [Written.APPLIED]

    def _follow(self, customer_id: str, generation: int, version: int) -> bool:
        """Bring a customer in the generations that go before one at least to a version; whether they are there."""
        try:
            return all(
                self._reaches(customer_id, earlier, version) for earlier in self._generations.load().before(generation)
            )
        except Exception:  # noqa: BLE001 - whatever it is, the customer stays where the next run finds them
            return False

    def _reaches(self, customer_id: str, generation: int, version: int) -> bool:
        row = self._row(customer_id, generation)
        if row and row.version >= version:
            return True
        if row and row.parked:
            self._try(row, row.parked, dry=False)
        else:
            self._projector.project(self._store.read(customer_id), generation)
        row = self._row(customer_id, generation)
        return row is not None and row.version >= version

    def _row(self, customer_id: str, generation: int) -> Row | None:
        return self._read_model.current([customer_id], generation).get(customer_id)

    def _catch_up(self, returning: Row, right: Row) -> bool:
        """Project what the stream brought while the customer was still parked: it will not come again."""
        try:
            later = self._store.read(right.customer_id, after_version=right.version)
            if later:
                reaches = self._follow(right.customer_id, right.generation, later[-1].version)
                return reaches and not self._projector.project(later, right.generation).failed
        except Exception:  # noqa: BLE001 - whatever it is, the customer stays where the next run finds them
            return False
        # Outrun means that the live projector has brought a newer event, and the customer back with it.
        return self._read_model.write([Write(right, returning)]) != [Written.FAILED]

    def _still(self, row: Row, reached: State | None, parked: Parked, *, dry: bool) -> Redriven:
        """Parked as before, perhaps at a later event: what stands before it is shown."""
        stands = row_of(reached, row.generation) if reached and reached.version > row.version else row
        found = replace(parked, version=stands.version + 1)
        if dry:
            return Redriven(row.customer_id, RedriveOutcome.STILL_PARKED, found, row.version)
        tried = replace(found, attempts=parked.attempts + 1)
        if not self._write(replace(stands, parked=tried), row):
            return Redriven(row.customer_id, RedriveOutcome.TRY_AGAIN, parked, row.version)
        return Redriven(row.customer_id, RedriveOutcome.STILL_PARKED, tried, stands.version)
