"""Runbooks, followed on the local stack: a fault, what the page says to paste, and its own criterion that it is over.

Every test begins and ends with a stack that has nothing wrong. `NOT_LOCAL` says why the other pages cannot be followed.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from consumer_kit import DeadLetters
from events.codec import encode, to_item
from events.customer import CustomerErased
from events.dynamodb_store import DynamoDbEventStore
from local.environments import ROOT
from local.home import StackHome
from operations.stack import connect
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_keys import key_of_row
from publisher.publish_failures import PublishFailure
from shared.runtime.clock import timestamp
from tests.e2e.customers import Customer, create, eventually, shown, update
from tests.integration.aws import Aws
from tests.integration.pasting import OperatorShell, Pasted
from tests.integration.processes import kill
from tests.integration.records import METADATA, an_event
from tests.integration.settled import let_a_minute_pass
from tests.integration.welcome import Welcome, delivered
from tests.runbooks import DO, LOOK, OVER, PAGES, blocks
from tests.tap import Tap

UUID: Final = "10306a65-73df-4a79-b454-3265ae90e39d"
TIME: Final = "2026-11-28T09:30:00Z"
NOT_LOCAL: Final = {
    "answers-slow": "has the cure of read-function-errors; the local stack has no percentiles of metrics",
    "function-errors": "has the cure of read-function-errors, for functions whose failure would disturb other tests",
    "functions-throttled": "the local AWS ignores reserved concurrency and has no quotas",
    "many-blocked": "the local stack has no firewall",
    "many-unauthorized": "its cure is a caller's own, or a limit of the firewall",
    "projecting-version-errors": "the local stack has no gradual deployments; its verify is that of projection-behind",
    "publishing-version-errors": "the local stack has no gradual deployments",
    "read-functions-throttled": "the local AWS ignores reserved concurrency and has no quotas",
    "reading-version-errors": "the local stack has no gradual deployments",
    "server-errors": "has the cure of read-function-errors; the local stack has no pipeline",
    "tables-throttled": "the local AWS throttles no table",
    "writing-version-errors": "the local stack has no gradual deployments",
}
Resources = Mapping[str, str]


@pytest.fixture(scope="module")
def shell(
    home: StackHome, outputs: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorShell]:
    with closing(OperatorShell(home, outputs, tmp_path_factory.mktemp("programs"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def generations(aws: Aws, outputs: Mapping[str, str]) -> DynamoDbGenerations:
    return DynamoDbGenerations(aws.dynamodb, outputs["ReadTable"])


@pytest.fixture(scope="module")
def resources(aws: Aws, outputs: Mapping[str, str]) -> Resources:
    """Physical ids by logical ids."""
    pages = aws.stacks.get_paginator("list_stack_resources").paginate(StackName=outputs["StackName"])
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


@pytest.fixture(scope="module", autouse=True)
def _nothing_wrong_before(
    shell: OperatorShell, aws: Aws, outputs: Mapping[str, str], home: StackHome, generations: DynamoDbGenerations
) -> None:
    """Removes what earlier tests left: messages, generations and parked customers' rows."""
    for name in ("ProjectionFailureQueueUrl", "PublishFailureQueueUrl", "WelcomeDeadLetterQueueUrl"):
        aws.sqs.purge_queue(QueueUrl=outputs[name])
    if generations.load().building:
        shell.run("make customers ARGS='rebuild abandon'")
    if generations.load().previous:
        shell.run("make customers ARGS='rebuild retire'")
    let_a_minute_pass(generations)
    shell.run("make customers ARGS='rebuild remove'")
    # Events that cannot be read stay in the event table, so no redrive helps.
    for stack in connect("", str(home.folder)).every_view:
        for generation in stack.generations.load().fed:
            for row in list(stack.read_model.parked(generation)):
                key = key_of_row(stack.view, row.customer_id, generation)
                aws.dynamodb.delete_item(TableName=outputs["ReadTable"], Key=key)
    eventually(lambda: assert_nothing_wrong(shell))


@pytest.fixture
def people(api: httpx.Client) -> list[Customer]:
    """Three customers whose rows are projected."""
    made = [create(api) for _ in range(3)]
    for customer in made:
        shown(api, customer["id"])
    return made


def assert_nothing_wrong(shell: OperatorShell) -> None:
    assert shell.status() == []


def over(shell: OperatorShell, page: str, within: float = 30.0) -> Pasted:
    """Paste the page's last part until it exits with 0, which it does once nothing is wrong."""

    def is_over() -> Pasted:
        done = shell.paste(page, OVER)
        assert done.status == 0, done.printed
        assert "Nothing is wrong." in done.printed
        return done

    return eventually(is_over, within=within)


