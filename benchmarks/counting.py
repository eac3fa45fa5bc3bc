"""Measures what a view that counts customers costs, beside the customers' view.

    python -m benchmarks.counting

Prints, as JSON:

- `units`: the units of the view's own calls for one event of each kind, by AWS's documentation (benchmarks/units.py).
- `speed`: events a second of the projector with the customers' view alone and with both, in batches of 100.
- `contention`: 1,000 creates of one country by eight projectors at once, for several numbers of counters. Amazon's
  DynamoDB Local runs one transaction after the other and cancels none of them.
- `modelled`: the same by DynamoDB's rule that a transaction is cancelled if another one holds one of its items, with an
  assumed time of a transaction.
"""

import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from heapq import heappop, heappush
from math import ceil
from typing import Any, Final
from uuid import uuid4

from benchmarks.consumed_units import CapacityMeter, total_of
from benchmarks.units import CostCalculator
from events.codec import encode
from events.customer import CustomerCreated, CustomerErased, CustomerEvent, CustomerUpdated
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event, Metadata
from local import tables
from local.tools import dynamodb_local
from projections.countries import COUNTRIES
from projections.customers import CUSTOMERS
from projections.dynamodb_counted_rows import CUSTOMERS_AT_ONCE
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_views import projector_of, rows_of
from projections.generation_details import GenerationDetails
from projections.generations import Generations
from projections.projector import Projector
from projections.view import View
from shared.runtime.backoff import full_jitter
from shared.runtime.clock import timestamp, utc_now
from shared.runtime.ids import new_id

BATCH: Final = 100
CUSTOMERS_COUNTED: Final = 1000
PROJECTORS: Final = 8
SHARDS: Final = (1, 4, 8, 32)
ROUNDS: Final = 5
MODEL_BATCHES: Final = (25, 100)
_BATCHES_OF_A_PROJECTOR: Final = 50
# Assumed. AWS publishes no time of a transaction.
_TRANSACTION_SECONDS: Final = 0.02
_PERSON: Final[dict[str, Any]] = {
    "full_name": "Ada Lovelace",
    "email": "ada.lovelace@example.com",
    "birth": "1990-05-17",
    "city": "London",
    "country": "United Kingdom",
}


def event_of(data: CustomerEvent, customer_id: str, version: int) -> Event:
    """Return an event as this release stores it."""
    at = timestamp(utc_now())
    metadata = Metadata(new_id(), new_id(), str(uuid4()), new_id())
    event = encode(data, customer_id=customer_id, version=version, event_id=new_id(), occurred_at=at, metadata=metadata)
    return event if version == 1 else replace(event, created_at=at)


def created(**changes: str) -> Event:
    """The first event of a new customer."""
    return event_of(CustomerCreated.model_validate({**_PERSON, **changes}), new_id(), 1)


class Bench:
    """The stores on one server, and projectors of both views."""

    def __init__(self, endpoint: str, names: dict[str, str]) -> None:
        self.client = dynamodb_local.client(endpoint)
        self._names = names
        self.store = DynamoDbEventStore(self.client, names["EventTable"], names["ClaimsTable"], names["ErasuresTable"])

    def projector(self, view: View) -> Projector:
        """A projector of a view."""
        rows = rows_of(view, self.client, self._names["ReadTable"], self._names["EventTable"])
        return projector_of(view, rows, self.store)

    def begin(self, generation: int, shards: int) -> None:
        """Record the number of shards of a generation of the countries."""
        generations = DynamoDbGenerations(self.client, self._names["ReadTable"], COUNTRIES)
        record = generations.load()
        details = GenerationDetails(generation, shards)
        generations.save(replace(record, newest=max(record.newest, generation)).with_details(details))

    def append(self, *events: Event) -> None:
        """Write events."""
        for event in events:
            self.store.append(event)


def kinds(bench: Bench) -> Iterator[tuple[str, Event]]:
    """Yield an event of each kind, appended and with all before it projected."""
    projector = bench.projector(COUNTRIES)

    def following(name: str, data: CustomerEvent) -> tuple[str, Event]:
        first = created()
        bench.append(first)
        projector.project([first], 1)
        # The country has other customers, who keep its counters.
        others = [created() for _ in range(40)]
        projector.project(others, 1)
        event = event_of(data, first.customer_id, 2)
        bench.append(event)
        return name, event

    first = created()
    bench.append(first)
    yield "create", first
    yield following("update of the name", CustomerUpdated.model_validate({**_PERSON, "full_name": "Ada King"}))
    yield following("update of the country", CustomerUpdated.model_validate({**_PERSON, "country": "France"}))
    yield following("erasure", CustomerErased())


def units(bench: Bench, meter: CapacityMeter) -> dict[str, str]:
    """Return the units of the view's calls for one event of each kind, projected alone."""
    projector, found = bench.projector(COUNTRIES), {}
    projector.project([created()], 1)
    for name, event in kinds(bench):
        before = len(meter.calls)
        report = projector.project([event], 1)
        if report.failed or report.parked:
            raise RuntimeError(f"not projected: {report}")
        found[name] = str(total_of(call.documented for call in meter.since(before)).total)
    found["create, in a batch of 100"] = _in_a_batch(meter, projector)
    return found


def _in_a_batch(meter: CapacityMeter, projector: Projector) -> str:
    events = [created() for _ in range(BATCH)]
    before = len(meter.calls)
    projector.project(events, 1)
    total = total_of(call.documented for call in meter.since(before)).total
    return f"{total.read / BATCH:g} R, {total.write / BATCH:g} W"


