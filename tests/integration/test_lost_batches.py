"""Batches that the mapping really discarded: the messages in the queue, and recovery from the event table (I5, I7)."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

import operations.__main__ as program
from events.dynamodb_store import DynamoDbEventStore
from local import event_source_mapping_process
from local.home import StackHome
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.maintenance import verify
from projections.projector import Projector
from tests.e2e.customers import Customer, create, erase, eventually, shown, update
from tests.integration.aws import Aws

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationTypeDef

Run = Callable[..., tuple[int, list[dict[str, Any]]]]
GIVEN_UP_WITHIN: Final = 60.0


@pytest.fixture
def customers(home: StackHome, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the stack. Returns its exit status and its machine-readable output, without the progress."""

    def run(*words: str) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        status = program.main([*words, "--json", "--home", str(home.folder)])
        lines = map(json.loads, capsys.readouterr().out.splitlines())
        return status, [line for line in lines if "work" not in line]

    return run


@pytest.fixture
def mapping(aws: Aws, outputs: Mapping[str, str]) -> "EventSourceMappingConfigurationTypeDef":
    """The projector's mapping of the event table's stream."""
    return aws.mapping_of(outputs["EventStreamArn"], "ProjectCustomers")


def notes(aws: Aws, outputs: Mapping[str, str]) -> int:
    """The number of messages in the failure queue, in-flight ones included."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    queue = outputs["ProjectionFailureQueueUrl"]
    counts = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(map(int, counts.values()))


@pytest.fixture
def given_up(
    aws: Aws,
    outputs: Mapping[str, str],
    home: StackHome,
    api: httpx.Client,
    mapping: "EventSourceMappingConfigurationTypeDef",
    function_names: Mapping[str, str],
    store: DynamoDbEventStore,
) -> Iterator[dict[str, int]]:
    """Customers with versions, all of whose events the mapping has discarded. The mapping service does not run."""
    failing = mapping["FunctionArn"].replace(function_names["ProjectCustomers"], function_names["RebuildControl"])
    names = ("MaximumRetryAttempts", "BisectBatchOnFunctionError")
    before: Any = {"FunctionName": mapping["FunctionArn"]} | {name: mapping[name] for name in names}  # type: ignore[literal-required]
    once: Any = {"FunctionName": failing, "MaximumRetryAttempts": 0, "BisectBatchOnFunctionError": False}
    event_source_mapping_process.stop_all(home)
    try:
        # That function fails on every record of a stream.
        aws.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False, **once)
        made = [create(api, full_name=f"Lost {number}") for number in range(4)]
        update(api, made[1], city="Leeds")
        erase(api, made[2])
        versions = {each["id"]: store.read(each["id"])[-1].version for each in made}
        event_source_mapping_process.ensure(home)
        events = sum(versions.values())
        eventually(lambda: _assert_given_up(home, aws, outputs, mapping["UUID"], events), within=GIVEN_UP_WITHIN)
        event_source_mapping_process.stop_all(home)
        yield versions
    finally:
        event_source_mapping_process.stop_all(home)
        aws.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False, **before)
        event_source_mapping_process.ensure(home)


def _assert_given_up(home: StackHome, aws: Aws, outputs: Mapping[str, str], uuid: str, events: int) -> None:
    """The service has read the whole stream for a mapping and discarded at least these events."""
    status = json.loads((home.mappings / "status.json").read_text())["mappings"]
    [mapping] = [each for each in status if each["uuid"] == uuid]
    assert sum(shard["discarded"] for shard in mapping["shards"].values()) >= events
    assert all(shard["behind_seconds"] == 0 for shard in mapping["shards"].values())
    assert notes(aws, outputs) > 0


def versions_of(read_model: DynamoDbReadModel, ids: Mapping[str, int], generation: int) -> dict[str, int]:
    rows = read_model.get_many(ids, generation)
    return {customer_id: rows[customer_id].version if customer_id in rows else 0 for customer_id in ids}


def test_customers_of_discarded_batches_come_back_from_the_event_table_once(
    aws: Aws,
    outputs: Mapping[str, str],
    home: StackHome,
    api: httpx.Client,
    read_model: DynamoDbReadModel,
    active: int,
    given_up: dict[str, int],
    customers: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The mapping service does not run, so a second look a second later finds nothing else.
    monkeypatch.setattr(verify, "_FIRST_PAUSE_SECONDS", 0.01)
    # Other tests may have left unpublished events.
    aws.sqs.purge_queue(QueueUrl=outputs["PublishFailureQueueUrl"])
    nothing = {"queue": "publisher", "dry": False, "left": 0}
    lost = notes(aws, outputs)
    assert sorted(given_up.values()) == [1, 1, 2, 2]
    assert versions_of(read_model, given_up, active) == dict.fromkeys(given_up, 0)

    status, printed = customers("redrive-failures")
    *rows, summary, published = printed
    assert (status, summary) == (0, {"queue": "projection", "dry": True, "left": lost})
    assert published == nothing | {"dry": True}
    assert all("behind" in row["outcome"] for row in rows)
    assert versions_of(read_model, given_up, active) == dict.fromkeys(given_up, 0)
    assert notes(aws, outputs) == lost

    # A message stays for customers that cannot be brought back, and can be taken up at once.
    with monkeypatch.context() as broken:
        broken.setattr(Projector, "project_into", lambda *_: [])
        broken.setattr(verify.Verifier, "repair", lambda *_: False)
        status, printed = customers("redrive-failures", "--go")
    assert (status, printed[-2:]) == (1, [{"queue": "projection", "dry": False, "left": lost}, nothing])
    assert notes(aws, outputs) == lost

    # The mapping is past these records and does not run: everything comes from the event table.
    assert event_source_mapping_process.service(home).find() is None
    status, printed = customers("redrive-failures", "--go")
    done = {"queue": "projection", "dry": False, "left": 0}
    assert (status, printed[-2:]) == (0, [done, nothing])
    assert len(printed) == lost + 2
    assert versions_of(read_model, given_up, active) == given_up
    assert notes(aws, outputs) == 0

    brought = read_model.get_many(given_up, active)
    assert customers("redrive-failures", "--go") == (0, [done, nothing])
    assert read_model.get_many(given_up, active) == brought
    assert [api.get(f"/customers/{each}").status_code for each in given_up] == [200, 200, 404, 200]
    assert customers("verify")[0] == 0


def test_the_mapping_is_unchanged_afterwards(api: httpx.Client) -> None:
    customer: Customer = create(api)
    assert shown(api, customer["id"]).json() == customer
