"""Operators' commands on the local stack: damage, poison events, rebuilds, and readers who must not notice them."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

import operations.__main__ as program
from events.claims import email_claim
from events.codec import to_item
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from local.home import StackHome
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from tests.e2e.customers import Customer, a_person, create, eventually, page, pages, shown
from tests.e2e.problems import assert_problem
from tests.integration.aws import Aws
from tests.integration.records import an_event
from tests.samples import details_of

Run = Callable[..., tuple[int, str]]
WORKFLOW_WITHIN: Final = 180.0


@pytest.fixture
def customers(home: StackHome, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the stack. Returns its exit status and its output."""

    def run(*words: str) -> tuple[int, str]:
        status = program.main([*words, "--home", str(home.folder)])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


@pytest.fixture
def generations(aws: Aws, outputs: Mapping[str, str]) -> DynamoDbGenerations:
    return DynamoDbGenerations(aws.dynamodb, outputs["ReadTable"])


@pytest.fixture
def room_for_a_rebuild(customers: Run, generations: DynamoDbGenerations) -> Iterator[None]:
    """Removes earlier rebuilds before the test, and this one after it: later tests would feed its generation too."""
    give_up(customers, generations)
    yield
    give_up(customers, generations)


def give_up(customers: Run, generations: DynamoDbGenerations) -> None:
    if generations.load().building is not None:
        customers("rebuild", "abandon")
    if generations.load().previous is not None:
        customers("rebuild", "retire")


@pytest.fixture
def people(api: httpx.Client) -> list[Customer]:
    """Four customers whose rows are projected."""
    made = [create(api) for _ in range(4)]
    for customer in made:
        shown(api, customer["id"])
    return made


@pytest.fixture
def poison(aws: Aws, outputs: Mapping[str, str]) -> Iterator[Event]:
    """An event that cannot be read. It and its rows are removed after the test."""
    event = replace(an_event(str(uuid4()), 1, full_name="Zebra7391"), type="CustomerVanished")
    yield event
    key = {"customer_id": {"S": event.customer_id}}
    aws.dynamodb.delete_item(TableName=outputs["EventTable"], Key={**key, "version": {"N": "1"}})
    for number in range(1, 10):
        aws.dynamodb.delete_item(TableName=outputs["ReadTable"], Key={**key, "generation": {"N": str(number)}})


def differences(printed: str) -> dict[str, tuple[str, int, int]]:
    rows = [json.loads(line) for line in printed.splitlines()]
    return {row["customer_id"]: (row["kind"], row["expected"], row["found"]) for row in rows if "kind" in row}


def claim_differences(printed: str) -> set[tuple[str, str | None, str | None]]:
    rows = [row for row in map(json.loads, printed.splitlines()) if "kind" in row]
    return {(row["kind"], row["customer_id"], row["holder"]) for row in rows}


def test_verify_names_exactly_the_damaged_rows_and_repair_heals_them(
    aws: Aws,
    outputs: Mapping[str, str],
    api: httpx.Client,
    customers: Run,
    generations: DynamoDbGenerations,
    people: list[Customer],
) -> None:
    assert customers("verify", "--json")[0] == 0
    table, active = outputs["ReadTable"], {"generation": {"N": str(generations.load().active)}}
    deleted, stale, changed, _ = [{"customer_id": {"S": customer["id"]}, **active} for customer in people]
    api.put(f"/customers/{people[1]['id']}", json={**details_of(people[1]), "city": "Leeds"}).raise_for_status()
    before = eventually(lambda: row_of_version(aws, table, stale, "2"))

    aws.dynamodb.delete_item(TableName=table, Key=deleted)
    aws.dynamodb.put_item(TableName=table, Item={**before, "version": {"N": "1"}})
    document = json.dumps({**people[2], "city": "Nowhere"})
    aws.dynamodb.update_item(
        TableName=table,
        Key=changed,
        UpdateExpression="SET document = :document",
        ExpressionAttributeValues={":document": {"S": document}},
    )

    status, printed = customers("verify", "--json")
    assert status == 1
    assert differences(printed) == {
        people[0]["id"]: ("missing", 1, 0),
        people[1]["id"]: ("behind", 2, 1),
        people[2]["id"]: ("different", 1, 1),
    }
    assert customers("verify", "--repair")[0] == 0
    assert customers("verify")[0] == 0
    assert shown(api, people[0]["id"]).json() == people[0]
    assert shown(api, people[1]["id"]).json()["city"] == "Leeds"
    assert shown(api, people[2]["id"]).json() == people[2]


