"""Measures what each operation of the API costs in DynamoDB's capacity units, which AWS bills.

    python -m benchmarks.consumed_units

The service's code runs on Amazon's DynamoDB Local. The cost of every call is calculated by AWS's documentation
(benchmarks/units.py) and shown beside the cost that the simulator reports, which is incomplete.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from benchmarks.units import WRITE_UNIT_BYTES, Bill, CostCalculator, Units, item_bytes
from commands.context import context_of
from commands.create_customer import CreateCustomer, create_customer
from commands.erase_customer import EraseCustomer, erase_customer
from commands.update_customer import NewDetails, UpdateCustomer, update_customer
from events.codec import to_item
from events.customer import Customer
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from events.history import readable
from local import tables
from local.tools import dynamodb_local
from projections.countries import COUNTRIES
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import reader_for
from projections.dynamodb_views import projector_of, rows_of
from projections.projector import Projector
from projections.row import LISTING_SHARDS
from projections.shards import shard_of
from queries.get_all_customers import GetAllCustomers, get_all_customers
from queries.get_customer import get_customer
from queries.read_your_writes import REAL_CLOCK, ReadAfter
from queries.search_customers import SearchCustomers, search_customers
from shared.http.caller import Caller
from shared.http.consistency import ConsistencyToken
from shared.http.request import Request
from shared.runtime.clock import utc_now
from shared.runtime.ids import new_id
from shared.runtime.signing_keys import keyring_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

LISTED: Final = 200
BATCH: Final = 25
CALLER: Final = str(uuid4())
READS: Final = ("GetItem", "BatchGetItem", "Query")


@dataclass(slots=True)
class Call:
    """One call of DynamoDB's API.

    Attributes:
        api: Name of the operation, for example `GetItem`.
        documented: Cost by AWS's documentation.
        reported: Cost that the simulator reports; empty where it reports none.
        refused: Whether the call failed because a condition did not hold.
    """

    api: str
    documented: Bill
    reported: Bill = field(default_factory=Bill)
    refused: bool = False

    @property
    def kind(self) -> str:
        """The group of calls to compare this call with."""
        return f"{self.api} refused" if self.refused else self.api


class CapacityMeter:
    """Records the calls of a client and their cost."""

    def __init__(self, client: "DynamoDBClient", calculator: CostCalculator) -> None:
        self.calls: list[Call] = []
        self._calculator = calculator
        client.meta.events.register("provide-client-params.dynamodb", self._before)
        client.meta.events.register("after-call.dynamodb", self._after)

    def since(self, count: int) -> list[Call]:
        """Return the calls after the first `count` ones."""
        return self.calls[count:]

    def _before(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        bill = Bill()
        for where, units in self._calculator.expected(model.name, params):
            bill.add(where, units)
        self.calls.append(Call(model.name, bill))
        params["ReturnConsumedCapacity"] = "INDEXES"

    def _after(self, parsed: dict[str, Any], **_: Any) -> None:
        call, found = self.calls[-1], parsed.get("ConsumedCapacity") or []
        call.refused = "Error" in parsed
        for consumed in found if isinstance(found, list) else [found]:
            table, writes = consumed["TableName"], call.api not in READS
            parts = {table: consumed["Table"]}
            parts |= {f"{table}/{name}": part for name, part in consumed.get("GlobalSecondaryIndexes", {}).items()}
            for where, part in parts.items():
                if units := part["CapacityUnits"]:
                    call.reported.add(where, Units(write=units) if writes else Units(read=units))


@dataclass(frozen=True, slots=True)
class MeasuredOperation:
    """One row of the table.

    Attributes:
        name: Name of the operation.
        run: Runs the operation, whose preconditions are prepared already.
        least: The lowest cost of any design with the same guarantees.
        why: Explains the difference to `least`, or why there is none.
    """

    name: str
    run: Callable[[], object]
    least: Units
    why: str


class Api:
    """The use cases, wired as the handlers wire them."""

    def __init__(self, client: "DynamoDBClient", names: dict[str, str]) -> None:
        self.store = DynamoDbEventStore(client, names["EventTable"], names["ClaimsTable"], names["ErasuresTable"])
        self.reader = reader_for(client, names["ReadTable"])
        self._projector = Projector(self.reader.rows, self.store.read)
        rows = rows_of(COUNTRIES, client, names["ReadTable"], names["EventTable"])
        self._countries = projector_of(COUNTRIES, rows, self.store)
        self._generations = DynamoDbGenerations(client, names["ReadTable"], COUNTRIES)

    def create(self, body: dict[str, str], key: str | None = None) -> Customer:
        """POST /customers."""
        command = CreateCustomer.model_validate_json(json.dumps(body), context=_today())
        headers = {"idempotency-key": key} if key else {}
        context = context_of(_request(headers), "POST /customers", command.content(), utc_now(), new_id())
        return create_customer(command, self.store, context.metadata.command_id if key else new_id(), context)

    def update(self, customer: Customer, key: str | None = None, **changes: str) -> Customer:
        """PUT /customers/{customer_id}."""
        details = customer.model_dump(mode="json", include=set(NewDetails.model_fields))
        new = NewDetails.model_validate_json(json.dumps(details | changes), context=_today())
        text = new.content()
        headers = {"idempotency-key": key} if key else {}
        context = context_of(_request(headers), f"PUT {customer.id}", text, utc_now(), new_id())
        return update_customer(UpdateCustomer(new, keyed=context.keyed), self.store, customer.id, context, _never)

    def erase(self, customer: Customer) -> None:
        """DELETE /customers/{customer_id}."""
        context = context_of(_request({}), f"DELETE {customer.id}", "", utc_now(), new_id())
        erase_customer(EraseCustomer(), self.store, customer.id, context, _never)

    def get(self, customer: Customer, *, awaited: bool = False) -> None:
        """GET /customers/{customer_id}, with a Consistency-Token or without."""
        read_after = ReadAfter(ConsistencyToken(customer.id, customer.version), 0) if awaited else None
        get_customer(customer.id, self.reader, read_after, REAL_CLOCK)

    def get_all(self, *, awaited: Customer | None = None) -> None:
        """GET /customers."""
        read_after = ReadAfter(ConsistencyToken(awaited.id, awaited.version), 0) if awaited else None
        get_all_customers(GetAllCustomers(), self.reader, keyring_of("literal:key"), read_after, REAL_CLOCK)

    def search(self, customer: Customer, *, awaited: bool = False) -> None:
        """POST /customers/search."""
        read_after = ReadAfter(ConsistencyToken(customer.id, customer.version), 0) if awaited else None
        search_customers(SearchCustomers(email=customer.email), self.reader, read_after, REAL_CLOCK)

    def project(self, events: list[Event]) -> None:
        """One batch of the stream."""
        projected = self._projector.project(events, self.reader.generations.load().active)
        if projected.failed:
            raise RuntimeError(f"not projected: {projected.failed}")

    def count(self, events: list[Event]) -> None:
        """One batch of the stream, in the view of countries."""
        counted = self._countries.project(events, self._generations.load().active)
        if counted.failed:
            raise RuntimeError(f"not counted: {counted.failed}")

    def a_crowd(self) -> list[Event]:
        """Create a batch of customers who are in all shards of the counters."""
        while True:
            events = [event for _ in range(BATCH) for event in self.history(self.a_customer().id)]
            if len({shard_of(event.customer_id, LISTING_SHARDS) for event in events}) == LISTING_SHARDS:
                return events

    def a_customer(self, versions: int = 1, *, projected: bool = False) -> Customer:
        """Create a customer with as many events as `versions`."""
        customer = self.create(_body())
        for version in range(2, versions + 1):
            customer = self.update(customer, city=f"City {version}")
        if projected:
            self.project(self.history(customer.id))
        return customer

    def history(self, customer_id: str) -> list[Event]:
        """Read all events of a customer."""
        return [readable(record) for record in self.store.read(customer_id)]


def _body() -> dict[str, str]:
    return {
        "full_name": "Ada Lovelace",
        "email": f"ada.lovelace.{uuid4().hex[:8]}@example.com",
        "birth": "1990-05-17",
        "city": "London",
        "country": "United Kingdom",
    }


def _today() -> dict[str, object]:
    return {"today": utc_now().date()}


def _never(seconds: float) -> None:
    raise RuntimeError(f"the benchmark is the only writer, so nothing should wait {seconds} s")


def _request(headers: dict[str, str]) -> Request:
    """Return a request with ids of realistic length, because every event stores them."""
    trace = f"1-{uuid4().hex[:8]}-{uuid4().hex[:24]}"
    return Request(new_id(), Caller(CALLER), {}, {}, {"x-correlation-id": new_id(), **headers}, b"", trace)


def operations(api: Api) -> Iterator[MeasuredOperation]:
    """Yield every operation and prepare it only when its turn comes."""
    body, key, other_key = _body(), new_id(), new_id()
    yield MeasuredOperation(
        "create",
        lambda: api.create(_body()),
        Units(write=4),
        "event and claim in one transaction: 2 x 2, half of it for uniqueness",
    )
    yield MeasuredOperation(
        "create with a key",
        lambda: api.create(_body(), other_key),
        Units(write=4),
        "the event is the idempotency record: no third item",
    )
    api.create(body, key)
    yield MeasuredOperation(
        "repeat of a create",
        lambda: api.create(body, key),
        Units(read=1),
        "counts the whole refused transaction (undocumented by AWS); reading first would cost 1 R per keyed create",
    )
    one, two, three, four = (api.a_customer() for _ in range(4))
    yield MeasuredOperation(
        "update",
        lambda: api.update(one, city="Paris"),
        Units(1, 1),
        "newest event read and event put: already the least",
    )
    yield MeasuredOperation(
        "update with a new address",
        lambda: api.update(two, email=_body()["email"]),
        Units(1, 6),
        "event, new claim and old claim in one transaction: 3 x 2",
    )
    yield MeasuredOperation(
        "update that changes nothing", lambda: api.update(three), Units(read=1), "newest event read: already the least"
    )
    yield MeasuredOperation(
        "update with a key that changes nothing",
        lambda: api.update(four, new_id()),
        Units(1, 1),
        "a repeat is recognised by this event; any other record would be a write too",
    )
    for versions in (1, 5):
        doomed = api.a_customer(versions)
        yield MeasuredOperation(
            f"erase of {versions} event{'s' if versions > 1 else ''}",
            lambda doomed=doomed: api.erase(doomed),  # type: ignore[misc]
            Units(1, 6 + 2 * versions),
            "event, claim, note of the erasure and each event in one transaction",
        )
    shown = api.a_customer(projected=True)
    yield MeasuredOperation(
        "get one",
        lambda: api.get(shown),
        Units(read=0.5),
        "1 R for the active generation, read consistently each time",
    )
    yield MeasuredOperation(
        "get one with a token",
        lambda: api.get(shown, awaited=True),
        Units(read=1),
        "the same; waiting costs 1 R per attempt, at most 4 attempts per second after the first ones",
    )
    yield MeasuredOperation(
        "search",
        lambda: api.search(shown),
        Units(read=1),
        "the index proposes, and the row decides; 1 R for the active generation",
    )
    yield MeasuredOperation(
        "search with a token",
        lambda: api.search(shown, awaited=True),
        Units(read=1.5),
        "the same, but the awaited row is read consistently, and once",
    )
    listed = [api.a_customer() for _ in range(LISTED)]
    api.project([event for customer in listed for event in api.history(customer.id)])
    yield MeasuredOperation(
        "list of 25",
        api.get_all,
        Units(read=1.5),
        "1 R for the active generation; four shards, each rounded up and asked for slightly more than its share",
    )
    yield MeasuredOperation(
        "list of 25 with a token",
        lambda: api.get_all(awaited=listed[-1]),
        Units(read=2.5),
        "the same, plus 1 R for the awaited row",
    )
    fresh = api.history(api.a_customer().id)
    yield MeasuredOperation(
        "project one new customer",
        lambda: api.project(fresh),
        Units(write=3),
        "row and two index entries; 1 R for the generation and 1 R for the row, as the event may be a repeat",
    )
    crowd = [event for _ in range(BATCH) for event in api.history(api.a_customer().id)]
    yield MeasuredOperation(
        f"project a batch of {BATCH}",
        lambda: api.project(crowd),
        Units(write=3 * BATCH),
        "the same, but the generation is read once per batch",
    )
    yield MeasuredOperation(
        f"project the batch of {BATCH} again",
        lambda: api.project(crowd),
        Units(read=BATCH),
        "repeats are detected by reading the rows; nothing is written",
    )
    moved = api.a_customer(projected=True)
    api.update(moved, city="Paris")
    change = api.history(moved.id)[1:]
    yield MeasuredOperation(
        "project an update",
        lambda: api.project(change),
        Units(1, 2),
        "row and list entry, none for the address, which stays; 1 R for the generation",
    )
    renamed = api.a_customer(projected=True)
    api.update(renamed, email=_body()["email"])
    new_address = api.history(renamed.id)[1:]
    yield MeasuredOperation(
        "project a new address",
        lambda: api.project(new_address),
        Units(1, 4),
        "row, list entry, and the index `address` loses one entry and gets another; 1 R for the generation",
    )
    gone = api.a_customer(projected=True)
    api.erase(gone)
    erased = api.history(gone.id)[1:]
    yield MeasuredOperation(
        "project an erasure",
        lambda: api.project(erased),
        Units(1, 3),
        "tombstone and deletion of both index entries; 1 R for the generation",
    )
    yield from counting_operations(api)


def counting_operations(api: Api) -> Iterator[MeasuredOperation]:
    """Yield what a view that counts customers adds to a projection, and prepare each only when its turn comes."""
    crowd = api.a_crowd()
    yield MeasuredOperation(
        "count one new customer",
        lambda: api.count(crowd[:1]),
        Units(write=4),
        "row and counter in one transaction; 1 R each for the generation, its shards (once a process) and the row",
    )
    others = api.a_crowd()
    yield MeasuredOperation(
        f"count a batch of {BATCH}",
        lambda: api.count(others),
        Units(write=2 * BATCH + 2),
        "four counters, one for each shard, so that projectors seldom wait for each other",
    )
    same, moved, gone = (api.a_customer() for _ in range(3))
    api.count([event for each in (same, moved, gone) for event in api.history(each.id)])
    api.update(same, full_name="Ada King")
    unchanged = api.history(same.id)[1:]
    yield MeasuredOperation(
        "count an update that keeps the country",
        lambda: api.count(unchanged),
        Units(read=1),
        "nothing is written; 1 R for the generation",
    )
    api.update(moved, country="France")
    change = api.history(moved.id)[1:]
    yield MeasuredOperation(
        "count an update of the country",
        lambda: api.count(change),
        Units(1, 6),
        "as for a new customer, a second counter, and a check that no later event exists; 1 R for the newest event",
    )
    api.erase(gone)
    erased = api.history(gone.id)[1:]
    yield MeasuredOperation(
        "count an erasure", lambda: api.count(erased), Units(1, 4), "tombstone and counter; 1 R for the generation"
    )


def without_streams() -> "list[CreateTableInputTypeDef]":
    """Return the template's tables without streams, with which the simulator handles ten times as many writes."""
    definitions = list(tables.from_template().values())
    for table in definitions:
        table.pop("StreamSpecification", None)
    return definitions