def test_every_page_is_followed_here_or_cannot_be() -> None:
    source = Path(__file__).read_text()
    followed = {page for page in PAGES if f'"{page}", DO' in source}

    assert followed.isdisjoint(NOT_LOCAL)
    assert followed | NOT_LOCAL.keys() == PAGES.keys()


def test_projection_and_publishing_behind(shell: OperatorShell, home: StackHome, api: httpx.Client) -> None:
    """The mapping service is killed, and five customers wait."""
    kill(home)
    made = [create(api) for _ in range(5)]

    wrong = shell.status()
    assert len(wrong) == 2
    assert wrong[0].startswith("ProjectCustomersMapping is dead: 5 event(s) wait, the oldest for ")
    assert wrong[1].startswith("PublishEventsMapping is dead: 5 event(s) wait, the oldest for ")
    assert "ProjectCustomersMapping is dead" in shell.paste("projection-behind", LOOK).printed
    # Make itself, which the shell's program stands in for elsewhere.
    made_status = shell.run("make status")
    assert (made_status.status, "PublishEventsMapping is dead" in made_status.printed) == (2, True)
    assert blocks("publish-behind", DO)[1] == blocks("projection-behind", DO)[1]
    assert shell.paste("projection-behind", DO, 1).status == 0

    over(shell, "projection-behind")
    over(shell, "publish-behind")
    assert (shell.reading("ProjectCustomersMapping")["events_behind"], shell.paste("publish-behind", DO, 1).status) == (
        0,
        0,
    )
    for customer in made:
        assert api.get(f"/customers/{customer['id']}").json() == customer


def test_customers_parked(
    shell: OperatorShell, aws: Aws, outputs: Mapping[str, str], store: DynamoDbEventStore, api: httpx.Client
) -> None:
    """An event of an unknown type parks a customer, and the publisher cannot read it either."""
    event = replace(an_event(str(uuid4()), 1), type="CustomerVanished")
    store.append(event)

    def parked() -> None:
        assert "has 1 parked customer(s)" in " ".join(shell.status())

    eventually(parked)
    assert "unknown type" in shell.paste("customers-parked", LOOK).printed
    assert "still parked" in shell.paste("customers-parked", DO).printed
    aws.dynamodb.put_item(TableName=outputs["EventTable"], Item=to_item(replace(event, type="CustomerCreated")))
    assert "1 returned" in shell.paste("customers-parked", DO).printed
    shell.paste("publish-failures", DO)

    over(shell, "customers-parked")
    assert shown(api, event.customer_id).status_code == 200


def test_erasures_unfinished(
    shell: OperatorShell,
    aws: Aws,
    outputs: Mapping[str, str],
    store: DynamoDbEventStore,
    resources: Resources,
    people: list[Customer],
) -> None:
    """An erasure was cut before it redacted anything, and the rules that would finish it are disabled."""
    gone, bus = people[0]["id"], outputs["EventBusName"]
    events, claims, erasures = (outputs[name] for name in ("EventTable", "ClaimsTable", "ErasuresTable"))
    aws.events.disable_rule(Name=resources["FinishErasuresNoted"])
    aws.events.disable_rule(Name=resources["FinishErasuresErased"], EventBusName=bus)
    try:
        envelope: Any = {"customer_id": gone, "version": 2, "event_id": str(uuid4()), "metadata": METADATA}
        event = encode(CustomerErased(), occurred_at=timestamp(datetime.now(UTC)), **envelope)
        DynamoDbEventStore(aws.dynamodb, events, claims, erasures).append(event)
        since = timestamp(datetime.now(UTC) - timedelta(hours=1))
        note = {"customer_id": {"S": gone}, "since": {"S": since}}
        aws.dynamodb.put_item(TableName=outputs["ErasuresTable"], Item=note)

        wrong = shell.status()
        assert {"FinishErasuresNoted is disabled", "FinishErasuresErased is disabled"} <= set(wrong)
        assert "1 erasure(s) are unfinished for more than 15 minutes" in wrong
        assert gone in shell.paste("erasures-unfinished", LOOK).printed
        assert shell.paste("erasures-unfinished", DO, 0).status == 0
        assert shell.paste("erasures-unfinished", DO, 1).status == 0

        over(shell, "erasures-unfinished")
    finally:
        aws.events.enable_rule(Name=resources["FinishErasuresNoted"])
        aws.events.enable_rule(Name=resources["FinishErasuresErased"], EventBusName=bus)
    assert "redacted" in store.read(gone)[0].data