def test_verify_claims_names_the_damage_and_repair_lets_nobody_share_an_address(
    aws: Aws, outputs: Mapping[str, str], api: httpx.Client, customers: Run, people: list[Customer]
) -> None:
    # Other tests put events into the table by hand, without their claims.
    before = claim_differences(customers("verify", "claims", "--json")[1])
    table = outputs["ClaimsTable"]
    lost, foreign = ({"claim": {"S": email_claim(customer["email"])}} for customer in people[:2])
    orphan = {"claim": {"S": email_claim(f"{uuid4().hex}@example.com")}, "customer_id": {"S": str(uuid4())}}
    aws.dynamodb.delete_item(TableName=table, Key=lost)
    aws.dynamodb.put_item(TableName=table, Item={**foreign, "customer_id": {"S": people[2]["id"]}})
    aws.dynamodb.put_item(TableName=table, Item=orphan)

    status, printed = customers("verify", "claims", "--json")
    assert status == 1
    assert claim_differences(printed) - before == {
        ("missing", people[0]["id"], None),
        ("foreign", people[1]["id"], people[2]["id"]),
        ("stale", None, people[2]["id"]),
        ("orphan", None, orphan["customer_id"]["S"]),
    }
    customers("verify", "claims", "--repair")
    ours = {customer["id"] for customer in people} | {orphan["customer_id"]["S"]}
    left = claim_differences(customers("verify", "claims", "--json")[1])
    assert not [difference for difference in left if ours & set(difference)]
    for customer in people[:2]:
        again = api.post("/customers", json=a_person(email=customer["email"]))
        assert_problem(again, 409, "field-taken")


def test_a_parked_customer_stays_until_the_event_is_repaired_and_returns_once(
    aws: Aws,
    outputs: Mapping[str, str],
    api: httpx.Client,
    store: DynamoDbEventStore,
    read_model: DynamoDbReadModel,
    generations: DynamoDbGenerations,
    customers: Run,
    poison: Event,
) -> None:
    store.append(poison)
    neighbour = create(api)
    active = generations.load().active

    def parked() -> str:
        status, printed = customers("parked")
        assert status == 0
        assert poison.customer_id in printed
        return printed

    assert "unknown type" in eventually(parked)
    assert shown(api, neighbour["id"]).json() == neighbour
    assert customers("redrive")[0] == 1
    assert customers("redrive", "--go")[0] == 1
    assert "still parked" in customers("redrive", "--go")[1]

    aws.dynamodb.put_item(TableName=outputs["EventTable"], Item=to_item(replace(poison, type="CustomerCreated")))
    status, printed = customers("redrive")
    assert (status, "would return" in printed) == (0, True)
    assert read_model.get_many([poison.customer_id], active)[poison.customer_id].parked
    status, printed = customers("redrive", "--go")
    assert (status, "returned" in printed) == (0, True)
    assert shown(api, poison.customer_id).json()["full_name"] == "Zebra7391"
    assert customers("redrive", "--go") == (0, "No customer is parked.\n")
    # Not by the exit status: rows of a generation that an earlier test gave up may remain for a minute.
    assert "no difference" in customers("verify")[1]


