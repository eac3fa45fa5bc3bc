"""The consumer kit's inbox on Amazon's DynamoDB Local, and the same inbox in memory."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from consumer_kit import ERASED, Consumer, CustomerState, DynamoDbInbox, Effect, Inbox, Outrun
from consumer_kit.ordering import MOST_HELD, handled, holding
from consumer_kit.testing import InMemoryInbox
from consumers.welcome.welcome_list import UNDERSTOOD, effects
from local import tables
from tests.samples import valid_body
from tests.unit.consumer_kit.deliveries import event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = tables.of_template()["WelcomeTable"]["TableName"]
NOW = "2026-05-17T10:00:00.000000Z"


@pytest.fixture(params=["memory", "dynamodb-local"])
def inbox(request: pytest.FixtureRequest) -> Inbox:
    """Each inbox in turn."""
    if request.param == "memory":
        return InMemoryInbox()
    return DynamoDbInbox(request.getfixturevalue("amazons_dynamodb"), TABLE)


@pytest.fixture
def customer_id() -> str:
    """A customer of this test's own."""
    return str(uuid4())


def test_a_customer_never_heard_of_is_at_the_beginning(inbox: Inbox, customer_id: str) -> None:
    assert inbox.load(customer_id) == CustomerState(customer_id)


def test_what_was_saved_is_loaded(inbox: Inbox, customer_id: str) -> None:
    state = CustomerState(customer_id)
    for version in (5, 3):
        state = holding(state, event(version, customer_id=customer_id), NOW)
        inbox.save(state)
    assert inbox.load(customer_id) == state

    state = handled(state, event(1, customer_id=customer_id), NOW)
    inbox.save(state)
    assert inbox.load(customer_id) == state

    state = handled(state, event(6, ERASED, customer_id), NOW)
    inbox.save(state)
    assert inbox.load(customer_id) == state
    assert (state.erased, state.held, state.waiting_since) == (True, {}, None)


@pytest.mark.parametrize("behind", [0, 1])
def test_a_state_made_of_an_older_one_is_refused(inbox: Inbox, customer_id: str, behind: int) -> None:
    first = handled(CustomerState(customer_id), event(1, customer_id=customer_id), NOW)
    second = handled(first, event(2, customer_id=customer_id), NOW)
    for state in (first, second):
        inbox.save(state)

    with pytest.raises(Outrun):
        inbox.save((first, second)[behind])
    assert inbox.load(customer_id) == second


def test_as_many_of_the_largest_events_as_may_be_held_can_be_held(inbox: Inbox, customer_id: str) -> None:
    letter = "\U0001f600"  # four bytes
    largest = valid_body(full_name=letter * 200, email=letter * 254, city=letter * 100, country=letter * 100)
    state = CustomerState(customer_id)
    for version in range(2, MOST_HELD + 2):
        early = event(version, customer_id=customer_id, data=largest, correlation_id="c" * 128)
        state = replace(holding(state, early, NOW), revision=1)

    inbox.save(state)
    assert inbox.load(customer_id) == state


def welcomed(client: "DynamoDBClient", customer_id: str) -> dict[str, Any] | None:
    key: Any = {"customer_id": {"S": customer_id}, "item": {"S": "welcome"}}
    return client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")


def test_an_effect_is_written_with_the_note_of_it_or_not_at_all(
    amazons_dynamodb: "DynamoDBClient", customer_id: str
) -> None:
    inbox, first = DynamoDbInbox(amazons_dynamodb, TABLE), event(1, customer_id=customer_id)
    state = handled(CustomerState(customer_id), first, NOW)
    inbox.save(state, effects(TABLE, first))

    with pytest.raises(Outrun):
        inbox.save(state, effects(TABLE, event(2, customer_id=customer_id)))
    item = welcomed(amazons_dynamodb, customer_id)
    assert item
    assert (item["version"], item["changes"]) == ({"N": "1"}, {"N": "1"})


def test_a_consumer_s_own_condition_is_its_own_affair(amazons_dynamodb: "DynamoDBClient", customer_id: str) -> None:
    inbox = DynamoDbInbox(amazons_dynamodb, TABLE)
    state = handled(CustomerState(customer_id), event(1, customer_id=customer_id), NOW)
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


def test_too_many_effects_are_refused_before_anything_is_sent() -> None:
    none: Any = None
    with pytest.raises(ValueError, match="at most 99 effects, and these are 100"):
        DynamoDbInbox(none, TABLE).save(CustomerState("c", revision=1), [{}] * 100)


def test_whoever_waits_is_found_until_the_gap_is_closed(amazons_dynamodb: "DynamoDBClient", customer_id: str) -> None:
    inbox = DynamoDbInbox(amazons_dynamodb, TABLE)
    state = holding(CustomerState(customer_id), event(2, customer_id=customer_id), NOW)
    inbox.save(state)

    def waiting(until: str) -> list[tuple[int, str]]:
        return [(each.version, each.since) for each in inbox.waiting(until) if each.customer_id == customer_id]

    assert waiting(NOW) == [(1, NOW)]
    assert waiting("2026-05-17T09:59:59.999999Z") == []
    for version in (1, 2):
        state = handled(state, event(version, customer_id=customer_id), NOW)
        inbox.save(state)
    assert waiting(NOW) == []


def test_many_at_once_handle_each_event_once_and_in_order(amazons_dynamodb: "DynamoDBClient", customer_id: str) -> None:
    """Eight invocations are given the same customer's events, each in an order of its own."""
    consumer = Consumer(DynamoDbInbox(amazons_dynamodb, TABLE), partial(effects, TABLE), UNDERSTOOD)
    events = [event(version, customer_id=customer_id) for version in range(1, 7)]
    gate = Barrier(8)
    seen: list[int] = []

    def deliver(order: Sequence[int]) -> None:
        waiting = [events[place] for place in order]
        gate.wait()
        while waiting:
            each = waiting.pop(0)
            try:
                seen.extend(done.version for done in consumer.take(each).handled)
            except Outrun:
                waiting.append(each)

    threads = [Thread(target=deliver, args=([(place * 5 + shift) % 6 for place in range(6)],)) for shift in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    item = welcomed(amazons_dynamodb, customer_id)
    assert item
    assert (item["version"], item["changes"]) == ({"N": "6"}, {"N": "6"})
    assert len(seen) == len(set(seen))
    consumer.take(event(7, ERASED, customer_id))
    assert welcomed(amazons_dynamodb, customer_id) is None