def test_projection_failures(
    shell: OperatorShell, aws: Aws, outputs: Mapping[str, str], active: int, people: list[Customer], api: httpx.Client
) -> None:
    """Lambda gave up on a batch, so its customers have no rows."""
    for customer in people:
        key = {"customer_id": {"S": customer["id"]}, "generation": {"N": str(active)}}
        aws.dynamodb.delete_item(TableName=outputs["ReadTable"], Key=key)
    now = datetime.now(UTC).isoformat()
    lost = {"shardId": "shardId-1", "batchSize": 3, "approximateArrivalOfFirstRecord": now}
    body = json.dumps({"DDBStreamBatchInfo": {**lost, "approximateArrivalOfLastRecord": now}})
    aws.sqs.send_message(QueueUrl=outputs["ProjectionFailureQueueUrl"], MessageBody=body)

    assert shell.status() == ["ProjectionFailureQueue has 1 message(s)"]
    assert "3 behind" in shell.paste("projection-failures", LOOK).printed
    assert shell.status() == ["ProjectionFailureQueue has 1 message(s)"]
    assert shell.paste("projection-failures", DO).status == 0

    over(shell, "projection-failures")
    for customer in people:
        assert api.get(f"/customers/{customer['id']}").json() == customer


def test_publish_failures(
    shell: OperatorShell, aws: Aws, outputs: Mapping[str, str], tap: Tap, people: list[Customer]
) -> None:
    """One event was not published, and a message names another one that never existed."""
    unsent, never = people[0]["id"], str(uuid4())
    before = len(eventually(lambda: heard(tap, unsent, 1)))
    for customer_id in (unsent, never):
        body = PublishFailure(customer_id, 1, "", "too large").to_json()
        aws.sqs.send_message(QueueUrl=outputs["PublishFailureQueueUrl"], MessageBody=body)

    assert shell.status() == ["PublishFailureQueue has 2 message(s)"]
    look = shell.paste("publish-failures", LOOK).printed
    assert ("would be published" in look, "not in the event table" in look) == (True, True)
    shell.paste("publish-failures", DO, 0)
    assert shell.status() == ["PublishFailureQueue has 1 message(s)"]
    assert shell.paste("publish-failures", DO, 1).status == 0
    assert shell.paste("publish-failures", DO, 2).status == 0

    over(shell, "publish-failures")
    eventually(lambda: heard(tap, unsent, before + 1))


def heard(tap: Tap, customer_id: str, number: int) -> list[Any]:
    found = tap.events(customer_id)
    assert len(found) >= number
    return found


@pytest.fixture
def no_bus(
    aws: Aws, outputs: Mapping[str, str], function_names: Mapping[str, str], tap: Tap
) -> Iterator[Callable[[], None]]:
    """Deletes the bus with its rules."""
    bus = outputs["EventBusName"]

    def delete() -> None:
        for rule in aws.events.list_rules(EventBusName=bus)["Rules"]:
            targets = aws.events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
            ids = [target["Id"] for target in targets]
            aws.events.remove_targets(Rule=rule["Name"], EventBusName=bus, Ids=ids)
            aws.events.delete_rule(Name=rule["Name"], EventBusName=bus)
        aws.events.delete_event_bus(Name=bus)
        # A process that fails is replaced, and a new one looks for the bus at once instead of within a minute.
        aws.functions.invoke(FunctionName=function_names["PublishEvents"], Qualifier="live", Payload=b"{}")

    yield delete
    tap.open()


def test_publish_errors(
    shell: OperatorShell,
    aws: Aws,
    outputs: Mapping[str, str],
    api: httpx.Client,
    no_bus: Callable[[], None],
) -> None:
    """Somebody deleted the bus and its rules."""
    welcome = Welcome(aws, outputs)
    since = timestamp(datetime.now(UTC) - timedelta(seconds=1))
    no_bus()
    customer = create(api)

    wrong = shell.status()
    assert wrong[:3] == ["CustomersBus is deleted", "FinishErasuresErased is deleted", "WelcomeRule is deleted"]
    assert "CustomersBus               deleted" in shell.paste("publish-errors", LOOK).printed
    for number in (0, 2):
        done = shell.paste("publish-errors", DO, number)
        assert done.status == 0, done.printed
    sent = shell.run(blocks("publish-errors", DO)[3], {TIME: since})
    assert sent.status == 0, sent.printed

    over(shell, "publish-errors")
    later = create(api)

    def welcomed() -> None:
        assert welcome.item(customer["id"])
        assert welcome.item(later["id"])

    eventually(welcomed)
    [finisher] = aws.events.list_rules(EventBusName=outputs["EventBusName"], NamePrefix=outputs["StackName"])["Rules"]
    assert json.loads(finisher["EventPattern"])["detail-type"] == ["CustomerErased"]
    assert aws.events.list_targets_by_rule(Rule=finisher["Name"], EventBusName=outputs["EventBusName"])["Targets"]