@pytest.mark.usefixtures("room_for_a_rebuild")
def test_readers_do_not_notice_a_rebuild(
    api: httpx.Client, customers: Run, generations: DynamoDbGenerations, people: list[Customer]
) -> None:
    before = generations.load().active
    ended = threading.Event()

    def write() -> list[Customer]:
        made = []
        while not ended.is_set():
            made.append(create(api))
            ended.wait(0.05)
        return made

    def read() -> int:
        count = 0
        while not ended.is_set():
            for customer in people:
                answer = api.get(f"/customers/{customer['id']}")
                assert (answer.status_code, answer.json()) == (200, customer)
            seen = {customer["id"] for found in pages(api, 50, people[0]["created_at"]) for customer in found}
            assert {customer["id"] for customer in people} <= seen
            count += 1
        return count

    with ThreadPoolExecutor(6) as pool:
        writers, readers = [pool.submit(write) for _ in range(4)], [pool.submit(read) for _ in range(2)]
        try:
            status, printed = customers("rebuild", "all")
        finally:
            ended.set()
        made = [customer for writer in writers for customer in writer.result()]
        assert all(reader.result() for reader in readers)

    assert status == 0, printed
    after = generations.load()
    assert after.active > before
    assert after.previous == before
    for customer in made:
        assert shown(api, customer["id"]).json() == customer
    # Not by the exit status: rows of a generation that an earlier test gave up may remain for a minute.
    assert "no difference" in customers("verify")[1]


@pytest.mark.usefixtures("room_for_a_rebuild")
def test_the_workflow_rebuilds_and_switches_without_readers_noticing(
    aws: Aws,
    outputs: Mapping[str, str],
    api: httpx.Client,
    generations: DynamoDbGenerations,
    customers: Run,
    people: list[Customer],
) -> None:
    before, listed = generations.load(), page(api, limit=100)["customers"]

    wrong = first_failure(aws, outputs["RebuildStateMachine"], rate="fast")
    assert "rate must be a number of write units per second, 1 or more, not 'fast'" in wrong
    assert generations.load() == before

    ended = execute(aws, outputs["RebuildStateMachine"], rate=400)

    assert ended["status"] == "SUCCEEDED", ended
    after = generations.load()
    assert (after.active, after.previous) == (before.newest + 1, before.active)
    assert page(api, limit=100)["customers"] == listed
    for customer in people:
        assert shown(api, customer["id"]).json() == customer
    # Not by the exit status: rows of a generation that an earlier test gave up may remain for a minute.
    assert "no difference" in customers("verify")[1]

    # The previous generation is kept, so another switch is impossible: reported at once, and nothing begins.
    assert "'rebuild retire' first" in first_failure(aws, outputs["RebuildStateMachine"])
    assert generations.load() == after


def test_a_stack_that_does_not_run_is_reported_in_one_sentence(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["status", "--home", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "customers: The local stack is not running. Start it with make up.\n"


def row_of_version(aws: Aws, table: str, key: Mapping[str, Any], version: str) -> dict[str, Any]:
    row: dict[str, Any] = aws.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    assert row.get("version") == {"N": version}
    return row


def first_failure(aws: Aws, machine: str, **given: object) -> str:
    """The cause of the first failed task of an execution, which is then stopped.

    The local AWS calls every error of a function Runtime.HandlerError, so the state machine does not know that this one
    is permanent (tests/unit/projections/maintenance/test_state_machine.py), and retries it.
    """
    started = aws.workflows.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]

    def failed() -> str:
        events = aws.workflows.get_execution_history(executionArn=started)["events"]
        causes = [event["taskFailedEventDetails"]["cause"] for event in events if event["type"] == "TaskFailed"]
        assert causes
        return str(causes[0])

    try:
        return eventually(failed, within=WORKFLOW_WITHIN)
    finally:
        aws.workflows.stop_execution(executionArn=started)


def execute(aws: Aws, machine: str, **given: object) -> Mapping[str, Any]:
    started = aws.workflows.start_execution(stateMachineArn=machine, input=json.dumps(given))

    def ended() -> Mapping[str, Any]:
        found: Mapping[str, Any] = aws.workflows.describe_execution(executionArn=started["executionArn"])
        assert found["status"] != "RUNNING"
        return found

    return eventually(ended, within=WORKFLOW_WITHIN)
