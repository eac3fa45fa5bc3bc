"""Every write reaches the event bus as the contracts describe, or the publisher's failure queue."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

import operations.__main__ as program
from events.codec import to_item
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from local.home import StackHome
from publisher.bus import BusMissing
from publisher.cloud_event import cloud_event, to_json
from publisher.entries import Entry
from publisher.event_bridge import EventBridgeBus
from publisher.publish_failures import parse_publish_failure
from tests.e2e.customers import create, erase, eventually, update
from tests.event_log import events_of
from tests.integration.aws import Aws
from tests.integration.records import an_event, batch_of, failures_of, record, record_of, some_events
from tests.tap import Tap

Publish = Callable[..., list[str]]


def published(tap: Tap, customer_id: str, number: int = 1) -> list[dict[str, Any]]:
    """A customer's events on the bus, once there are that many."""

    def heard() -> list[dict[str, Any]]:
        found = tap.events(customer_id)
        assert len(found) >= number
        return found

    return eventually(heard)


@pytest.fixture
def publish(aws: Aws, function_names: Mapping[str, str]) -> Publish:
    """Passes records to the function. Returns the sequence numbers that it wants to receive again."""
    return lambda *records: failures_of(aws.invoke(function_names["PublishEvents"], batch_of(*records)))


@pytest.fixture
def letters(aws: Aws, outputs: Mapping[str, str]) -> Callable[[str], list[dict[str, Any]]]:
    """A customer's messages in the failure queue, which stay there."""

    def of(customer_id: str) -> list[dict[str, Any]]:
        found, queue = [], outputs["PublishFailureQueueUrl"]
        while messages := aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=2).get(
            "Messages"
        ):
            found += [message["Body"] for message in messages]
        return [
            json.loads(body)["unpublished"] for body in found if customer_id in body and parse_publish_failure(body)
        ]

    return of


@pytest.fixture
def poison(aws: Aws, outputs: Mapping[str, str]) -> Iterator[Event]:
    """An event that cannot be read. It is removed after the test."""
    event = replace(an_event(str(uuid4()), 1, full_name="Zebra7391"), type="CustomerVanished")
    yield event
    key = {"customer_id": {"S": event.customer_id}, "version": {"N": "1"}}
    aws.dynamodb.delete_item(TableName=outputs["EventTable"], Key=key)


def test_every_write_is_on_the_bus(api: httpx.Client, tap: Tap, store: DynamoDbEventStore) -> None:
    customer = create(api)
    erase(api, update(api, customer, city="Paris"))
    found = published(tap, customer["id"], 3)

    found.sort(key=lambda event: event["sequence"])
    assert [event["type"] for event in found] == [
        "customers.CustomerCreated", "customers.CustomerUpdated", "customers.CustomerErased",
    ]  # fmt: skip
    assert [event["id"] for event in found] == [event.event_id for event in events_of(store, customer["id"])]
    assert found[1]["data"]["city"] == "Paris"
    assert found[2]["data"] == {}


def test_a_target_receives_the_event_as_rules_and_consumers_expect_it(
    api: httpx.Client, tap: Tap, outputs: Mapping[str, str]
) -> None:
    customer = create(api)
    published(tap, customer["id"])
    [heard] = [event for event in tap.heard if event["detail"].get("subject") == customer["id"]]

    assert (heard["source"], heard["detail-type"]) == ("customers", "CustomerCreated")
    assert heard["detail"]["source"] == outputs["EventSource"] == "urn:customers-api:local"


def test_published_events_conform_to_the_contracts(api: httpx.Client, tap: Tap) -> None:
    """Before the stack goes down, the same is checked for everything that any test made it publish."""
    customer = create(api)
    published(tap, customer["id"])

    assert tap.breaches() == []


def test_a_contract_violation_is_detected(api: httpx.Client, tap: Tap) -> None:
    customer = create(api)
    [event] = published(tap, customer["id"])

    del event["subject"]
    try:
        [breach] = tap.breaches()
    finally:
        event["subject"] = customer["id"]

    assert breach.startswith("'subject' is a required property")


