"""Two consumers of the bus that are built with the consumer kit, one for each gap policy, and their queues.

Messages are delivered late, in any order and repeatedly, the consumer fails now and then, and erasures arrive with a
newer schema version than the consumers support.
"""

import json
from collections.abc import Sequence
from random import Random
from typing import Any, Final, cast

from consumer_kit import (
    CREATED,
    ERASED,
    REDACTED,
    UPDATED,
    Consumer,
    CustomerState,
    DeadLetters,
    Effect,
    GapPolicy,
    PublishedEvent,
    handle_batch,
)
from consumer_kit.dynamodb_inbox import to_item
from consumer_kit.testing import InMemoryInbox
from events.codec import UnreadableEvent, recorded
from publisher.cloud_event import cloud_event, source_of
from tests.samples import PERSONAL_FIELDS
from tests.simulation.expressions import Item
from tests.simulation.invariants import Invariants, require
from tests.simulation.oracle import Person
from tests.simulation.stack import Queues

_BATCH: Final = 10
_REPEATED: Final = 0.1
_FAILING: Final = 0.05
_NEWER: Final = 0.5
_TOO_NEW: Final = 0.02
_SUPPORTED: Final = {CREATED: 1, UPDATED: 1, ERASED: 1}


def react(event: PublishedEvent) -> Sequence[Effect]:
    """Keep the newest details of a customer."""
    if event.erases:
        return [{"Delete": event.customer_id}]
    # Of a later type, too: strange events of the simulation become readable, and then carry the whole person.
    return [{"Put": (event.customer_id, event.data)}] if set(PERSONAL_FIELDS) <= event.data.keys() else []


class _Store(InMemoryInbox):
    """The consumer's table: the inbox, and the details of each customer. A write may fail."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.details: dict[str, Any] = {}
        self.fails = True
        self._random = random

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        if self.fails and self._random.random() < _FAILING:
            raise TimeoutError
        super().save(state, effects)
        self.effects.clear()
        for [(kind, value)] in (effect.items() for effect in effects):
            if kind == "Put":
                self.details[value[0]] = value[1]
            else:
                self.details.pop(value, None)

    def everything_of(self, customer_id: str) -> str:
        return repr((to_item(self.load(customer_id)), self.details.get(customer_id)))


class _Sqs:
    """The dead-letter queue behind boto3's names."""

    def __init__(self, invariants: Invariants) -> None:
        self._invariants = invariants

    def send_message(self, **message: Any) -> None:
        self._invariants.leaves("a dead letter of a consumer", repr(message))


class Subscriber:
    """One consumer with its queue."""

    def __init__(self, policy: GapPolicy, invariants: Invariants, random: Random) -> None:
        self.queue: list[str] = []
        self.store = _Store(random)
        self._invariants = invariants
        self._random = random
        self._consumer = Consumer(self.store, react, _SUPPORTED, policy, now=lambda: "now")
        self._dead_letters = DeadLetters(cast("Any", _Sqs(invariants)), "dead")

    def receive(self) -> None:
        """Handle a batch of any messages."""
        random, records = self._random, []
        for number in range(min(_BATCH, len(self.queue))):
            place = random.randrange(len(self.queue))
            self.queue[place], self.queue[-1] = self.queue[-1], self.queue[place]
            body = self.queue[-1] if random.random() < _REPEATED else self.queue.pop()
            records.append({"messageId": str(number), "body": body})
        batch = handle_batch(records, self._consumer.handle, self._dead_letters)
        self.queue += [records[int(number)]["body"] for number in batch.failed]
        for record in records:
            if record["messageId"] not in batch.failed:
                body = json.loads(record["body"])
                self._check(body.get("detail", body))

    def _check(self, event: dict[str, Any]) -> None:
        if event["type"] in (f"customers.{ERASED}", f"customers.{REDACTED}"):
            self.has_forgotten(event["subject"])

    def has_forgotten(self, customer_id: str) -> None:
        """I9: nothing of an erased customer is in the consumer's table."""
        self._invariants.leaves(f"a consumer's table after the erasure of {customer_id}", self.everything(customer_id))

    def everything(self, customer_id: str) -> str:
        """All that the consumer stores about a customer."""
        return self.store.everything_of(customer_id)


class Subscribers:
    """All consumers, and what publishes to them."""

    def __init__(self, queues: Queues, invariants: Invariants, random: Random) -> None:
        self._subscribers = [Subscriber(policy, invariants, random) for policy in GapPolicy]
        self._invariants = invariants
        self._random = random
        for policy, subscriber in zip(GapPolicy, self._subscribers, strict=True):
            queues.consumers[f"consumer-{policy.value}"] = subscriber.queue.append

    def publish(self, item: Item) -> None:
        """Put an event on the bus, as the stream reads it. An unreadable one waits for its repair."""
        try:
            event = cloud_event(recorded(item), source_of("local"))
        except UnreadableEvent:
            return
        if event["type"] == f"customers.{ERASED}" and self._random.random() < _NEWER:
            event |= {"dataschema": "urn:customers-api:schema:CustomerErased:2", "data": ["newer"]}
        elif self._random.random() < _TOO_NEW:
            # Becomes a dead letter, until it is sent again in the version that the consumers support.
            event["dataschema"] += "0"
        for subscriber in self._subscribers:
            subscriber.queue.append(json.dumps(event))

    def step(self) -> None:
        """Let each consumer handle a batch."""
        for subscriber in self._subscribers:
            subscriber.receive()

    def finish(self) -> None:
        """Deliver what is left, after a backfill of everything, and compare each consumer's table with the truth."""
        for subscriber in self._subscribers:
            subscriber.store.fails = False
            while subscriber.queue:
                subscriber.receive()
            for customer_id, person in self._invariants.oracle.people.items():
                _compare(subscriber, customer_id, person)


def _compare(subscriber: Subscriber, customer_id: str, person: Person) -> None:
    if person.erased_at:
        subscriber.has_forgotten(customer_id)
    elif person.documents[-1]:
        expected = {name: person.documents[-1][name] for name in PERSONAL_FIELDS}
        kept = subscriber.store.details.get(customer_id)
        require(kept == expected, "CONSUMER", f"a consumer has {customer_id} at another state than the newest")
