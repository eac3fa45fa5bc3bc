"""The publisher's world: its handler between the real core of the event source mapping and an unreliable bus."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any, Final, cast

from botocore.exceptions import ClientError, ReadTimeoutError

from events.codec import REDACTED, to_item
from events.envelope import Event
from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import FunctionFailed, FunctionReturned, InvokeFailed, InvokeResult
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.records import StreamRecord, record_of
from publisher.cloud_event import cloud_event, to_json
from publisher.event_bridge import EventBridgeBus
from publisher.handlers import publish_events
from publisher.publishing import Publisher
from publisher.sqs_publish_failures import SqsPublishFailures
from tests.samples import created, erased, updated
from tests.unit.event_source_mapping.fakes import FakeFunction, FakeStream, World

SOURCE: Final = "urn:customers-api:local"
SHARDS: Final = 4
STEPS_AN_EVENT: Final = 4
FAILED_CODES: Final = ("InternalFailure", "ThrottlingException")
Key = tuple[str, int]


class Crashed(BaseException):
    """The function's process died."""


@dataclass(frozen=True, slots=True)
class Mix:
    """The probability of each fault where it can happen.

    Attributes:
        failed_entry: One entry of a request is refused.
        throttled: A request is refused.
        lost_answer: The response to a request is lost, whether it was carried out or not.
        crash: The function dies at a call, before or after its effect.
        killed: The mapping is killed and continues from its checkpoints.
        redelivered: A batch is delivered again after it was answered.
        outage: The first and the last request of the run that are all throttled.
        poison: An event cannot be read.
        erased: An event is an erasure.
    """

    failed_entry: float = 0.20
    throttled: float = 0.05
    lost_answer: float = 0.05
    crash: float = 0.03
    killed: float = 0.01
    redelivered: float = 0.05
    outage: range = range(0)
    poison: float = 0.004
    erased: float = 0.01


@dataclass(slots=True)
class Log:
    """An event table and its stream.

    Attributes:
        events: The intended events, by key.
        items: Their rows, some of which are poison.
        poison: The keys of those.
        erased: The customers with an erasure. It is their last event.
        shards: The stream.
    """

    events: dict[Key, Event] = field(default_factory=dict)
    items: dict[Key, Any] = field(default_factory=dict)
    poison: set[Key] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    shards: dict[str, list[StreamRecord]] = field(default_factory=dict)

    def stored(self, key: Key, *, cut_below: int = 0) -> Any:
        """A row as the event table has it after the erasures. The stream's images keep the data.

        Args:
            cut_below: Erasures have not come to the events below this version.
        """
        item = self.items[key]
        is_redacted = key[0] in self.erased and key[1] >= cut_below and item["type"]["S"] != "CustomerErased"
        return {**item, "data": {"S": REDACTED}} if is_redacted else item


