"""A single write that a transaction on the same row blocks is retried, as a transaction is."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from events.dynamodb_store import DynamoDbEventStore
from events.store import StoreBusy
from tests.samples import updated

CUSTOMER = "7d3f0c9e-52f1-4a5b-9c39-0f2f7f1d2a10"


class ConditionalCheckFailedException(ClientError):
    pass


class TransactionConflictException(ClientError):
    pass


class TransactionCanceledException(ClientError):
    pass


class ContendedClient:
    """Refuses some writes because of a concurrent transaction, then accepts every write."""

    exceptions = SimpleNamespace(
        ConditionalCheckFailedException=ConditionalCheckFailedException,
        TransactionConflictException=TransactionConflictException,
        TransactionCanceledException=TransactionCanceledException,
    )

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.accepted: list[Any] = []

    def put_item(self, **params: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise TransactionConflictException({"Error": {"Code": "TransactionConflictException"}}, "PutItem")
        self.accepted.append(params)

    update_item = put_item

    def transact_write_items(self, **params: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
            details: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise TransactionCanceledException(details, "TransactWriteItems")
        self.accepted += params["TransactItems"]


def store_on(client: ContendedClient) -> DynamoDbEventStore:
    return DynamoDbEventStore(client, "events", "claims", "erasures", pause=lambda _: None)  # type: ignore[arg-type]


def test_append_retries_while_a_transaction_blocks_its_row() -> None:
    client = ContendedClient(refusals=3)
    store_on(client).append(updated(CUSTOMER, 2))
    assert len(client.accepted) == 1


@pytest.mark.parametrize("versions", [1, 2])
def test_redact_retries_while_a_transaction_blocks_its_row(versions: int) -> None:
    client = ContendedClient(refusals=3)
    store_on(client).redact(CUSTOMER, range(1, versions + 1))
    assert len(client.accepted) == versions


def test_events_that_are_too_large_for_one_transaction_are_redacted_one_by_one() -> None:
    class Small(ContendedClient):
        def transact_write_items(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "TransactWriteItems")

    client = Small(refusals=0)
    store_on(client).redact(CUSTOMER, [1, 2, 3])
    assert len(client.accepted) == 3


def test_a_hash_in_the_metadata_is_removed_only_where_there_is_one() -> None:
    """The path of a map that is not there is an error."""
    client = ContendedClient(refusals=0)
    store_on(client).redact(CUSTOMER, [1, 2], in_metadata={2})
    [first, second] = (each["Update"]["UpdateExpression"] for each in client.accepted)
    assert first == "SET #data = :redacted REMOVE request_hash"
    assert second == f"{first}, #metadata.request_hash"


def test_append_raises_store_busy_when_transactions_block_every_attempt() -> None:
    client = ContendedClient(refusals=1_000)
    with pytest.raises(StoreBusy):
        store_on(client).append(updated(CUSTOMER, 2))
    assert not client.accepted


def test_keys_that_are_never_read_raise_store_busy() -> None:
    class Throttled(ContendedClient):
        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
            return {"Responses": {}, "UnprocessedKeys": RequestItems}

    with pytest.raises(StoreBusy, match="1 items of events were not read in 5 attempts"):
        store_on(Throttled(refusals=0)).existing([(CUSTOMER, 1)])
