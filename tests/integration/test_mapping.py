"""The deployed event source mapping, and its service when it is killed in the middle of its work (I1, I5)."""

import itertools
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from events.customer import Customer
from events.dynamodb_store import DynamoDbEventStore
from events.history import fold
from local import event_source_mapping_process
from local.home import StackHome
from local.processes import is_alive
from local.template import load_template
from projections.dynamodb_read_model import DynamoDbReadModel
from tests.e2e.customers import create, eventually, pages, shown
from tests.integration.aws import Aws
from tests.integration.processes import kill
from tests.integration.records import an_event

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationTypeDef

THREADS: Final = 8
KILLS: Final = 10
# Seconds after a start, which takes about half of one, until the service is in the midst of work.
LONGEST_LIFE: Final = 1.5
# Seconds between two customers of one client.
PAUSE: Final = 0.2
# Seconds; the local AWS's own reader needs less than one.
OWN_READER_WITHIN: Final = 2.5


@pytest.fixture(scope="module")
def deployed(aws: Aws, outputs: Mapping[str, str]) -> "EventSourceMappingConfigurationTypeDef":
    """The projector's mapping of the event table's stream."""
    return aws.mapping_of(outputs["EventStreamArn"], "ProjectCustomers")


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """The mapping in the template."""
    properties: dict[str, Any] = load_template()["Resources"]["ProjectCustomersMapping"]["Properties"]
    return properties


def test_every_plain_setting_is_deployed_as_declared(
    deployed: "EventSourceMappingConfigurationTypeDef", declared: dict[str, Any]
) -> None:
    elsewhere = {"FunctionName", "EventSourceArn", "Enabled", "DestinationConfig", "ParallelizationFactor", "Tags"}
    plain = {name: value for name, value in declared.items() if name not in elsewhere}
    assert {name: deployed.get(name) for name in plain} == plain
    assert set(plain) == {
        "StartingPosition",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "FunctionResponseTypes",
        "BisectBatchOnFunctionError",
        "MaximumRetryAttempts",
        "MaximumRecordAgeInSeconds",
        "FilterCriteria",
    }


def test_the_mapping_connects_the_stream_to_the_live_projector_and_its_failures_to_the_queue(
    deployed: "EventSourceMappingConfigurationTypeDef",
    declared: dict[str, Any],
    aws: Aws,
    function_names: Mapping[str, str],
    outputs: Mapping[str, str],
) -> None:
    assert declared["FunctionName"] == {"Ref": "ProjectCustomersAliaslive"}
    assert deployed["FunctionArn"].endswith(f":function:{function_names['ProjectCustomers']}:live")
    assert deployed["EventSourceArn"] == outputs["EventStreamArn"]
    queue = aws.sqs.get_queue_attributes(QueueUrl=outputs["ProjectionFailureQueueUrl"], AttributeNames=["QueueArn"])[
        "Attributes"
    ]["QueueArn"]
    assert deployed["DestinationConfig"]["OnFailure"]["Destination"] == queue


def test_only_the_mapping_service_reads_the_stream(home: StackHome, api: httpx.Client) -> None:
    """The local AWS's own reader drops failed records, so it must be off; its reported state cannot be trusted."""
    event_source_mapping_process.stop_all(home)
    try:
        customer = create(api)
        time.sleep(OWN_READER_WITHIN)
        assert api.get(f"/customers/{customer['id']}").status_code == 404
    finally:
        event_source_mapping_process.ensure(home)
    assert shown(api, customer["id"]).json() == customer


def _folded(store: DynamoDbEventStore, customer_id: str) -> Customer:
    """The customer that the events fold to."""
    customer = fold(store.read(customer_id))
    assert isinstance(customer, Customer)
    return customer


@pytest.fixture
def grown(api: httpx.Client, store: DynamoDbEventStore) -> Callable[[int], str]:
    """Creates a customer with one to three events, and returns the id."""

    def grow(number: int) -> str:
        customer_id = str(create(api)["id"])
        for version in range(2, 2 + number % 3):
            store.append(an_event(customer_id, version))
        return customer_id

    return grow


def test_nothing_is_lost_or_done_twice_when_the_mapping_service_is_killed_ten_times(
    home: StackHome,
    store: DynamoDbEventStore,
    read_model: DynamoDbReadModel,
    active: int,
    grown: Callable[[int], str],
    api: httpx.Client,
) -> None:
    seed = secrets.randbits(32)
    # Printed if the test fails.
    print(f"KILLS = {KILLS}, seed = {seed}")
    random, stop, numbers = Random(seed), threading.Event(), itertools.count()

    def client() -> list[str]:
        made = []
        while not stop.is_set():
            made.append(grown(next(numbers)))
            # The pace lets the projection keep up, so that kills meet batches of all sizes.
            stop.wait(PAUSE)
        return made

    try:
        with ThreadPoolExecutor(THREADS) as threads:
            clients = [threads.submit(client) for _ in range(THREADS)]
            try:
                for _ in range(KILLS):
                    time.sleep(random.uniform(0, LONGEST_LIFE))
                    kill(home)
                    event_source_mapping_process.ensure(home)
            finally:
                stop.set()
            customers = [customer_id for each in clients for customer_id in each.result()]
    finally:
        back = event_source_mapping_process.ensure(home)
    assert is_alive(back)
    wanted = {customer_id: _folded(store, customer_id) for customer_id in customers}
    assert {customer.version for customer in wanted.values()} == {1, 2, 3}

    def look() -> None:
        rows = read_model.get_many(wanted, active)
        assert {customer_id: row.state() for customer_id, row in rows.items()} == wanted

    eventually(look, within=60)
    # Each customer is listed once; a second row would be a second entry.
    listed = Counter(shown["id"] for page in pages(api, 100) for shown in page)
    assert {customer_id: listed[customer_id] for customer_id in wanted} == dict.fromkeys(wanted, 1)
