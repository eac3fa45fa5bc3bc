"""Epochs in a consumer's inbox on Amazon's DynamoDB Local."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from consumer_kit import ERASED, Action, Consumer, DynamoDbInbox, GapPolicy
from consumer_kit.__main__ import main
from consumers.welcome.welcome_list import SUPPORTED_SCHEMAS, effects
from local import tables
from tests.unit.consumer_kit.deliveries import event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = tables.from_template()["WelcomeTable"]["TableName"]


@pytest.fixture
def customer_id() -> str:
    """A customer that no other test uses."""
    return str(uuid4())


@pytest.fixture
def consumer(amazons_dynamodb: "DynamoDBClient") -> Consumer:
    """The example consumer."""
    inbox = DynamoDbInbox(amazons_dynamodb, TABLE)
    return Consumer(inbox, partial(effects, TABLE), SUPPORTED_SCHEMAS, GapPolicy.EVERY)


def welcomed(client: "DynamoDBClient", customer_id: str) -> dict[str, Any]:
    key: Any = {"customer_id": {"S": customer_id}, "item": {"S": "welcome"}}
    return client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item", {})


def test_the_welcome_list_starts_from_the_beginning_in_a_newer_epoch(
    amazons_dynamodb: "DynamoDBClient", consumer: Consumer, customer_id: str
) -> None:
    for version in (1, 2, 3):
        consumer.handle(event(version, customer_id=customer_id))

    for version in (2, 1):
        consumer.handle(event(version, customer_id=customer_id, epoch=2, occurred_at=f"2026-06-0{version}"))
    late = consumer.handle(event(4, customer_id=customer_id))

    item = welcomed(amazons_dynamodb, customer_id)
    assert (item["version"], item["changes"], item["epoch"]) == ({"N": "2"}, {"N": "2"}, {"N": "2"})
    assert item["since"] == {"S": "2026-06-01"}
    assert late.action is Action.SKIP
    inbox = DynamoDbInbox(amazons_dynamodb, TABLE)
    assert (inbox.load(customer_id).epoch, inbox.load(customer_id).version) == (2, 2)


def test_held_events_keep_their_epoch(amazons_dynamodb: "DynamoDBClient", consumer: Consumer, customer_id: str) -> None:
    early = event(2, customer_id=customer_id, epoch=2)
    consumer.handle(early)

    assert DynamoDbInbox(amazons_dynamodb, TABLE).load(customer_id).held == {2: early}


def test_customers_who_were_left_behind_are_found_and_forgotten(
    amazons_dynamodb: "DynamoDBClient", consumer: Consumer
) -> None:
    inbox = DynamoDbInbox(amazons_dynamodb, TABLE)
    stays, lost, erased = (str(uuid4()) for _ in range(3))
    for customer_id in (stays, lost, erased):
        consumer.handle(event(1, customer_id=customer_id))
    consumer.handle(event(1, customer_id=stays, epoch=2))
    consumer.handle(event(2, ERASED, erased))
    ours = {stays, lost, erased}

    assert ours & set(inbox.left_behind(2)) == {lost}
    assert ours & set(inbox.left_behind(3)) == {stays, lost}
    assert consumer.forget(lost, 2)
    assert not ours & set(inbox.left_behind(2))
    assert not welcomed(amazons_dynamodb, lost)
    assert welcomed(amazons_dynamodb, stays)


def test_the_command_lists_who_was_left_behind(
    amazons_dynamodb: "DynamoDBClient",
    consumer: Consumer,
    customer_id: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    consumer.handle(event(1, customer_id=customer_id))
    monkeypatch.setenv("AWS_ENDPOINT_URL", amazons_dynamodb.meta.endpoint_url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", amazons_dynamodb.meta.region_name)

    assert main(["left-behind", "--table", TABLE, "--epoch", "2"]) == 1
    assert f"{customer_id}  has no event of epoch 2" in capsys.readouterr().out


@pytest.mark.parametrize("epoch", ["1", "0", "two", "-2"])
def test_the_command_refuses_an_epoch_that_cannot_leave_anybody_behind(
    epoch: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["left-behind", "--table", TABLE, f"--epoch={epoch}"])
    assert "is not a whole number of 2 or more" in capsys.readouterr().err