def test_a_batch_is_published_byte_for_byte_and_again_when_repeated(publish: Publish, tap: Tap) -> None:
    events = some_events(23)
    records = [record_of(event) for event in events]
    assert publish(*records) == []
    assert publish(*records) == []

    found = published(tap, events[0].customer_id, 46)
    wanted = [to_json(cloud_event(event, "urn:customers-api:local")) for event in events]
    assert sorted(to_json(event) for event in found) == sorted(wanted * 2)


def test_only_an_insert_is_published(publish: Publish, tap: Tap) -> None:
    [event, last] = some_events(2)
    assert publish(record_of(event, "MODIFY"), record_of(event, "REMOVE"), record_of(last)) == []

    found = published(tap, event.customer_id)
    assert [each["sequence"] for each in found] == ["0000000002"]


def test_a_poison_event_is_noted_without_its_data_and_its_neighbours_are_published(
    publish: Publish, tap: Tap, letters: Callable[[str], list[dict[str, Any]]]
) -> None:
    before, after = some_events(1) + some_events(1)
    bad = replace(an_event(str(uuid4()), 7, full_name="Zebra7391"), type="CustomerVanished")
    image = {"customer_id": {"S": bad.customer_id}, "version": {"N": "8"}, "data": {"S": "Zebra7391"}}
    assert publish(record_of(before), record_of(bad), record(image), record_of(after)) == []

    assert published(tap, before.customer_id)
    assert published(tap, after.customer_id)
    found = sorted(letters(bad.customer_id), key=lambda letter: letter["version"])
    assert [(letter["version"], letter["event_id"]) for letter in found] == [(7, bad.event_id), (8, "")]
    assert "Zebra7391" not in json.dumps(found)
    assert not tap.events(bad.customer_id)


def test_a_poison_event_is_published_once_it_is_repaired_and_redriven(
    aws: Aws,
    outputs: Mapping[str, str],
    home: StackHome,
    tap: Tap,
    poison: Event,
    letters: Callable[[str], list[dict[str, Any]]],
) -> None:
    aws.dynamodb.put_item(TableName=outputs["EventTable"], Item=to_item(poison))

    def noted() -> None:
        assert letters(poison.customer_id)

    eventually(noted)
    repaired = replace(poison, type="CustomerCreated")
    aws.dynamodb.put_item(TableName=outputs["EventTable"], Item=to_item(repaired))
    assert not tap.events(poison.customer_id)

    def redriven() -> list[dict[str, Any]]:
        # Messages that the test has received are hidden for a moment, and other tests leave some that stay.
        program.main(["redrive-failures", "--go", "--home", str(home.folder)])
        found = tap.events(poison.customer_id)
        assert found
        return found

    [found] = eventually(redriven)
    assert found == cloud_event(repaired, outputs["EventSource"])
    assert not letters(poison.customer_id)


def test_an_overwritten_event_is_reported(
    aws: Aws, outputs: Mapping[str, str], function_names: Mapping[str, str], api: httpx.Client, now: float
) -> None:
    """With an operator's credentials, as no function does it."""
    customer_id = create(api)["id"]
    key = {"customer_id": {"S": customer_id}, "version": {"N": "1"}}
    stored = aws.dynamodb.get_item(TableName=outputs["EventTable"], Key=key, ConsistentRead=True)["Item"]
    aws.dynamodb.put_item(TableName=outputs["EventTable"], Item=stored | {"data": {"S": "{}"}})

    def reported() -> None:
        found = aws.logs.filter_log_events(
            logGroupName=f"/aws/lambda/{function_names['PublishEvents']}", startTime=int(now * 1000)
        )
        lines = [each["message"] for each in found["events"] if "a stored event was changed" in each["message"]]
        assert any(customer_id in line for line in lines)

    try:
        eventually(reported)
    finally:
        aws.dynamodb.put_item(TableName=outputs["EventTable"], Item=stored)


def test_a_missing_bus_is_noticed_although_it_accepts_events(aws: Aws) -> None:
    entry = Entry("Nothing", "{}")
    request: Any = entry.to_request_entry("no-such-bus")

    assert aws.events.put_events(Entries=[request])["FailedEntryCount"] == 0
    with pytest.raises(BusMissing):
        EventBridgeBus(aws.events, "no-such-bus").put([entry])
