"""Many writers, and a network that loses responses, on Amazon's own DynamoDB Local."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from commands.context import Context
from commands.create_customer import CreateCustomer, create_customer
from commands.erase_customer import EraseCustomer, erase_customer
from commands.update_customer import NewDetails, UpdateCustomer, update_customer
from events.customer import Customer, State
from events.dynamodb_store import DynamoDbEventStore
from events.history import fold
from local import tables
from shared.http.preconditions import EntityTags, Preconditions, etag_of
from shared.http.problems import Contended, FieldTaken
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.network import LossyNetwork, lossy
from tests.samples import METADATA, START, valid_body

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from events.store import EventStore

EVENTS, CLAIMS, ERASURES = (
    tables.from_template()[name]["TableName"] for name in ("EventTable", "ClaimsTable", "ErasuresTable")
)


def unique_email() -> str:
    return f"{uuid.uuid4()}@example.com"


def details(**changes: Any) -> CreateCustomer:
    return CreateCustomer.model_validate(valid_body(**changes))


def changed(**changes: Any) -> UpdateCustomer:
    return UpdateCustomer(NewDetails.model_validate(valid_body(**changes)))


def try_of(command: str, seen: int | None = None) -> Context:
    """One try of a command: its ids are new each time, the command id is not."""
    metadata = replace(METADATA, command_id=command, request_hash="same")
    conditions = Preconditions(EntityTags(frozenset({etag_of(seen)})) if seen else None)
    return Context(START, str(uuid.uuid4()), metadata, conditions, by_version={seen: metadata} if seen else {})


@pytest.fixture
def store(amazons_dynamodb: "DynamoDBClient") -> DynamoDbEventStore:
    return DynamoDbEventStore(amazons_dynamodb, EVENTS, CLAIMS, ERASURES)


@pytest.fixture
def wire(amazons_dynamodb: "DynamoDBClient") -> tuple[DynamoDbEventStore, LossyNetwork]:
    """A store whose client never retries, so that every lost response reaches the caller."""
    client, network = lossy(amazons_dynamodb.meta.endpoint_url, attempts=1)
    return DynamoDbEventStore(client, EVENTS, CLAIMS, ERASURES), network


def pause(_: float) -> None:
    """Yield without waiting."""


def test_one_of_fifty_customers_with_one_address_gets_it(store: DynamoDbEventStore) -> None:
    email = unique_email()

    def create(_: int) -> str:
        name = str(uuid.uuid4())
        for _attempt in range(20):
            try:
                create_customer(details(email=email), store, name, try_of(name))
            except FieldTaken:
                return "taken"
            except Contended:
                continue
            return "created"
        return "gave up"

    with ThreadPoolExecutor(16) as pool:
        outcomes = Counter(pool.map(create, range(50)))

    assert outcomes == {"created": 1, "taken": 49}


def test_twenty_simultaneous_tries_of_one_command_are_one_customer_and_one_answer(store: DynamoDbEventStore) -> None:
    name, email = str(uuid.uuid4()), unique_email()

    with ThreadPoolExecutor(20) as pool:
        answers = set(
            pool.map(lambda _: create_customer(details(email=email), store, name, try_of(name)).document(), range(20))
        )

    assert len(answers) == 1
    assert len(store.read(name)) == 1


def test_a_thousand_lost_answers_cause_no_duplicate_and_no_false_conflict(
    wire: tuple[DynamoDbEventStore, LossyNetwork], store: DynamoDbEventStore
) -> None:
    """The first response to each command is lost. The client retries, and the version must be the only one."""
    lossy_store, network = wire
    for _ in range(250):
        versions = live_through_lost_answers(lossy_store, network, name := str(uuid.uuid4()))

        assert versions == [1, 2, 3, 4]
        assert [event.version for event in store.read(name)] == [1, 2, 3, 4]
    assert network.lost == 1000


def live_through_lost_answers(store: DynamoDbEventStore, network: LossyNetwork, name: str) -> list[int]:
    """A customer whose first response to each write is lost. Returns the versions that the retries answer."""
    email, other = unique_email(), unique_email()
    create = try_of(name)
    once, moved, end = (try_of(str(uuid.uuid4()), seen) for seen in (1, None, 3))
    commands: list[Callable[[], State]] = [
        lambda: create_customer(details(email=email), store, name, create),
        lambda: update_customer(changed(email=email, city="2"), store, name, once, pause),
        lambda: update_customer(changed(email=other, city="3"), store, name, moved, pause),
        lambda: erase_customer(EraseCustomer(), store, name, end, pause),
    ]
    return [lose_then_try(network, command) for command in commands]


def lose_then_try(network: LossyNetwork, command: Callable[[], State]) -> int:
    network.lose_writes = 1
    with pytest.raises(ReadTimeoutError):
        command()
    return command().version


# A history of 1,600 events is read 1,600 times, which takes minutes on a server, so there are fewer updates there.
@pytest.mark.parametrize(("kind", "each"), [("memory", 50), ("dynamodb-local", 15)])
def test_sixteen_writers_of_one_customer_lose_nothing_and_leave_no_gap(
    store: DynamoDbEventStore, kind: str, each: int
) -> None:
    """Every acknowledged update has its own version, and the versions are 1 to n."""
    log: EventStore = InMemoryEventStore() if kind == "memory" else store
    name, email = str(uuid.uuid4()), unique_email()
    create_customer(details(email=email), log, name, try_of(name))

    def write(writer: int) -> list[int]:
        return [keep_trying(f"{writer}/{number}") for number in range(each)]

    def keep_trying(city: str) -> int:
        command = str(uuid.uuid4())
        while True:
            try:
                return update_customer(changed(email=email, city=city), log, name, try_of(command), time.sleep).version
            except Contended:
                continue

    with ThreadPoolExecutor(16) as pool:
        acknowledged = [version for versions in pool.map(write, range(16)) for version in versions]

    history = log.read(name)
    assert [event.version for event in history] == list(range(1, 16 * each + 2))
    assert sorted(acknowledged) == list(range(2, 16 * each + 2))
    customer = fold(history)
    assert isinstance(customer, Customer)