def speed(bench: Bench) -> dict[str, float]:
    """Return the events a second of both ways, and their ratio. The ways take turns, so that both meet the same."""
    customers, countries = bench.projector(CUSTOMERS), bench.projector(COUNTRIES)
    rates: dict[str, list[float]] = {"customers": [], "both": []}
    for _ in range(ROUNDS):
        rates["customers"].append(_rate([customers]))
        rates["both"].append(_rate([customers, countries]))
    alone, both = (statistics.median(rates[name]) for name in ("customers", "both"))
    return {"customers_alone": round(alone), "with_countries": round(both), "ratio": round(both / alone, 2)}


def _rate(projectors: Sequence[Projector]) -> float:
    batches = [[created(country=f"Country {number % 50}") for number in range(BATCH)] for _ in range(5)]
    began = time.perf_counter()
    for batch in batches:
        for projector in projectors:
            projector.project(batch, 1)
    return BATCH * len(batches) / (time.perf_counter() - began)


def contention(endpoint: str, names: dict[str, str]) -> list[dict[str, int]]:
    """Return, by number of shards, how fast eight projectors count one country and how often they are in each other's
    way.
    """
    found = []
    for number, shards in enumerate(SHARDS, start=2):
        Bench(endpoint, names).begin(number, shards)
        conflicts: list[str] = []
        benches = [Bench(endpoint, names) for _ in range(PROJECTORS)]
        for bench in benches:
            bench.client.meta.events.register("after-call.dynamodb.TransactWriteItems", _counting(conflicts))
        began = time.perf_counter()
        with ThreadPoolExecutor(PROJECTORS) as pool:
            failed = sum(pool.map(lambda bench: _project_own(bench, number), benches))  # noqa: B023 - joined here
        seconds = time.perf_counter() - began
        counted = sum(each.customers for each in _rows(benches[0], names).groups(number))
        if counted != CUSTOMERS_COUNTED:
            raise RuntimeError(f"{counted} of {CUSTOMERS_COUNTED} customers are counted")
        found.append(
            {
                "shards": shards,
                "creates_a_second": round(CUSTOMERS_COUNTED / seconds),
                "cancelled": len(conflicts),
                "tried_again": failed,
            }
        )
    return found


def _project_own(bench: Bench, generation: int) -> int:
    projector, again = bench.projector(COUNTRIES), 0
    left = [created() for _ in range(CUSTOMERS_COUNTED // PROJECTORS)]
    while left:
        report = projector.project(left[:25], generation)
        again += len(report.failed)
        left = [event for event in left[:25] if event.customer_id in report.failed] + left[25:]
    return again


def modelled() -> list[dict[str, float]]:
    """Return, by size of a batch and number of shards, how eight projectors would fare with one country."""
    return [
        {"batch": batch, "shards": shards, **_model(batch, shards, random.Random(1))}
        for batch in MODEL_BATCHES
        for shards in SHARDS
    ]


def _model(batch: int, shards: int, dice: random.Random) -> dict[str, float]:
    held = dict.fromkeys(range(shards), 0.0)
    left = dict.fromkeys(range(PROJECTORS), _BATCHES_OF_A_PROJECTOR)
    # What each projector does next: when, which one, the shards that its batch has yet to write, and the attempts.
    agenda: list[tuple[float, int, list[int], int]] = [(0.0, number, [], 0) for number in range(PROJECTORS)]
    sent = cancelled = 0
    now = 0.0
    while agenda:
        now, number, parts, attempt = heappop(agenda)
        if not parts and not left[number]:
            continue
        if not parts:
            left[number] -= 1
            parts = _parts_of_a_batch(batch, shards, dice)
        done, sent = now + dice.uniform(0.5, 1.5) * _TRANSACTION_SECONDS, sent + 1
        if held[parts[0]] > now:
            cancelled += 1
            heappush(agenda, (done + full_jitter(attempt, 0.02, 0.5), number, parts, attempt + 1))
        else:
            held[parts[0]] = done
            heappush(agenda, (done, number, parts[1:], 0))
    customers = PROJECTORS * _BATCHES_OF_A_PROJECTOR * batch
    return {"creates_a_second": round(customers / now), "cancelled": round(cancelled / sent, 2)}


def _parts_of_a_batch(batch: int, shards: int, dice: random.Random) -> list[int]:
    customers = Counter(dice.randrange(shards) for _ in range(batch))
    parts = [shard for shard, count in sorted(customers.items()) for _ in range(ceil(count / CUSTOMERS_AT_ONCE))]
    dice.shuffle(parts)
    return parts


def _rows(bench: Bench, names: dict[str, str]) -> Any:
    return rows_of(COUNTRIES, bench.client, names["ReadTable"], names["EventTable"])


def _counting(conflicts: list[str]) -> Callable[..., None]:
    def after(parsed: dict[str, Any], **_: Any) -> None:
        if "Error" in parsed:
            conflicts.append(parsed["Error"]["Code"])

    return after


def main() -> None:
    """Run everything on a server of its own."""
    definitions = tables.from_template()
    for table in definitions.values():
        table.pop("StreamSpecification", None)
    names = {name: table["TableName"] for name, table in definitions.items()}
    with dynamodb_local.running(list(definitions.values())) as endpoint:
        bench = Bench(endpoint, names)
        DynamoDbGenerations(bench.client, names["ReadTable"], COUNTRIES).save(Generations())
        keys = {
            table["TableName"]: [key["AttributeName"] for key in table["KeySchema"]] for table in definitions.values()
        }
        measured = Bench(endpoint, names)
        meter = CapacityMeter(measured.client, CostCalculator(dynamodb_local.client(endpoint), keys))
        results = {
            "units": units(measured, meter),
            "speed": speed(bench),
            "contention": contention(endpoint, names),
            "modelled": modelled(),
        }
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