def log_of(random: Random, size: int, mix: Mix) -> Log:
    """Several interleaved histories. The last part is in the children of a split shard."""
    log, customers = Log(), [f"c-{number}" for number in range(size // 5)]
    versions: Counter[str] = Counter()
    for second in range(size):
        customer = random.choice(customers)
        if customer in log.erased:
            continue
        versions[customer] += 1
        event = _event(customer, versions[customer], second)
        strange = {name for name, _ in log.poison}
        if event.version > 1 and customer not in strange and random.random() < mix.erased:
            log.erased.add(customer)
            event = replace(erased(customer, event.version), occurred_at=event.occurred_at, event_id=event.event_id)
        key = customer, event.version
        log.events[key], log.items[key] = event, cast("dict[str, Any]", to_item(event))
        if customer not in log.erased and random.random() < mix.poison:
            log.poison.add(key)
            random.choice((_future, _garbled, _no_event))(log.items[key])
        shard = f"s{customers.index(customer) % SHARDS}" + ("-child" if second > size * 0.8 else "")
        log.shards.setdefault(shard, []).append(_record(log.items[key], len(log.shards[shard]) + 1, event.occurred_at))
    return log


class FaultyBus:
    """EventBridge and SQS behind boto3's names."""

    def __init__(self, random: Random, mix: Mix) -> None:
        self.random = random
        self.mix = mix
        self.details: list[str] = []
        self.letters: list[dict[str, Any]] = []
        self.requests = 0
        self.faults: Counter[str] = Counter()

    def describe_event_bus(self, **_: str) -> None:
        """The bus exists."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - boto3's name
        """Accept some of the entries or none, and report it or not."""
        assert 1 <= len(Entries) <= 10
        self.requests += 1
        if self.requests in self.mix.outage or self._happens("throttled"):
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutEvents")
        ending = self._ending()
        if ending and self.random.random() < 0.5:
            raise ending
        results = [self._entry(entry) for entry in Entries]
        if ending:
            raise ending
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def send_message(self, *, MessageBody: str, **_: str) -> None:  # noqa: N803 - boto3's name
        """Accept a dead letter or not, and report it or not."""
        if self._happens("throttled"):
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "SendMessage")
        self.letters.append(json.loads(MessageBody)["unpublished"])
        if ending := self._ending():
            raise ending

    def _entry(self, entry: dict[str, Any]) -> dict[str, str]:
        if self._happens("failed_entry"):
            return {"ErrorCode": self.random.choice(FAILED_CODES)}
        self.details.append(entry["Detail"])
        return {"EventId": str(len(self.details))}

    def _happens(self, kind: str) -> bool:
        if self.random.random() < getattr(self.mix, kind):
            self.faults[kind] += 1
            return True
        return False

    def _ending(self) -> BaseException | None:
        """Raise what a failed call raises."""
        if self._happens("crash"):
            return Crashed()
        return ReadTimeoutError(endpoint_url="https://bus") if self._happens("lost_answer") else None


@dataclass(slots=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        published: How often each event is on the bus.
        letters: Events with a message of their own in the failure queue.
        discarded: Events of the batches that the mapping discarded.
        documents: The mapping's messages about them.
        bus: The bus, with what it accepted.
    """

    published: Counter[Key]
    letters: set[Key]
    discarded: set[Key]
    documents: list[Mapping[str, Any]]
    bus: FaultyBus


def run(log: Log, seed: int, mix: Mix) -> Outcome:
    """Let the mapping deliver the whole stream to the publisher."""
    random = Random(seed)
    bus = FaultyBus(random, mix)
    client = cast("Any", bus)
    publish_events.publisher = Publisher(
        EventBridgeBus(client, "bus", lambda: 0.0), SqsPublishFailures(client, "queue"), SOURCE, lambda _: None
    )
    world = World(
        function=FakeFunction(rule=lambda batch: _invoke(batch, random)),
        stream=_stream(log),
        policy=PollingPolicy(
            restart_count_on_progress=random.random() < 0.7, halve_when_first_fails=random.random() < 0.7
        ),
        redeliver=lambda _: random.random() < mix.redelivered,
        batch_size=100,
        # Unlike the template's mapping, so that batches are given up and a redrive has work.
        max_retries=10,
        max_record_age=86_400,
        bisect=True,
        reports_failures=True,
        destination="arn:aws:sqs:us-east-1:000000000000:discarded",
        patterns=('{"eventName": ["INSERT", "MODIFY", "REMOVE"]}',),
    )
    world.clock.time = max(record.arrived for records in log.shards.values() for record in records)
    _drain(world, log, random, mix)
    letters = {(letter["customer_id"], letter["version"]) for letter in bus.letters}
    documents = [document["DDBStreamBatchInfo"] for document in world.destination.documents]
    return Outcome(_published(log, bus.details), letters, _discarded(log, documents), documents, bus)


def check(log: Log, outcome: Outcome) -> None:
    """I6, and nothing else is on the bus."""
    on_bus, dead = set(outcome.published), outcome.letters | outcome.discarded
    missing = log.events.keys() - on_bus - dead
    assert not missing, f"{len(missing)} neither published nor dead-lettered"
    assert on_bus | dead == log.events.keys()
    assert not on_bus & log.poison
    assert log.poison <= dead
    assert outcome.letters <= log.poison, "readable events among the dead letters"


def _published(log: Log, details: Iterable[str]) -> Counter[Key]:
    """The keys of everything on the bus, which must equal the pure function's result byte for byte."""
    wanted = {to_json(cloud_event(event, SOURCE)): key for key, event in log.events.items() if key not in log.poison}
    unknown = [detail for detail in details if detail not in wanted]
    assert not unknown, unknown[:1]
    return Counter(wanted[detail] for detail in details)


def _discarded(log: Log, documents: Iterable[Mapping[str, Any]]) -> set[Key]:
    return {
        _key(record)
        for document in documents
        for record in log.shards[document["shardId"]]
        if int(document["startSequenceNumber"]) <= record.order <= int(document["endSequenceNumber"])
    }


def _drain(world: World, log: Log, random: Random, mix: Mix) -> None:
    tips = {name: records[-1].order for name, records in log.shards.items()}
    # Ten times what correct code takes.
    for _ in range(STEPS_AN_EVENT * len(log.events)):
        due = world.driver.step()
        world.clock.time = max(world.clock.time, due)
        if random.random() < mix.killed:
            world.restart()
        if all(name in world.checkpoints.saved and world.at(name) == tip for name, tip in tips.items()):
            return
    raise AssertionError("the mapping does not come to the end of the stream")


def _invoke(batch: RecordBatch, random: Random) -> InvokeResult:
    if random.random() < 0.05:
        return InvokeFailed("429")
    try:
        answer = publish_events.handle({"Records": [record.event for record in batch.records]}, None)
    except (Crashed, Exception):  # noqa: BLE001 - as Lambda's runtime does
        return FunctionFailed("Unhandled", "request-1")
    return FunctionReturned(json.dumps(answer).encode(), "request-1")


def _stream(log: Log) -> FakeStream:
    stream = FakeStream(**{name: records for name, records in log.shards.items() if "-child" not in name})
    for name in list(stream.records):
        if f"{name}-child" in log.shards:
            stream.split(name, **{f"{name}-child": log.shards[f"{name}-child"]})
    return stream


def _event(customer: str, version: int, second: int) -> Event:
    event = created(customer, second=second) if version == 1 else updated(customer, version, city=f"city {version}")
    moment = created("x", second=second).occurred_at
    return replace(event, occurred_at=moment, event_id=f"{customer}-{version}")


def _record(item: Any, number: int, moment: str) -> StreamRecord:
    keys = {name: item[name] for name in ("customer_id", "version")}
    return record_of(
        {
            "eventName": "INSERT",
            "dynamodb": {
                "ApproximateCreationDateTime": float(int(datetime.fromisoformat(moment).timestamp())),
                "Keys": keys,
                "NewImage": item,
                "SequenceNumber": str(number),
            },
        }
    )


def _key(record: StreamRecord) -> Key:
    change: Any = record.event["dynamodb"]
    return change["Keys"]["customer_id"]["S"], int(change["Keys"]["version"]["N"])


def _future(item: dict[str, Any]) -> None:
    item["type"] = {"S": "CustomerTeleported"}


def _garbled(item: dict[str, Any]) -> None:
    item["data"] = {"S": '{"full_name": 1}'}


def _no_event(item: dict[str, Any]) -> None:
    del item["metadata"]
