"""The projection on DynamoDB with faults of every kind, compared with a fold that shares no code with it.

The figures are at the end of the report.
"""

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from events.codec import REDACTED, to_item
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from local import tables
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import SegmentProgress, rebuild_job
from projections.maintenance.rebuild import Pace, Rebuild, RebuildFailed
from projections.maintenance.verify import Verifier
from projections.projector import Projector
from projections.read_model import ReadModelBusy
from tests.fakes.network import faulty
from tests.samples import START, created, erased, updated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEED = 20260517
RATE = 0.15
PASSING = (ClientError, BotoCoreError, ReadModelBusy)
_MOST_TRIES = 200
_names = count(1)


@dataclass(frozen=True, slots=True)
class Tables:
    """A test's own tables on one server."""

    client: "DynamoDBClient"
    events: str
    customers: str
    erasures: str

    def items(self, table: str) -> Iterator[Mapping[str, Any]]:
        for page in self.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from page["Items"]


class Wire:
    """What one process has: its own faulty connection, and everything that uses it."""

    def __init__(self, on: Tables, seed: int, rate: float) -> None:
        client, self.network = faulty(on.client.meta.endpoint_url, seed, rate)
        self.store = DynamoDbEventStore(client, on.events, erasures_table=on.erasures, pause=_no_pause)
        self.read_model = DynamoDbReadModel(client, on.customers, sleep=_no_pause)
        self.projector = Projector(self.read_model, self.store.read)
        self.generations = DynamoDbGenerations(client, on.customers)
        self.progress = DynamoDbProgress(client, on.customers)


@pytest.fixture
def own_tables(amazons_dynamodb: "DynamoDBClient") -> Tables:
    number = next(_names)
    names = {
        "EventTable": f"faults-events-{number}",
        "ReadTable": f"faults-customers-{number}",
        "ErasuresTable": f"faults-erasures-{number}",
    }
    for template, name in names.items():
        definition: Any = {**tables.from_template()[template], "TableName": name}
        definition.pop("StreamSpecification", None)
        amazons_dynamodb.create_table(**definition)
    return Tables(amazons_dynamodb, *names.values())


