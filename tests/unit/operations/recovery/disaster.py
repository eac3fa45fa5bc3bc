"""A stack in memory that loses its event table: customers, the projection, the bus and two consumers of it."""

import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch
from uuid import UUID

import operations.__main__ as program
from commands.context import Context
from commands.create_customer import CreateCustomer, create_customer
from commands.erase_customer import EraseCustomer, erase_customer
from commands.finish_erasures import NotErased, finish_erasure
from commands.update_customer import NewDetails, UpdateCustomer, update_customer
from consumer_kit import (
    CREATED,
    UPDATED,
    Action,
    Consumer,
    CustomerState,
    Effect,
    GapPolicy,
    PublishedEvent,
    TooManyHeld,
    from_cloud_event,
)
from consumer_kit.testing import InMemoryInbox
from events.codec import recorded
from events.customer import Customer
from events.dynamodb_erasures import DynamoDbErasureLog, DynamoDbErasures
from events.dynamodb_store import DynamoDbEventStore
from operations.jobs.claims.dynamodb_table import DynamoDbClaims
from operations.jobs.failure_queue import FailureQueue
from operations.jobs.health.readings import HealthSource
from operations.jobs.recovery.parameters import StackParameters
from operations.jobs.recovery.tables import RestorableTables
from operations.jobs.versions import VersionRegistry
from operations.output import Output
from operations.stack import Stack
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from shared.http.problems import FieldTaken
from shared.runtime.clock import timestamp
from tests.fakes.bus import FakeBus
from tests.samples import METADATA, valid_body
from tests.simulation.clock import VirtualClock
from tests.simulation.database import Database
from tests.simulation.faults import Faults, Mix
from tests.simulation.tables import Change, our_tables
from tests.unit.operations.backfill.sqs import URL, FakeSqs
from tests.unit.operations.recovery.restorable import FakeCloudFormation, RestorableDynamoDb

if TYPE_CHECKING:
    from tests.simulation.expressions import Item

