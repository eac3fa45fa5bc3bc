"""A stack in memory, for the tests of the commands."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any
from unittest.mock import patch

import operations.__main__ as program
from events.customer import Customer
from operations.jobs.failure_queue import FailureQueue
from operations.jobs.health.readings import ActiveAlarm, HealthSource, MappingReading, QueueDepth, RouteReading
from operations.jobs.versions import VersionRegistry
from operations.output import Output
from operations.stack import Stack
from projections.countries import COUNTRIES
from projections.maintenance.stores import ViewStores
from tests.fakes.bus import FakeBus
from tests.fakes.claims import InMemoryClaims
from tests.fakes.counted_rows import InMemoryCountedRows
from tests.fakes.erasure_log import InMemoryErasureLog
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.read_model import InMemoryGenerations, InMemoryProgress, InMemoryReadModel
from tests.samples import START, created


@dataclass
class Clock:
    """A clock that moves only when `pause` is called."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


class FakeQueue:
    """A failure queue: messages by receipt handle, hidden while they are received.

    Attributes:
        now: When messages are sent.
        sent: When the messages were sent that have been sent since the test began.
        extended: The handles that were hidden for longer, in order.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: START) -> None:
        self.messages: dict[str, dict[str, object]] = {}
        self.hidden: set[str] = set()
        self.numbers = count()
        self.now = now
        self.sent: dict[str, datetime] = {}
        self.extended: list[str] = []

    def get_queue_attributes(self, **_: object) -> Any:
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.messages) - len(self.hidden))}}

    def receive_message(self, *, MaxNumberOfMessages: int, **_: object) -> Any:  # noqa: N803 - SQS's name
        visible = list(islice((handle for handle in self.messages if handle not in self.hidden), MaxNumberOfMessages))
        self.hidden.update(visible)
        return {"Messages": list(map(self._message, visible))} if visible else {}

    def _message(self, handle: str) -> dict[str, object]:
        sent = self.sent.get(handle)
        attributes = {"SentTimestamp": str(int(sent.timestamp() * 1000))} if sent else {}
        return {"ReceiptHandle": handle, "Body": json.dumps(self.messages[handle]), "Attributes": attributes}

    def send_message(self, *, MessageBody: str, **_: object) -> None:  # noqa: N803 - SQS's name
        handle = f"sent-{next(self.numbers)}"
        self.messages[handle] = json.loads(MessageBody)
        self.sent[handle] = self.now()

    def delete_message(self, *, ReceiptHandle: str, **_: object) -> None:  # noqa: N803 - SQS's name
        del self.messages[ReceiptHandle]

    def change_message_visibility_batch(self, *, Entries: list[Any], **_: object) -> None:  # noqa: N803 - SQS's name
        assert len(Entries) <= 10
        for entry in Entries:
            if entry["VisibilityTimeout"]:
                self.extended.append(entry["ReceiptHandle"])
            else:
                self.hidden.discard(entry["ReceiptHandle"])


class FakeLambda:
    """Lambda's versions and aliases: function -> numbers, and function -> alias."""

    def __init__(self) -> None:
        self.published: dict[str, list[int]] = {}
        self.aliases: dict[str, dict[str, Any]] = {}

    def get_paginator(self, operation: str) -> Any:
        return FakePages({"list_versions_by_function": self._versions, "list_aliases": self._aliases}[operation])

    def _versions(self, name: str) -> Iterator[Any]:
        yield {"Versions": [{"Version": "$LATEST"}]}
        for number in self.published[name]:
            yield {"Versions": [{"Version": str(number)}]}

    def _aliases(self, name: str) -> Iterator[Any]:
        yield {"Aliases": [self.aliases[name]] if name in self.aliases else []}

    def delete_function(self, *, FunctionName: str, Qualifier: str) -> None:  # noqa: N803 - Lambda's names
        self.published[FunctionName].remove(int(Qualifier))


class FakePages:
    """A paginator."""

    def __init__(self, pages: Callable[[str], Iterator[Any]]) -> None:
        self._pages = pages

    def paginate(self, *, FunctionName: str) -> Iterator[Any]:  # noqa: N803 - Lambda's name
        return self._pages(FunctionName)


class FakeStack:
    """The fakes behind a `Stack`, and what tests ask of it."""

    def __init__(self) -> None:
        self.store = InMemoryEventStore()
        self.read_model = InMemoryReadModel()
        self.generations = InMemoryGenerations()
        self.read_model.revision = lambda: self.generations.saved.revision
        self.progress = InMemoryProgress()
        self.clock = Clock()
        self.queue = FakeQueue(self.clock.now)
        self.notes = FakeQueue(self.clock.now)
        self.bus = FakeBus()
        queue: Any = self.queue
        notes: Any = self.notes
        self.countries = InMemoryCountedRows(self.store.latest)
        self.country_generations = InMemoryGenerations()
        self.countries.revision = lambda: self.country_generations.saved.revision
        countries = ViewStores(COUNTRIES, self.countries, self.country_generations, InMemoryProgress())
        self.functions = FakeLambda()
        functions: Any = self.functions
        nothing: Any = None
        self.mappings: list[MappingReading] = []
        self.routes: list[RouteReading] = []
        self.queues: list[QueueDepth] = []
        self.alarms: list[ActiveAlarm] = []
        self.stack = Stack(
            store=self.store,
            claims=InMemoryClaims(self.store),
            erasures=self.store,
            erasure_log=InMemoryErasureLog(self.store),
            read_model=self.read_model,
            generations=self.generations,
            progress=self.progress,
            count_events=lambda: len(self.store.events),
            failures=FailureQueue(queue, "queue"),
            unpublished=FailureQueue(notes, "notes"),
            bus=self.bus,
            event_source="urn:s",
            bus_arn="arn:aws:events:eu-west-1:123456789012:event-bus/test-customers",
            versions=VersionRegistry(functions, lambda: list(self.functions.published)),
            tables={},
            control=nothing,
            parameters=nothing,
            views={COUNTRIES.name: countries},
            health=HealthSource(lambda: self.mappings, lambda: self.routes, lambda: self.queues, lambda: self.alarms),
            pause=self.clock.pause,
            clock=self.clock,
            now=self.clock.now,
        )

    def customer(self, customer_id: str, *, projected: bool = True) -> None:
        """Store a customer with one event, and project it by default."""
        event = created(customer_id)
        self.store.append(event)
        if projected:
            self.project(customer_id)

    def project(self, customer_id: str) -> None:
        """Project a customer's events into every view."""
        for stack in self.stack.every_view:
            stack.projector.project_into(self.store.read(customer_id), stack.generations.load().fed)

    def shown(self, customer_id: str) -> Customer | None:
        """The customer as queries show them."""
        row = self.read_model.get(customer_id, self.generations.load().active)
        return Customer.model_validate_json(row.listing.document) if row and row.listing else None

    def run(self, *words: str) -> int:
        """Run a command; return its exit status and keep its output in `printed`."""
        printed = io.StringIO()
        with patch.object(program, "Output", lambda *, as_json: Output(as_json=as_json, to=printed)):
            status = program.main(words, lambda *_: self.stack)
        self.printed = printed.getvalue()
        return status
