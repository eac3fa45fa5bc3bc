"""The inbox's answers to a refused transaction and what it keeps of a later kit, without a server."""

import json
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from consumer_kit import CustomerState, DynamoDbInbox, Effect, InboxConflict
from consumer_kit.dynamodb_inbox import MAX_EFFECTS
from consumer_kit.ordering import after_handling, after_holding
from tests.unit.consumer_kit.deliveries import CUSTOMER, event
from tests.unit.consumer_kit.table import FakeDynamoDb

EFFECT: Effect = {"Put": {"TableName": "t", "Item": {}}}
REFUSED, COLLIDED, FINE = "ConditionalCheckFailed", "TransactionConflict", "None"


class FakeClient:
    """Refuses every transaction."""

    class exceptions:  # noqa: N801 - boto3's name
        """The errors that the inbox catches."""

        class TransactionCanceledException(ClientError): ...

        class ConditionalCheckFailedException(ClientError): ...

        class TransactionConflictException(ClientError): ...

    def __init__(self, *codes: str) -> None:
        self._codes = codes

    def transact_write_items(self, **_: Any) -> None:
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
        }
        if self._codes:
            answer["CancellationReasons"] = [{"Code": code} for code in self._codes]
        raise self.exceptions.TransactionCanceledException(answer, "TransactWriteItems")


def save(*codes: str, effects: int = 1) -> None:
    inbox = DynamoDbInbox(cast("Any", FakeClient(*codes)), "t")
    inbox.save(after_handling(CustomerState("c"), event(1), "now"), [EFFECT] * effects)


@pytest.mark.parametrize("codes", [(REFUSED, FINE), (COLLIDED, FINE), (FINE, COLLIDED), (REFUSED, REFUSED)])
def test_another_writer_of_the_inbox_and_contention_are_conflicts(codes: tuple[str, ...]) -> None:
    """A conflict on an effect's item passes, too, and the next try decides by what is stored then."""
    with pytest.raises(InboxConflict):
        save(*codes)


@pytest.mark.parametrize("codes", [(FINE, REFUSED), (FINE, "ValidationError"), ("ThrottlingError", FINE), ()])
def test_whatever_else_refuses_an_effect_is_not_a_conflict(codes: tuple[str, ...]) -> None:
    """Each try would end the same: the consumer must hear of it."""
    with pytest.raises(FakeClient.exceptions.TransactionCanceledException):
        save(*codes)


def test_as_many_effects_as_a_transaction_takes_are_sent() -> None:
    with pytest.raises(InboxConflict):
        save(COLLIDED, effects=MAX_EFFECTS)


def test_a_conflict_names_the_customer() -> None:
    table = FakeDynamoDb()
    table.is_written_by_another = True

    with pytest.raises(InboxConflict, match=r"^c$"):
        DynamoDbInbox(cast("Any", table), "welcome").save(CustomerState("c", revision=1))


def test_what_a_later_kit_added_is_stored_again_unchanged() -> None:
    table = FakeDynamoDb(CustomerState(CUSTOMER, 1, held={3: event(3)}, waiting_since="now", revision=1))
    item = table.items[CUSTOMER]
    held = json.loads(item["held"]["M"]["3"]["S"])
    later = {"later": 7, "unknown": 8}
    item["later"] = {"S": "x"}
    item["held"]["M"]["3"] = {"S": json.dumps({**held, **later})}
    inbox = DynamoDbInbox(cast("Any", table), "welcome")

    inbox.save(after_holding(inbox.load(CUSTOMER), event(5), "then"))

    stored = table.items[CUSTOMER]
    assert stored["later"] == {"S": "x"}
    assert json.loads(stored["held"]["M"]["3"]["S"]) == {**held, **later}
    assert set(stored["held"]["M"]) == {"3", "5"}


def test_an_item_has_only_the_attributes_that_say_something() -> None:
    """Each write costs by its size."""
    erased = FakeDynamoDb(CustomerState(CUSTOMER, 2, erased=True, handled_at="now", revision=3, epoch=2))
    new = FakeDynamoDb(CustomerState(CUSTOMER, revision=1))

    item = {"customer_id": {"S": CUSTOMER}, "item": {"S": "inbox"}}
    assert new.items[CUSTOMER] == {**item, "version": {"N": "0"}, "revision": {"N": "1"}, "erased": {"BOOL": False}}
    assert erased.items[CUSTOMER] == {
        **item,
        "version": {"N": "2"},
        "revision": {"N": "3"},
        "erased": {"BOOL": True},
        "handled_at": {"S": "now"},
        "epoch": {"N": "2"},
    }


def test_a_customer_whose_event_has_just_arrived_is_not_left_behind() -> None:
    """A whole table is read, so only the ids are transferred."""
    table = FakeDynamoDb(CustomerState(CUSTOMER, 1, revision=1))

    assert list(DynamoDbInbox(cast("Any", table), "welcome").left_behind(2)) == [CUSTOMER]

    [scan] = table.scans
    assert (scan["ConsistentRead"], scan["ProjectionExpression"]) == (True, "customer_id")


def test_held_events_are_stored_in_utf_8_and_their_gap_is_in_the_index() -> None:
    early = event(3, data={"full_name": "Zoë"})
    table = FakeDynamoDb(CustomerState(CUSTOMER, 1, held={3: early}, waiting_since="now", revision=1))

    item = table.items[CUSTOMER]

    assert (item["waiting"], item["waiting_since"]) == ({"S": "yes"}, {"S": "now"})
    assert "Zoë" in item["held"]["M"]["3"]["S"]
    assert DynamoDbInbox(cast("Any", table), "welcome").load(CUSTOMER).held == {3: early}