TABLES: Final = {
    "EventTable": "events",
    "ClaimsTable": "claims",
    "ErasuresTable": "erasures",
    "ErasureLogTable": "erasure-log",
    "ReadTable": "read",
}
# So few that customers get addresses that others had.
ADDRESSES: Final = 12
ONE: Final = ("--workers", "1")


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A command that was acknowledged.

    Attributes:
        time: When, in seconds since 1970.
        customer: The customer as the command left them; None after an erasure.
    """

    time: float
    customer_id: str
    customer: Customer | None


class Follower:
    """A consumer that keeps a copy of every customer.

    Attributes:
        queue: Messages that wait, each a CloudEvent as JSON.
        details: What it keeps of each customer.
    """

    def __init__(self, policy: GapPolicy, random: Random) -> None:
        self.queue: list[str] = []
        self.details: dict[str, Any] = {}
        self.inbox = _Inbox(self.details)
        self.consumer = Consumer(self.inbox, _react, {CREATED: 1, UPDATED: 1}, policy)
        self._random = random

    def receive(self) -> bool:
        """Handle some message. Now and then it is delivered again.

        Returns:
            Whether the message was skipped because its epoch is over.
        """
        if not self.queue:
            return False
        place = self._random.randrange(len(self.queue))
        event = from_cloud_event(json.loads(self.queue[place]))
        is_over = event.epoch < self.inbox.load(event.customer_id).epoch
        with suppress(TooManyHeld):
            result = self.consumer.handle(event)
            if self._random.random() < 0.8:
                del self.queue[place]
            return is_over and result.action is Action.SKIP
        return False


class _Inbox(InMemoryInbox):
    """Carries the effects out."""

    def __init__(self, details: dict[str, Any]) -> None:
        super().__init__()
        self._details = details

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        super().save(state, effects)
        for effect in effects:
            self._details.pop(effect["Delete"], None) if "Delete" in effect else self._details.update(effect["Put"])


def _react(event: PublishedEvent) -> list[Effect]:
    return [{"Delete": event.customer_id}] if event.erases else [{"Put": {event.customer_id: dict(event.data)}}]


class World:
    """The stack and all that is around it.

    Attributes:
        acknowledged: Every command, in order.
        cloud: The stack's parameters.
        stream: The events that were inserted into the table that the stack uses.
        met: How often something happened that is worth a test.
        commands: What the operators ran.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.clock = VirtualClock()
        self.faults = Faults(Mix(), self.random)
        self.database = Database(our_tables(), self.clock.now, self._written, lambda _: False)
        self.client = RestorableDynamoDb(self.database, self, self.clock)
        self.cloud = FakeCloudFormation(
            Stage="staging", EventTableName="", EventStreamLabel="", Epoch="1", Closed="false", GradualDeployment="true"
        )
        self.sqs = FakeSqs("every", "latest", "failures")
        self.followers = {policy.value: Follower(policy, self.random) for policy in GapPolicy}
        self.acknowledged: list[Acknowledged] = []
        self.stream: list[Item] = []
        self.printed = ""
        self.met = Counter[str]()
        self.commands: list[str] = []
        self._seen: dict[tuple[str, int], str] = {}
        self._projected = self._published = 0

    # What the fake client asks of its world.

    def interlude(self) -> None: ...

    def later(self, effect: Callable[[], object]) -> None:
        effect()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def _written(self, changes: list[Change]) -> None:
        self.client.keep(changes)
        inserted = [each.new for each in changes if each.table == self.event_table and each.old is None and each.new]
        self.stream += inserted

    # The stack.

    @property
    def event_table(self) -> str:
        """The name of the table that the stack uses."""
        return self.cloud.values["EventTableName"] or TABLES["EventTable"]

    def stack(self, *_: str) -> Stack:
        """The stack as the operators' commands see it now."""
        client: Any = self.client
        queues: Any = self.sqs
        cloud: Any = self.cloud
        events, pause = self.event_table, self.clock.advance
        log = DynamoDbErasureLog(client, "erasure-log", pause)
        return Stack(
            store=DynamoDbEventStore(client, events, "claims", "erasures", pause),
            claims=DynamoDbClaims(client, "claims", events, pause),
            erasures=DynamoDbErasures(client, "erasures", log),
            erasure_log=log,
            read_model=DynamoDbReadModel(client, "read", pause),
            generations=DynamoDbGenerations(client, "read"),
            progress=DynamoDbProgress(client, "read"),
            count_events=lambda: sum(1 for _ in self.database.tables[events].all()),
            failures=FailureQueue(queues, f"{URL}failures"),
            unpublished=FailureQueue(queues, f"{URL}failures"),
            bus=FakeBus(),
            event_source="urn:customers-api:staging",
            bus_arn="arn:aws:events:eu-west-1:123456789012:event-bus/staging-customers",
            versions=VersionRegistry(cloud, list),
            tables={**TABLES, "EventTable": events},
            control=RestorableTables(client, pause),
            parameters=StackParameters(cloud, "stack", pause),
            health=HealthSource(list, list, list, list),
            epoch=int(self.cloud.values["Epoch"]),
            pause=pause,
            clock=self.clock.now,
            now=self.clock.utc_now,
        )

    def run(self, *words: str) -> int:
        """Run a command of the operators; return its exit status and keep its output in `printed`."""
        self.commands.append(" ".join(words))
        table, printed = self.event_table, io.StringIO()
        with patch.object(program, "Output", lambda *, as_json: Output(as_json=as_json, to=printed)):
            status = program.main(words, self.stack)
        self.printed = printed.getvalue()
        if self.event_table != table:
            # Both mappings begin at the start of the new table's stream.
            self.stream, self._projected, self._published = [], 0, 0
        return status

    # What happens all the time.

    def step(self) -> None:
        """Let somebody do something."""
        self.clock.advance(self.random.random() * 3)
        closed = self.cloud.values["Closed"] == "true"
        somebody = [self.project, self.publish, self.finish_erasures, *[self.deliver] * 3]
        self.random.choice(somebody if closed else [*somebody, *[self.command] * 4])()

    def command(self) -> None:
        """A caller creates, changes or erases a customer."""
        living = [id_ for id_, customer in self.newest().items() if customer]
        kind = self.random.choice(("create", "create", "update", "update", "update", "erase"))
        with suppress(FieldTaken):
            if kind == "create" or not living:
                self._create(str(UUID(int=self.random.getrandbits(128), version=4)))
            elif kind == "update":
                self._update(self.random.choice(living))
            else:
                self.erase(self.random.choice(living))

    def newest(self, until: float = float("inf")) -> dict[str, Customer | None]:
        """Every customer as they were acknowledged last."""
        return {each.customer_id: each.customer for each in self.acknowledged if each.time <= until}

    def _details(self) -> dict[str, str]:
        number = self.random.randrange(ADDRESSES)
        return valid_body(full_name=f"P {self.random.random()}", email=f"p{number}@example.com")

    def _create(self, customer_id: str) -> None:
        command = CreateCustomer.model_validate(self._details())
        self._acknowledge(customer_id, create_customer(command, self.stack().store, customer_id, self._context()))

    def _update(self, customer_id: str) -> None:
        command = UpdateCustomer(NewDetails.model_validate(self._details()))
        store, pause = self.stack().store, self.clock.advance
        self._acknowledge(customer_id, update_customer(command, store, customer_id, self._context(), pause))

    def erase(self, customer_id: str) -> None:
        """A caller erases a customer."""
        erase_customer(EraseCustomer(), self.stack().store, customer_id, self._context(), self.clock.advance)
        self._acknowledge(customer_id, None)

    def _context(self) -> Context:
        event_id = str(UUID(int=self.random.getrandbits(128), version=4))
        return Context(self.clock.utc_now(), event_id, replace(METADATA, command_id=event_id))

    def _acknowledge(self, customer_id: str, customer: Customer | None) -> None:
        self.acknowledged.append(Acknowledged(self.clock.time, customer_id, customer))

    def project(self, most: int = 5) -> None:
        """The projector handles a batch of the stream."""
        batch = [recorded(item) for item in self.stream[self._projected : self._projected + most]]
        stack, self._projected = self.stack(), self._projected + len(batch)
        fed = stack.generations.load().fed
        stack.projector.project_into(batch, fed)
        stack.projector.clear_elsewhere(batch, fed)

    def publish(self, most: int = 5) -> None:
        """The publisher handles a batch of the stream."""
        batch = [recorded(item) for item in self.stream[self._published : self._published + most]]
        stack, self._published = self.stack(), self._published + len(batch)
        bus: Any = stack.bus
        assert not stack.publisher.publish(batch).failed
        for follower in self.followers.values():
            follower.queue += bus.details
        for detail in map(json.loads, bus.details):
            place = detail["subject"], int(detail["sequence"])
            self.met["versions given out again"] += self._seen.setdefault(place, detail["id"]) != detail["id"]

    def deliver(self) -> None:
        """Each consumer handles a message."""
        for follower in self.followers.values():
            self.met["skipped of an older epoch"] += follower.receive()

    def finish_erasures(self) -> None:
        """FinishErasures finishes a part of an erasure, or the whole."""
        stack = self.stack()
        for erasure in stack.erasures.unfinished():
            with suppress(NotErased):
                finish_erasure(stack.store, stack.erasures, erasure.customer_id, lambda: self.random.random() < 0.5)

    def drain(self) -> None:
        """Let everything that is under way arrive."""
        while max(self._projected, self._published) < len(self.stream) or self._projected != self._published:
            self.project(100)
            self.publish(100)
        while self.stack().erasures.unfinished():
            self.finish_erasures()
        while any(follower.queue for follower in self.followers.values()):
            self.deliver()

    def backfill(self) -> None:
        """The operators send every event to both consumers."""
        for name, follower in self.followers.items():
            assert self.run("backfill", "--queue", name, *ONE) == 0
            follower.queue += [json.dumps(body["detail"]) for body in self.sqs.bodies(name)]

    # The disaster.

    def damage(self) -> None:
        """Something overwrites and deletes events."""
        table = self.database.tables[self.event_table]
        for key, item in list(table.all()):
            if self.random.random() < 0.7:
                damaged = {**item, "data": {"S": "?"}} if self.random.random() < 0.5 else None
                self.client.keep([table.replace(key, damaged, self.clock.time)])

    def moment_before(self) -> float:
        """A whole second before the damage."""
        return float(int(self.clock.time - 1 - self.random.random() * 60))


def as_option(time: float) -> str:
    """A time as an option of a command."""
    return timestamp(datetime.fromtimestamp(time, UTC))
