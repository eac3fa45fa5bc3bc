"""The tables of `benchmarks.recovery`: many customers, and what an outage of an hour leaves behind."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final

from events.claims import email_claim
from events.codec import encode, to_item
from events.customer import CustomerCreated, CustomerUpdated
from events.envelope import Event, Metadata
from local import tables
from local.tools import dynamodb_local
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.read_model import Write
from projections.row import Parked, Row
from shared.runtime.clock import timestamp

START: Final = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
# Customers sign up over four hours. The outage is the last of them.
SECONDS: Final = 4 * 3600
OUTAGE_SECONDS: Final = 3600
_UPDATED: Final = 5
"""Every n-th customer has a second event."""
_ITEMS_A_CALL: Final = 25
_THREADS: Final = 4


def names() -> dict[str, str]:
    """The names of the tables by their logical id."""
    return {name: table["TableName"] for name, table in tables.from_template().items()}


def ids(count: int) -> Iterator[str]:
    """The ids of all customers, the same in every process."""
    return (str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))) for number in range(count))


def seed(endpoint: str, customers: int) -> None:
    """Fill the event table and the claims table."""
    events, claims = names()["EventTable"], names()["ClaimsTable"]
    _put(endpoint, events, (to_item(event) for event in _events(customers)))
    _put(endpoint, claims, (_claim(number, id_) for number, id_ in enumerate(ids(customers))))


def lose_rows(endpoint: str, customers: int, count: int) -> None:
    """Delete the active generation's rows of the customers who signed up last, as if their batches were lost."""
    client, table = dynamodb_local.client(endpoint), names()["ReadTable"]
    read_model, active = DynamoDbReadModel(client, table), DynamoDbGenerations(client, table).load().fed
    lost = list(islice(ids(customers), customers - count, customers))
    for generation in active:
        for chunk in _chunks(lost, _ITEMS_A_CALL):
            read_model.remove(list(read_model.get_many(chunk, generation).values()))


def park(endpoint: str, customers: int, count: int) -> None:
    """Park the first customers in every generation, as if their second event could not be projected."""
    client, table = dynamodb_local.client(endpoint), names()["ReadTable"]
    read_model, fed = DynamoDbReadModel(client, table), DynamoDbGenerations(client, table).load().fed
    for generation in fed:
        for chunk in _chunks(list(islice(ids(customers), count)), 100):
            rows = read_model.get_many(chunk, generation).values()
            read_model.write([Write(replace(row, parked=_parked_at(row)), row) for row in rows])


def _parked_at(row: Row) -> Parked:
    return Parked(row.version + 1, "unknown type", timestamp(START), attempts=1)


def outage() -> tuple[datetime, datetime]:
    """The first and the last instant of the outage."""
    end = START + timedelta(seconds=SECONDS)
    return end - timedelta(seconds=OUTAGE_SECONDS), end


def _events(customers: int) -> Iterator[Event]:
    for number, customer_id in enumerate(ids(customers)):
        second = SECONDS * number / customers
        yield _event(CustomerCreated(**_person(number, "London")), customer_id, 1, second)
        if number % _UPDATED == 0:
            yield _event(CustomerUpdated(**_person(number, "Leeds")), customer_id, 2, second + 1)


def _person(number: int, city: str) -> dict[str, Any]:
    return {
        "full_name": f"Ada Lovelace {number}",
        "email": f"ada.{number}@example.com",
        "birth": date(1990, 5, 17),
        "city": city,
        "country": "United Kingdom",
    }


def _event(data: Any, customer_id: str, version: int, second: float) -> Event:
    return encode(
        data,
        customer_id=customer_id,
        version=version,
        event_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{customer_id} {version}")),
        occurred_at=timestamp(START + timedelta(seconds=second)),
        metadata=Metadata(
            correlation_id="order-77", causation_id="request-1", actor="user-1", command_id=f"{customer_id} {version}"
        ),
    )


def _claim(number: int, customer_id: str) -> Any:
    return {"claim": {"S": email_claim(f"ada.{number}@example.com")}, "customer_id": {"S": customer_id}}


def _put(endpoint: str, table: str, items: Iterable[Any]) -> None:
    client = dynamodb_local.client(endpoint)

    def put(chunk: Sequence[Any]) -> None:
        requests: Any = {table: [{"PutRequest": {"Item": item}} for item in chunk]}
        while requests:
            requests = client.batch_write_item(RequestItems=requests).get("UnprocessedItems")

    source = iter(items)
    with ThreadPoolExecutor(_THREADS) as pool:
        # In rounds, so that a hundred thousand items are never in memory at once.
        while round_ := list(islice(source, 200 * _ITEMS_A_CALL)):
            list(pool.map(put, _chunks(round_, _ITEMS_A_CALL)))


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