def calibrate(client: "DynamoDBClient", names: dict[str, str]) -> None:
    """Make calls of known sizes, so that the comparison covers cases that the operations lack."""
    big: Any = {"claim": {"S": "five kilobytes"}, "filling": {"S": "x" * 5000}}
    client.put_item(TableName=names["ClaimsTable"], Item=big)
    for consistent in (True, False):
        client.get_item(TableName=names["ClaimsTable"], Key={"claim": big["claim"]}, ConsistentRead=consistent)
    row = {
        name: {"S": "calibration"} for name in ("customer_id", "listing_shard", "listing_order", "address", "document")
    }
    client.put_item(TableName=names["ReadTable"], Item={**row, "generation": {"N": "0"}})


def total_of(bills: Iterable[Bill]) -> Bill:
    """Add several bills up."""
    total = Bill()
    for bill in bills:
        for where, units in bill.items.items():
            total.add(where, units)
    return total


def main() -> None:
    """Measure every operation and print the results."""
    definitions = tables.from_template()
    names = {name: table["TableName"] for name, table in definitions.items()}
    keys = {table["TableName"]: [key["AttributeName"] for key in table["KeySchema"]] for table in definitions.values()}
    with dynamodb_local.running(without_streams()) as endpoint:
        client = dynamodb_local.client(endpoint)
        meter = CapacityMeter(client, CostCalculator(dynamodb_local.client(endpoint), keys))
        calibrate(client, names)
        print(f"{'per operation':<34}{'documented':>12}{'least':>12}{'simulator':>14}")
        for operation in operations(Api(client, names)):
            before = len(meter.calls)
            operation.run()
            _print(operation, meter.since(before))
        event = Api(client, names).a_customer(versions=2)
        sizes = ", ".join(f"{item_bytes(to_item(each))} bytes" for each in Api(client, names).history(event.id))
        print(f"\nThe events have {sizes}. Writing an event of more than {WRITE_UNIT_BYTES} bytes costs twice as much.")
    _compare(meter.calls)