@pytest.fixture
def stopped_welcome(aws: Aws, resources: Resources) -> Iterator[None]:
    """The mapping of the welcome list is disabled. After the test it is enabled in any case."""
    aws.functions.update_event_source_mapping(UUID=resources["WelcomeMapping"], Enabled=False)
    yield
    aws.functions.update_event_source_mapping(UUID=resources["WelcomeMapping"], Enabled=True)


@pytest.mark.usefixtures("stopped_welcome")
def test_welcome_behind(shell: OperatorShell, aws: Aws, outputs: Mapping[str, str], api: httpx.Client) -> None:
    """The mapping of the welcome list is disabled."""
    welcome = Welcome(aws, outputs)
    customer = create(api)

    def waits() -> None:
        assert shell.status() == ["WelcomeMapping is Disabled: 1 event(s) wait"]

    eventually(waits)
    assert "Disabled" in shell.paste("welcome-behind", LOOK).printed
    assert shell.paste("welcome-behind", DO, 0).status == 0

    over(shell, "welcome-behind")

    def welcomed() -> None:
        assert welcome.item(customer["id"])

    eventually(welcomed)


def test_welcome_dead_letters(
    shell: OperatorShell, aws: Aws, outputs: Mapping[str, str], store: DynamoDbEventStore, people: list[Customer]
) -> None:
    """The consumer rejected an event, and SQS moved the message of another one."""
    welcome = Welcome(aws, outputs)
    rejected, moved = people[0]["id"], people[1]["id"]

    def both_welcomed() -> None:
        assert welcome.item(rejected)
        assert welcome.item(moved)

    eventually(both_welcomed)
    for customer_id in (rejected, moved):
        for item in welcome.everything_of(customer_id):
            key = {name: item[name] for name in ("customer_id", "item")}
            aws.dynamodb.delete_item(TableName=welcome.table, Key=key)
    bodies = {each: delivered(store.read(each)[0], outputs["EventSource"]) for each in (rejected, moved)}  # type: ignore[arg-type]
    DeadLetters(aws.sqs, welcome.dead_letters_url).send(bodies[rejected], "unsupported")
    aws.sqs.send_message(QueueUrl=welcome.dead_letters_url, MessageBody=bodies[moved])
    time.sleep(0.01)

    assert shell.status() == ["WelcomeDeadLetterQueue has 2 message(s)"]
    for page in ("welcome-dead-letters", "welcome-dead-letters-old"):
        assert "unsupported" in shell.paste(page, LOOK).printed
    # The page of old letters begins with the same command.
    assert blocks("welcome-dead-letters-old", DO)[:2] == blocks("welcome-dead-letters", DO)[:2]
    first = shell.paste("welcome-dead-letters", DO, 0)
    assert f"backfill of these customers: {rejected}" in first.printed
    assert shell.run(blocks("welcome-dead-letters-old", DO)[1], {UUID: rejected}).status == 0
    eventually(both_welcomed)
    assert shell.paste("welcome-dead-letters-old", DO, 0).status == 0

    over(shell, "welcome-dead-letters")
    over(shell, "welcome-dead-letters-old")


@pytest.fixture
def copied_table(aws: Aws, outputs: Mapping[str, str]) -> Iterator[str]:
    """A table beside the event table, as a restore makes it. The local AWS restores none."""
    name = f"{outputs['EventTable']}-before"
    aws.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "customer_id", "AttributeType": "S"},
            {"AttributeName": "version", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "customer_id", "KeyType": "HASH"},
            {"AttributeName": "version", "KeyType": "RANGE"},
        ],
    )
    yield name
    if name in aws.dynamodb.list_tables()["TableNames"]:
        aws.dynamodb.delete_table(TableName=name)
    (ROOT / "original.json").unlink(missing_ok=True)


