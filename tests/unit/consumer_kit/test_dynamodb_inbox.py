"""The inbox's answers to a refused transaction, without a server."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from consumer_kit import CustomerState, DynamoDbInbox, Effect, InboxConflict
from consumer_kit.ordering import after_handling
from tests.unit.consumer_kit.deliveries import event

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
            "CancellationReasons": [{"Code": code} for code in self._codes],
        }
        raise self.exceptions.TransactionCanceledException(answer, "TransactWriteItems")


def save(*codes: str) -> None:
    inbox = DynamoDbInbox(cast("Any", FakeClient(*codes)), "t")
    inbox.save(after_handling(CustomerState("c"), event(1), "now"), [EFFECT])


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
