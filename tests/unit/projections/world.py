"""An event store, a read model and everything that connects them, in memory and in virtual time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from botocore.exceptions import ClientError, ReadTimeoutError

from events.envelope import Event, Recorded, Unreadable
from projections.customers import CUSTOMERS
from projections.generations import FIRST_GENERATION
from projections.maintenance.rebuild import Pace, Rebuild
from projections.maintenance.redrive import Redrive
from projections.maintenance.stores import ViewStores
from projections.maintenance.verify import Verifier
from projections.projector import ProjectionReport, Projector
from projections.row import Parked, Row
from tests.event_log import append_all
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.read_model import InMemoryGenerations, InMemoryProgress, InMemoryReadModel
from tests.samples import START, history

THROTTLE = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Query")
TIMEOUT = ReadTimeoutError(endpoint_url="https://dynamodb.test")


class World:
    """All components, connected.

    Attributes:
        pauses: The length of each pause, in seconds.
        while_pausing: Called at every pause, so that a test can make something happen meanwhile.
        read_errors: Raised by the next reads of a customer's events, one after the other.
    """

    def __init__(self) -> None:
        self.store = InMemoryEventStore()
        self.read_model = InMemoryReadModel()
        self.progress = InMemoryProgress()
        self.generations = InMemoryGenerations()
        self.pauses: list[float] = []
        self.while_pausing: Callable[[], None] = lambda: None
        self.read_errors: list[Exception] = []
        self.time = START
        self.projector = Projector(self.read_model, self._read, self.now)
        self.redrive = Redrive(self.store, self.read_model, self.projector, self.generations)
        self.verifier = Verifier(self.store, self.read_model, self._pause, self.now)
        self.rebuild = Rebuild(self.store, self.projector, self.progress, self.generations, Pace(self._pause))

    @property
    def stores(self) -> dict[str, ViewStores]:
        """What the functions of a rebuild work with."""
        return {"customers": ViewStores(CUSTOMERS, self.read_model, self.generations, self.progress)}

    def now(self) -> datetime:
        return self.time

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += timedelta(seconds=seconds)
        self.while_pausing()

    def _read(self, customer_id: str) -> Sequence[Recorded]:
        if self.read_errors:
            raise self.read_errors.pop(0)
        return self.store.read(customer_id)

    def log(self, customer_id: str, versions: int) -> list[Event]:
        """Append a customer's first events."""
        events = history(customer_id, versions)
        append_all(self.store, events)
        return events

    def append(self, event: Event) -> Event:
        self.store.append(event)
        return event

    def replace_event(self, event: Event) -> Event:
        """Replace a stored event, to break or to fix it."""
        self.store.events[event.customer_id, event.version] = event
        return event

    def project(self, *events: Recorded, generation: int = FIRST_GENERATION) -> ProjectionReport:
        return self.projector.project(events, generation)

    def row(self, customer_id: str, generation: int = FIRST_GENERATION) -> Row | None:
        return self.read_model.get(customer_id, generation)

    def version(self, customer_id: str, generation: int = FIRST_GENERATION) -> int:
        row = self.row(customer_id, generation)
        return row.version if row else 0

    def parked(self, customer_id: str, generation: int = FIRST_GENERATION) -> Parked | None:
        row = self.row(customer_id, generation)
        return row.parked if row else None


def poison(event: Event) -> Event:
    """Return the event with an unknown type."""
    return replace(event, type="CustomerTeleported")


def unreadable(event: Event) -> Unreadable:
    """Return what the store reports for an item that is not an event."""
    return Unreadable(event.customer_id, event.version, "the row is not an event: KeyError")
