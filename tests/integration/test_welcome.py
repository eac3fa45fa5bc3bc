"""The example consumer handles each event once and in order, whatever the queue does, and erases what we erase."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from consumer_kit.__main__ import main
from consumer_kit.dead_letters import describe
from events.codec import encode
from events.customer import CustomerErased
from local.aws import credentials
from tests.e2e.customers import create, erase, eventually, update
from tests.integration.aws import Aws
from tests.integration.records import METADATA, an_event, some_events
from tests.integration.welcome import Welcome, delivered

CUSTOMERS, VERSIONS, REPEATS = 250, 4, 200
Command = Callable[..., int]


@pytest.fixture(scope="module")
def welcome(aws: Aws, outputs: Mapping[str, str]) -> Welcome:
    return Welcome(aws, outputs)


@pytest.fixture
def command(outputs: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The consumer kit's command line, configured for the stack."""
    for name, value in credentials(outputs["EndpointUrl"]).items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: main(arguments)


@pytest.fixture
def impatient(aws: Aws, welcome: Welcome) -> Iterator[None]:
    """Makes a failed message visible again after a second, and SQS move it after five receives."""
    before = aws.sqs.get_queue_attributes(QueueUrl=welcome.queue_url, AttributeNames=["RedrivePolicy"])["Attributes"]
    hasty = json.dumps({**json.loads(before["RedrivePolicy"]), "maxReceiveCount": 5})
    aws.sqs.set_queue_attributes(
        QueueUrl=welcome.queue_url, Attributes={"VisibilityTimeout": "1", "RedrivePolicy": hasty}
    )
    yield
    aws.sqs.set_queue_attributes(QueueUrl=welcome.queue_url, Attributes={"VisibilityTimeout": "60", **before})


def letters(aws: Aws, welcome: Welcome) -> list[Any]:
    """The dead letters, which stay in the queue."""
    return aws.sqs.receive_message(
        QueueUrl=welcome.dead_letters_url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
        MessageAttributeNames=["All"],
    ).get("Messages", [])


def test_a_thousand_events_repeated_and_out_of_order_are_handled_once_and_in_order(aws: Aws, welcome: Welcome) -> None:
    chance = random.Random(7)
    events = [event for _ in range(CUSTOMERS) for event in some_events(VERSIONS)]
    arriving = [*events, *chance.choices(events, k=REPEATS)]
    chance.shuffle(arriving)

    welcome.send(map(delivered, arriving))

    def all_are_there() -> None:
        for customer_id in {event.customer_id for event in events}:
            assert welcome.inbox(customer_id).version == VERSIONS, customer_id

    eventually(all_are_there, within=180)
    for event in events[VERSIONS - 1 :: VERSIONS]:
        state, item = welcome.inbox(event.customer_id), welcome.item(event.customer_id)
        assert not state.held
        assert item
        # Each write adds one, and is refused unless it takes the item to a later version.
        assert (item["changes"], item["version"]) == (str(VERSIONS), str(VERSIONS))
        assert item["full_name"] == f"Ada {VERSIONS}"
    assert letters(aws, welcome) == []


def test_a_customer_is_welcomed_by_the_current_name_and_removed_when_erased(
    api: httpx.Client, welcome: Welcome
) -> None:
    customer = create(api)
    update(api, customer, full_name="Ada King")

    def is_listed() -> None:
        item = welcome.item(customer["id"])
        assert item
        assert (item["full_name"], item["email"]) == ("Ada King", customer["email"])
        assert (item["version"], item["changes"], item["since"]) == ("2", "2", customer["created_at"])

    eventually(is_listed)
    erase(api, customer)

    def is_forgotten() -> None:
        assert welcome.item(customer["id"]) is None

    eventually(is_forgotten)
    [tombstone] = welcome.everything_of(customer["id"])
    assert (tombstone["version"], tombstone["erased"]) == ({"N": "3"}, {"BOOL": True})
    assert "Ada" not in json.dumps(tombstone)
    assert customer["email"] not in json.dumps(tombstone)


def test_a_waiting_event_is_found_and_removed_when_the_customer_is_erased(
    welcome: Welcome, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    _, second, third = some_events(3)
    customer_id = second.customer_id
    welcome.send(map(delivered, (second, third)))

    def both_are_held() -> None:
        assert set(welcome.inbox(customer_id).held) == {2, 3}

    eventually(both_are_held)
    assert command("waiting", "--table", welcome.table, "--minutes", "0") == 1
    assert f"{customer_id}  version 1 is missing since 20" in capsys.readouterr().out

    erasure = encode(
        CustomerErased(),
        customer_id=customer_id,
        version=4,
        event_id=str(uuid4()),
        occurred_at=third.occurred_at,
        metadata=METADATA,
    )
    welcome.send([delivered(erasure)])

    def nothing_is_held() -> None:
        state = welcome.inbox(customer_id)
        assert (state.version, state.erased, state.held) == (4, True, {})

    eventually(nothing_is_held)
    [tombstone] = welcome.everything_of(customer_id)
    assert "Ada" not in json.dumps(tombstone)
    capsys.readouterr()
    # Others may still wait, such as customers with an event that cannot be read.
    command("waiting", "--table", welcome.table, "--minutes", "0")
    assert customer_id not in capsys.readouterr().out


@pytest.mark.usefixtures("impatient")
def test_a_message_that_fails_too_often_becomes_a_dead_letter_and_comes_back_once_the_cause_is_fixed(
    aws: Aws, welcome: Welcome, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    [event] = some_events(1)
    key = {"customer_id": {"S": event.customer_id}, "item": {"S": "welcome"}}
    # An item edited by hand is ahead of every event, so that the effect is refused.
    aws.dynamodb.put_item(TableName=welcome.table, Item={**key, "version": {"N": "9"}})
    unreadable, unknown, [healthy] = str(uuid4()), json.loads(delivered(an_event(str(uuid4()), 1))), some_events(1)
    unknown["detail"]["dataschema"] = "urn:customers-api:schema:CustomerCreated:2"

    welcome.send([delivered(event), unreadable, json.dumps(unknown), delivered(healthy)])

    def all_three_are_dead() -> list[Any]:
        found = letters(aws, welcome)
        assert {describe(letter).reason for letter in found} == {
            "received too often",
            "body is not JSON",
            "CustomerCreated has schema version 2, but this consumer supports up to 1",
        }
        return found

    for letter in eventually(all_three_are_dead, within=60):
        if event.customer_id not in letter["Body"]:
            aws.sqs.delete_message(QueueUrl=welcome.dead_letters_url, ReceiptHandle=letter["ReceiptHandle"])
    assert welcome.item(healthy.customer_id)

    aws.dynamodb.delete_item(TableName=welcome.table, Key=key)
    assert command("redrive", "--dead-letters", welcome.dead_letters_url, "--queue", welcome.queue_url) == 0
    output = capsys.readouterr().out
    assert f"CustomerCreated version 1 of customer {event.customer_id}: received too often" in output
    assert "Sent back: 1" in output
    assert "ada@example.com" not in output

    def is_listed() -> None:
        item = welcome.item(event.customer_id)
        assert item
        assert item["version"] == "1"

    eventually(is_listed)