def test_events_changed(
    shell: OperatorShell, aws: Aws, outputs: Mapping[str, str], people: list[Customer], copied_table: str
) -> None:
    """Somebody overwrote an event. The original is in the copy that the restore would make."""
    customer_id = people[0]["id"]
    key: Any = {"customer_id": {"S": customer_id}, "version": {"N": "1"}}
    stored = aws.dynamodb.get_item(TableName=outputs["EventTable"], Key=key, ConsistentRead=True)["Item"]
    aws.dynamodb.put_item(TableName=copied_table, Item=stored)
    changed = json.dumps({**json.loads(stored["data"]["S"]), "city": "Nowhere"})
    aws.dynamodb.put_item(TableName=outputs["EventTable"], Item=stored | {"data": {"S": changed}})

    assert "1 different" in shell.paste("events-changed", OVER).printed
    assert shell.run(blocks("events-changed", DO)[2], {UUID: customer_id}).status == 0
    for number in (3, 4):
        done = shell.paste("events-changed", DO, number)
        assert done.status == 0, done.printed

    over(shell, "events-changed")
    assert aws.dynamodb.get_item(TableName=outputs["EventTable"], Key=key, ConsistentRead=True)["Item"] == stored


def test_rebuild_failed_and_a_row_that_is_ahead(
    shell: OperatorShell,
    aws: Aws,
    outputs: Mapping[str, str],
    api: httpx.Client,
    generations: DynamoDbGenerations,
    people: list[Customer],
) -> None:
    """A rebuild was begun and left. Meanwhile the event table loses an event, and only that rebuild helps the row."""
    ahead = people[0]
    update(api, ahead, city="Leeds")
    eventually(lambda: assert_city(api, ahead, "Leeds"))
    key: Any = {"customer_id": {"S": ahead["id"]}, "version": {"N": "2"}}
    aws.dynamodb.delete_item(TableName=outputs["EventTable"], Key=key)
    shell.run("make customers ARGS='rebuild start'")

    assert "1 ahead" in shell.run("make customers ARGS='verify --repair'").printed
    assert_city(api, ahead, "Leeds")
    assert "0.0 %" in shell.paste("rebuild-failed", LOOK).printed
    done = shell.paste("rebuild-failed", DO, 1)
    assert done.status == 0, done.printed

    over(shell, "rebuild-failed")
    assert shell.run("make customers ARGS='verify'").status == 0
    assert api.get(f"/customers/{ahead['id']}").json() == ahead

    shell.run("make customers ARGS='rebuild retire'")
    shell.run("make customers ARGS='rebuild start'")
    assert shell.paste("rebuild-failed", DO, 2).status == 0
    let_a_minute_pass(generations)
    assert len(shell.status()) == 2
    assert shell.paste("rebuild-failed", DO, 3).status == 0
    over(shell, "rebuild-failed")


def assert_city(api: httpx.Client, customer: Customer, city: str) -> None:
    assert api.get(f"/customers/{customer['id']}").json()["city"] == city


def test_read_function_errors(
    shell: OperatorShell, aws: Aws, function_names: Mapping[str, str], api: httpx.Client, people: list[Customer]
) -> None:
    """A deployment pointed `live` to a version that cannot start."""
    functions: Any = aws.functions
    name = function_names["GetCustomer"]
    good = functions.get_function_configuration(FunctionName=name)["Handler"]
    place = f"/customers/{people[0]['id']}"
    try:
        functions.update_function_configuration(FunctionName=name, Handler="queries.handlers.nothing.handle")
        broken = functions.publish_version(FunctionName=name)["Version"]
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion=broken)
        eventually(lambda: assert_answers(api, place, 502))

        done = shell.paste("read-function-errors", DO)
        assert done.status == 0, done.printed

        eventually(lambda: assert_answers(api, place, 200))
        over(shell, "read-function-errors")
    finally:
        functions.update_function_configuration(FunctionName=name, Handler=good)
        functions.delete_function(FunctionName=name, Qualifier=broken)


def assert_answers(api: httpx.Client, place: str, status: int) -> None:
    assert api.get(place).status_code == status


def test_many_erasures(shell: OperatorShell, aws: Aws, resources: Resources, api: httpx.Client) -> None:
    """A person erases customers and is disabled. The client's deletion and the limit would disturb other tests."""
    pool, person = resources["UserPool"], f"{uuid4().hex}@example.com"
    aws.cognito.admin_create_user(UserPoolId=pool, Username=person, MessageAction="SUPPRESS")

    assert shell.run(blocks("many-erasures", DO)[0], {"ada@example.com": person}).status == 0
    assert aws.cognito.admin_get_user(UserPoolId=pool, Username=person)["Enabled"] is False
    over(shell, "many-erasures")