def test_ten_thousand_events_end_as_their_fold_whatever_the_network_does(
    own_tables: Tables, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(SEED)
    begun = time.monotonic()
    histories = [_history(rng) for _ in range(2_500)]
    delivered = _trimmed(histories, 10_000)
    _seed(own_tables, delivered)
    seeded = time.monotonic()
    wire = Wire(own_tables, SEED, RATE)
    heights = Heights()

    tries = 0
    for batch in _batches(delivered, rng):
        tries += _deliver(wire, batch, lambda: (1,))
        heights.look({event.customer_id for event in batch}, 1, own_tables)

    wrong = _differences(own_tables, 1)
    figures = (
        f"{len(delivered)} events of {len(histories)} customers, {sum(wire.network.met.values())} faults "
        f"{dict(sorted(wire.network.met.items()))}, {tries} tries, {len(wrong)} differences, {heights.fell} rows fell; "
        f"seeded in {seeded - begun:.1f} s, projected in {time.monotonic() - seeded:.1f} s"
    )
    record_property("figures", figures)
    assert wrong == []
    assert heights.fell == 0
    assert len(delivered) == 10_000
    assert set(wire.network.met) == {
        "throttled", "lost answer", "timed out", "reset", "sent twice", "left unread", "members throttled",
    }  # fmt: skip


def test_twenty_rebuilds_beside_live_writes_end_as_the_fold_and_no_reader_sees_older_data(
    own_tables: Tables, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(SEED + 1)
    begun = time.monotonic()
    first = [event for history in [_history(rng) for _ in range(150)] for event in history]
    _seed(own_tables, first)
    world = World(own_tables)
    _deliver(world.operator, first, lambda: (1,))

    with world.live(first):
        for number in range(20):
            world.rebuild(abandon=number % 5 == 4)

    generations = _again(world.operator.generations.load)
    wrong = [difference for number in generations.fed for difference in _differences(own_tables, number)]
    left = {int(row["generation"]["N"]) for row in own_tables.items(own_tables.customers) if "version" in row}
    figures = (
        f"20 rebuilds (4 abandoned) of {world.customers} customers beside {world.appended} live events, "
        f"{sum(world.met.values())} faults, {world.reads} reads over {generations.newest} generations, "
        f"{world.resumed} steps resumed, {len(wrong)} differences, {world.heights.fell} rows fell; "
        f"in {time.monotonic() - begun:.1f} s"
    )
    record_property("figures", figures)
    assert wrong == []
    assert world.heights.fell == 0
    assert world.errors == []
    assert left == set(generations.fed)
    assert world.appended > 100
    assert generations.newest == 21


class Heights:
    """The highest version of each row that any reader saw."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, int]] = Counter()
        self.fell = 0

    def look(self, customers: set[str], generation: int, on: Tables) -> None:
        rows = DynamoDbReadModel(on.client, on.customers).get_many(customers, generation)
        for customer_id, row in rows.items():
            self.note((customer_id, generation), row.version)

    def note(self, key: tuple[str, int], version: int) -> None:
        self.fell += version < self._seen[key]
        self._seen[key] = max(version, self._seen[key])


class Invocations:
    """The batches being projected, so that a change can wait for all that began before it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: set[int] = set()
        self._numbers = count()

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._changed:
            number = next(self._numbers)
            self._running.add(number)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(number)
                self._changed.notify_all()

    def settle(self) -> None:
        """Wait for the batches that run now: on AWS, the minute after which a function has ended."""
        with self._changed:
            before = set(self._running)
            assert self._changed.wait_for(lambda: not before & self._running, timeout=30)


class World:
    """Writers, the readers of their stream, a reader of the API, and an operator who rebuilds meanwhile."""

    def __init__(self, on: Tables) -> None:
        self._on = on
        self._wires: list[Wire] = []
        self._numbers = count(SEED)
        self._invocations = Invocations()
        self._stopped = threading.Event()
        self._minutes = 0
        self.operator = self._wire(0.05)
        self.heights = Heights()
        self.appended = self.reads = self.resumed = 0
        self.customers = 0
        self.errors: list[BaseException] = []

    @property
    def met(self) -> Counter[str]:
        return sum((wire.network.met for wire in self._wires), Counter())

    def _wire(self, rate: float) -> Wire:
        self._wires.append(Wire(self._on, next(self._numbers), rate))
        return self._wires[-1]

    @contextmanager
    def live(self, first: Sequence[Event]) -> Iterator[None]:
        """Two writers with their own customers, and a reader, while the block runs."""
        newest = {event.customer_id: event for event in first}
        shares = [dict(sorted(newest.items())[half::2]) for half in range(2)]
        with ThreadPoolExecutor(3) as pool:
            running = [pool.submit(self._write, self._wire(RATE), share) for share in shares]
            running.append(pool.submit(self._read, self._wire(RATE), sorted(newest)))
            try:
                yield
            finally:
                self._stopped.set()
        self.errors = [error for work in running if (error := work.exception())]
        self.customers = sum(len(share) for share in shares)

    def _write(self, wire: Wire, newest: dict[str, Event]) -> None:
        rng = random.Random(len(newest))
        late: list[Event] = []
        while not self._stopped.wait(0.05):
            batch = []
            for _ in range(6):
                event = _next_event(rng, newest)
                gone = range(1, event.version) if event.type == "CustomerErased" else ()
                _again(wire.store.append, event, redact=gone)
                newest[event.customer_id] = event
                batch.append(event)
            self.appended += len(batch)
            rng.shuffle(batch)
            # Some records come with the next batch, so that others show a gap.
            self._project(wire, [*batch[2:], *late])
            late = batch[:2]
        self._project(wire, late)

    def _project(self, wire: Wire, batch: Sequence[Event]) -> None:
        left = list(batch)
        while left:
            with self._invocations.one():
                try:
                    reports = wire.projector.project_into(left, wire.generations.load().fed)
                except PASSING:
                    continue
            assert not any(report.parked for report in reports)
            failed = {customer_id for report in reports for customer_id in report.failed}
            left = [event for event in left if event.customer_id in failed]

    def _read(self, wire: Wire, customers: Sequence[str]) -> None:
        """Reads like the API: whichever generation it reads, a customer's version never goes down."""
        rng = random.Random(SEED)
        while not self._stopped.is_set():
            customer_id = rng.choice(customers)
            active = _again(wire.generations.load).active
            row = _again(wire.read_model.get, customer_id, active, consistent=True)
            if active in _again(wire.generations.load).readable:
                self.heights.note((customer_id, 0), row.version if row else 0)
                self.reads += 1

    def rebuild(self, *, abandon: bool) -> None:
        """One complete rebuild. An abandoned one ends half-way, and its rows are removed."""
        generation = self._change(lambda all_, _: all_.start_rebuild()).newest
        self._fill(generation, segments=2, half=abandon)
        if abandon:
            self._change(lambda all_, now: all_.abandon(now))
        else:
            assert self._verify(generation) == []
            self._change(lambda all_, _: all_.confirm())
            self._change(lambda all_, now: all_.switch(now))
            self._change(lambda all_, now: all_.retire(now))
        self._remove()

    def _change(self, step: Callable[..., Any]) -> Any:
        self._invocations.settle()
        self._minutes += 2
        now = datetime(2026, 5, 17, tzinfo=UTC) + timedelta(minutes=self._minutes)
        # A save whose response was lost counts as done: the record of that revision no longer exists then.
        before = _again(self.operator.generations.load)
        changed = step(before, now)
        while True:
            try:
                return self.operator.generations.save(changed)
            except PASSING:
                after = _again(self.operator.generations.load)
                if after.revision > before.revision:
                    return after

    def _fill(self, generation: int, segments: int, *, half: bool) -> None:
        own = self.operator
        rebuild = Rebuild(own.store, own.projector, own.progress, own.generations, Pace(_no_pause))
        while True:
            for at in _again(self.operator.progress.load, rebuild_job(generation), segments):
                try:
                    done = rebuild.step(generation, at, segments).done
                except (*PASSING, RebuildFailed):
                    self.resumed += 1
                else:
                    if half and done:
                        return
            if all(at.done for at in _again(self.operator.progress.load, rebuild_job(generation), segments)):
                return

    def _verify(self, generation: int) -> list[Any]:
        wire = self.operator
        # The samples' events are of one day, within which the stream drops none of them.
        verifier = Verifier(wire.store, wire.read_model, lambda seconds: time.sleep(seconds / 2), lambda: START)
        at = SegmentProgress(0)
        found = []
        while not at.done:
            at, more = _again(verifier.step, generation, at, 1)
            found += more
        return found

    def _remove(self) -> None:
        self._invocations.settle()
        for generation in _again(self.operator.generations.load).retired:
            start = None
            while True:
                page = _again(self.operator.read_model.rows, generation, 0, 1, start)
                for place in range(0, len(page.rows), 25):
                    _again(self.operator.read_model.remove, page.rows[place : place + 25])
                start = page.next
                if start is None:
                    break
            self._change(lambda all_, _, number=generation: all_.removed(number))


def _again(work: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Repeat what the network refused. An error that no repetition cures ends the test."""
    for _ in range(_MOST_TRIES):
        try:
            return work(*args, **named)
        except PASSING:
            pass
    return work(*args, **named)


def _no_pause(_seconds: float) -> None:
    pass


def _history(rng: random.Random) -> list[Event]:
    customer_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    events = [created(customer_id, second=rng.randrange(86_400), **_fields(rng))]
    while rng.random() < 0.77 and len(events) < 12:
        events.append(_next_event(rng, {customer_id: events[-1]}))
        if events[-1].type == "CustomerErased":
            break
    return events


def _next_event(rng: random.Random, newest: Mapping[str, Event]) -> Event:
    """The next event of one of these customers. An erased customer gets none."""
    before = rng.choice([event for event in newest.values() if event.type != "CustomerErased"])
    if rng.random() < 0.04:
        return erased(before.customer_id, before.version + 1)
    return updated(before.customer_id, before.version + 1, **_fields(rng))


def _fields(rng: random.Random) -> dict[str, Any]:
    word = f"{rng.getrandbits(32):08x}"
    return {"full_name": f"Name {word}", "email": f"{word}@example.com", "city": f"City {word} Zürich \"'"}


def _trimmed(histories: Sequence[Sequence[Event]], wanted: int) -> list[Event]:
    """That many events. If there are too few, the first customers that are not erased are updated again."""
    rng = random.Random(SEED)
    newest = {history[-1].customer_id: history[-1] for history in histories}
    events = [event for history in histories for event in history]
    while len(events) < wanted:
        events.append(_next_event(rng, newest))
        newest[events[-1].customer_id] = events[-1]
    while len(events) > wanted:
        last = max(newest.values(), key=lambda event: event.version)
        events.remove(last)
        newest[last.customer_id] = next(
            event for event in events if (event.customer_id, event.version) == (last.customer_id, last.version - 1)
        )
    return events


def _seed(on: Tables, events: Sequence[Event]) -> None:
    """Put events where appends would have put them, with the data of erased customers redacted."""
    gone = {event.customer_id for event in events if event.type == "CustomerErased"}
    stored = [
        replace(event, data=REDACTED) if event.customer_id in gone and event.type != "CustomerErased" else event
        for event in events
    ]
    for start in range(0, len(stored), 25):
        requests: Any = [{"PutRequest": {"Item": to_item(event)}} for event in stored[start : start + 25]]
        assert not on.client.batch_write_item(RequestItems={on.events: requests}).get("UnprocessedItems")


def _batches(events: Sequence[Event], rng: random.Random) -> Iterator[list[Event]]:
    """Every record once and a fifth of them twice, out of order by up to a few batches."""
    repeated = rng.sample(range(len(events)), len(events) // 5)
    versions = sorted(range(len(events)), key=lambda place: (events[place].version, rng.random()))
    places = {place: order for order, place in enumerate(versions)}
    arrivals = [(places[place] + rng.uniform(0, 900), place) for place in [*range(len(events)), *repeated]]
    ordered = [events[place] for _, place in sorted(arrivals)]
    for start in range(0, len(ordered), 100):
        yield ordered[start : start + 100]


def _deliver(wire: Wire, batch: Sequence[Event], fed: Callable[[], Sequence[int]]) -> int:
    """Project a batch as the stream's mapping does, until nothing fails. Returns the number of tries."""
    left = list(batch)
    for tries in range(1, 60):
        try:
            reports = wire.projector.project_into(left, fed())
        except PASSING:
            continue
        assert not any(report.parked for report in reports), reports
        failed = {customer_id for report in reports for customer_id in report.failed}
        left = [event for event in left if event.customer_id in failed]
        if not left:
            return tries
    raise AssertionError(f"{len(left)} events were not projected in {tries} tries")


def _differences(on: Tables, generation: int) -> list[str]:
    """The differences of a generation, by comparing the two tables' items without any code of ours."""
    streams: dict[str, dict[int, Mapping[str, Any]]] = {}
    for item in on.items(on.events):
        streams.setdefault(item["customer_id"]["S"], {})[int(item["version"]["N"])] = item
    rows = {
        item["customer_id"]["S"]: item
        for item in on.items(on.customers)
        if item["generation"]["N"] == str(generation) and "version" in item
    }
    wanted = {customer_id: _plain_fold(stream) for customer_id, stream in streams.items()}
    found = {customer_id: _plain_row(row) for customer_id, row in rows.items()}
    return sorted(id_ for id_ in wanted.keys() | found.keys() if wanted.get(id_) != found.get(id_))


def _plain_fold(stream: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    versions = sorted(stream)
    assert versions == list(range(1, len(versions) + 1))
    first, last = stream[1], stream[versions[-1]]
    kept: dict[str, Any] = {"version": len(versions), "parked": False, "shown": None}
    if last["type"]["S"] != "CustomerErased":
        kept["shown"] = {
            "id": last["customer_id"]["S"],
            **json.loads(last["data"]["S"]),
            "version": len(versions),
            "created_at": first["occurred_at"]["S"],
            "updated_at": last["occurred_at"]["S"],
        }
        kept["order"] = f"{first['occurred_at']['S']}#{last['customer_id']['S']}"
    return kept


def _plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"version": int(row["version"]["N"]), "parked": "parked_in" in row, "shown": None}
    if "document" in row:
        kept["shown"] = json.loads(row["document"]["S"])
        kept["order"] = row["listing_order"]["S"]
    return kept