def _print(operation: MeasuredOperation, calls: Sequence[Call]) -> None:
    documented, reported = (total_of(bills) for bills in zip(*((c.documented, c.reported) for c in calls), strict=True))
    simulator = str(reported.total) if all(call.reported.items for call in calls) else f"({reported.total})"
    print(f"{operation.name:<34}{documented.total!s:>12}{operation.least!s:>12}{simulator:>14}")
    for where, units in sorted(documented.items.items()):
        print(f"    {where.removeprefix('local-'):<30}{units!s:>12}")
    print(f"    {operation.why}")


def _compare(calls: Sequence[Call]) -> None:
    print("\ndocumented  calculated from the calls and the sizes of the items by AWS's documentation: what AWS bills")
    print("least       the lowest cost of any design with the same guarantees")
    print("simulator   what DynamoDB Local reports; in parentheses if it omits calls\n")
    for kind in sorted({call.kind for call in calls}):
        of_kind = [call for call in calls if call.kind == kind]
        silent = sum(not call.reported.items for call in of_kind)
        off = [call for call in of_kind if call.reported.items and call.reported.items != call.documented.items]
        verdict = f"the simulator reports nothing for {silent} of them" if silent else "agree"
        if off:
            example = f"{_describe(off[0].reported)} instead of {_describe(off[0].documented)}"
            verdict = f"the simulator deviates {len(off)} times, for example {example}"
        print(f"  {kind:<28}{len(of_kind):>6} calls: {verdict}")


def _describe(bill: Bill) -> str:
    return " + ".join(f"{units} on {where.removeprefix('local-')}" for where, units in sorted(bill.items.items()))


if __name__ == "__main__":
    main()
