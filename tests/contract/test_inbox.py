"""The consumer kit's inbox on Amazon's DynamoDB Local, and the same inbox in memory."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from consumer_kit import ERASED, Consumer, CustomerState, DynamoDbInbox, Effect, Inbox, InboxConflict
from consumer_kit.ordering import MAX_HELD_BYTES, TooManyHeld, after_handling, after_holding
from consumer_kit.testing import InMemoryInbox
from consumers.welcome.welcome_list import SUPPORTED_SCHEMAS, effects
from local import tables
from tests.samples import valid_body
from tests.unit.consumer_kit.deliveries import event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = tables.from_template()["WelcomeTable"]["TableName"]
NOW = "2026-05-17T10:00:00.000000Z"


@pytest.fixture(params=["memory", "dynamodb-local"])
def inbox(request: pytest.FixtureRequest) -> Inbox:
    """Each inbox in turn."""
    if request.param == "memory":
        return InMemoryInbox()
    return DynamoDbInbox(request.getfixturevalue("amazons_dynamodb"), TABLE)


@pytest.fixture
def customer_id() -> str:
    """A customer that no other test uses."""
    return str(uuid4())


def test_an_unknown_customer_has_a_new_state(inbox: Inbox, customer_id: str) -> None:
    assert inbox.load(customer_id) == CustomerState(customer_id)


def test_a_saved_state_is_loaded(inbox: Inbox, customer_id: str) -> None:
    state = CustomerState(customer_id)
    for version in (5, 3):
        state = after_holding(state, event(version, customer_id=customer_id), NOW)
        inbox.save(state)
    assert inbox.load(customer_id) == state

    state = after_handling(state, event(1, customer_id=customer_id), NOW)
    inbox.save(state)
    assert inbox.load(customer_id) == state

    state = after_handling(state, event(6, ERASED, customer_id), NOW)
    inbox.save(state)
    assert inbox.load(customer_id) == state
    assert (state.erased, state.held, state.waiting_since) == (True, {}, None)


@pytest.mark.parametrize("behind", [0, 1])
def test_a_state_derived_from_an_older_one_is_refused(inbox: Inbox, customer_id: str, behind: int) -> None:
    first = after_handling(CustomerState(customer_id), event(1, customer_id=customer_id), NOW)
    second = after_handling(first, event(2, customer_id=customer_id), NOW)
    for state in (first, second):
        inbox.save(state)

    with pytest.raises(InboxConflict, match=f"^{customer_id}$"):
        inbox.save((first, second)[behind])
    assert inbox.load(customer_id) == second


def test_as_much_as_may_be_held_fits(inbox: Inbox, customer_id: str) -> None:
    emoji = "\U0001f600"  # four bytes
    largest = valid_body(full_name=emoji * 200, email=emoji * 254, city=emoji * 100, country=emoji * 100)
    state = CustomerState(customer_id)
    with suppress(TooManyHeld):
        for version in range(2, MAX_HELD_BYTES):
            early = event(version, customer_id=customer_id, data=largest, correlation_id="c" * 128)
            state = replace(after_holding(state, early, NOW), revision=1)

    assert len(state.held) > 50
    inbox.save(state)
    assert inbox.load(customer_id) == state


def welcome_item(client: "DynamoDBClient", customer_id: str) -> dict[str, Any] | None:
    key: Any = {"customer_id": {"S": customer_id}, "item": {"S": "welcome"}}
    return client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")


def test_an_effect_is_written_with_the_inbox_or_not_at_all(
    amazons_dynamodb: "DynamoDBClient", customer_id: str
) -> None:
    inbox, first = DynamoDbInbox(amazons_dynamodb, TABLE), event(1, customer_id=customer_id)
    state = after_handling(CustomerState(customer_id), first, NOW)
    inbox.save(state, effects(TABLE, first))

    with pytest.raises(InboxConflict):
        inbox.save(state, effects(TABLE, event(2, customer_id=customer_id)))
    item = welcome_item(amazons_dynamodb, customer_id)
    assert item
    assert (item["version"], item["changes"]) == ({"N": "1"}, {"N": "1"})


def test_a_failed_condition_of_an_effect_is_not_a_conflict(
    amazons_dynamodb: "DynamoDBClient", customer_id: str
) -> None:
    inbox = DynamoDbInbox(amazons_dynamodb, TABLE)
    state = after_handling(CustomerState(customer_id), event(1, customer_id=customer_id), NOW)
    never: Effect = {
        "ConditionCheck": {
            "TableName": TABLE,
            "Key": {"customer_id": {"S": customer_id}, "item": {"S": "other"}},
            "ConditionExpression": "attribute_exists(customer_id)",
        }
    }

    with pytest.raises(amazons_dynamodb.exceptions.TransactionCanceledException):
        inbox.save(state, [never])
    assert inbox.load(customer_id) == CustomerState(customer_id)


def test_too_many_effects_are_refused_before_a_request_is_sent() -> None:
    none: Any = None
    with pytest.raises(ValueError, match="at most 99 effects, but this one has 100"):
        DynamoDbInbox(none, TABLE).save(CustomerState("c", revision=1), [{}] * 100)


def test_a_missing_event_is_found_until_the_gap_is_closed(amazons_dynamodb: "DynamoDBClient", customer_id: str) -> None:
    inbox = DynamoDbInbox(amazons_dynamodb, TABLE)
    state = after_holding(CustomerState(customer_id), event(2, customer_id=customer_id), NOW)
    inbox.save(state)

    def missing(since: str) -> list[tuple[int, str]]:
        return [
            (found.version, found.since) for found in inbox.missing_events(since) if found.customer_id == customer_id
        ]

    assert missing(NOW) == [(1, NOW)]
    assert missing("2026-05-17T09:59:59.999999Z") == []
    for version in (1, 2):
        state = after_handling(state, event(version, customer_id=customer_id), NOW)
        inbox.save(state)
    assert missing(NOW) == []


def test_concurrent_invocations_handle_each_event_once_and_in_order(
    amazons_dynamodb: "DynamoDBClient", customer_id: str
) -> None:
    """Eight invocations receive the same customer's events, each in a different order."""
    consumer = Consumer(DynamoDbInbox(amazons_dynamodb, TABLE), partial(effects, TABLE), SUPPORTED_SCHEMAS)
    events = [event(version, customer_id=customer_id) for version in range(1, 7)]
    gate = Barrier(8)
    seen: list[int] = []

    def deliver(order: Sequence[int]) -> None:
        waiting = [events[place] for place in order]
        gate.wait()
        while waiting:
            arrived = waiting.pop(0)
            try:
                seen.extend(handled.version for handled in consumer.handle(arrived).handled)
            except InboxConflict:
                waiting.append(arrived)

    threads = [Thread(target=deliver, args=([(place * 5 + shift) % 6 for place in range(6)],)) for shift in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    item = welcome_item(amazons_dynamodb, customer_id)
    assert item
    assert (item["version"], item["changes"]) == ({"N": "6"}, {"N": "6"})
    assert len(seen) == len(set(seen))
    consumer.handle(event(7, ERASED, customer_id))
    assert welcome_item(amazons_dynamodb, customer_id) is None
