"""A view that counts customers by country, with everything around it, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from events.envelope import Event, Recorded
from projections.counting_projector import CountingProjector
from projections.countries import COUNTRIES
from projections.generations import FIRST_GENERATION
from projections.maintenance.rebuild import Pace, Rebuild
from projections.maintenance.redrive import Redrive
from projections.maintenance.verify import Verifier
from projections.projector import ProjectionReport
from projections.read_model import Write
from projections.row import Parked, Row
from tests.fakes.counted_rows import InMemoryCountedRows
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.read_model import InMemoryGenerations, InMemoryProgress
from tests.samples import START


@dataclass
class CountingWorld:
    """All components, connected.

    Attributes:
        reads: How often the newest event of a customer was looked up.
    """

    reads: int = 0

    def __post_init__(self) -> None:
        self.store = InMemoryEventStore()
        self.rows = InMemoryCountedRows(self.store.latest)
        self.generations = InMemoryGenerations()
        self.rows.revision = lambda: self.generations.saved.revision
        self.progress = InMemoryProgress()
        self.time = START
        self.projector = CountingProjector(self.rows, _Watched(self.store, self), COUNTRIES, lambda: self.time)
        self.verifier = Verifier(self.store, self.rows, self._pause, lambda: self.time, COUNTRIES)
        self.redrive = Redrive(self.store, self.rows, self.projector, self.generations, COUNTRIES)
        self.rebuild = Rebuild(self.store, self.projector, self.progress, self.generations, Pace(self._pause))

    def _pause(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def append(self, *events: Event) -> None:
        for event in events:
            self.store.append(event)

    def replace_event(self, event: Event) -> None:
        """Replace a stored event, to break or to fix it."""
        self.store.events[event.customer_id, event.version] = event

    def project(self, *events: Recorded, generation: int = FIRST_GENERATION) -> ProjectionReport:
        return self.projector.project(events, generation)

    def row(self, customer_id: str, generation: int = FIRST_GENERATION) -> Row | None:
        return self.rows.get(customer_id, generation)

    def shown(self, customer_id: str) -> tuple[int, str | None] | None:
        """The version and the group of a row."""
        row = self.row(customer_id)
        return (row.version, row.group) if row else None

    def parked(self, customer_id: str) -> Parked | None:
        row = self.row(customer_id)
        return row.parked if row else None

    def before_write(self, step: Callable[[], Any], when: Callable[[Write], bool] = lambda _: True) -> None:
        """Let something else happen right before the next write that matches, as if its writer was paused there."""

        def interfere(write: Write) -> None:
            if when(write):
                self.rows.interfere = lambda _: None
                step()

        self.rows.interfere = interfere

    def is_exact(self, generation: int = FIRST_GENERATION) -> bool:
        """Whether the counters are the sums of the rows."""
        groups = [row.group for row in self.rows.stored.values() if row.generation == generation and row.group]
        return self.rows.counts(generation) == {group: groups.count(group) for group in groups}


class _Watched:
    """The store, which counts the look-ups of newest events."""

    def __init__(self, store: InMemoryEventStore, world: CountingWorld) -> None:
        self._store = store
        self._world = world

    def latest(self, customer_id: str) -> Recorded | None:
        self._world.reads += 1
        return self._store.latest(customer_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def poison(event: Event) -> Event:
    """Return the event with an unknown type."""
    return replace(event, type="CustomerTeleported")
