"""The inbox in the consumer's own DynamoDB table.

The table has partition key `customer_id` (S) and sort key `item` (S). The inbox uses the item `inbox` of each customer
and leaves all other sort keys to the consumer. The index `waiting`, with partition key `waiting` (S) and sort key
`waiting_since` (S), contains only the customers with a missing event.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final, cast

from consumer_kit.event import FIRST_EPOCH, PublishedEvent
from consumer_kit.inbox import Effect, InboxConflict, MissingEvent
from consumer_kit.ordering import CustomerState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef

INBOX: Final = "inbox"
WAITING_INDEX: Final = "waiting"
# A DynamoDB transaction takes 100 items, and the inbox is one of them.
MAX_EFFECTS: Final = 99
_ATTRIBUTES: Final = frozenset(
    ["customer_id", "item", "version", "revision", "erased", "handled_at", "held", "waiting", "waiting_since", "epoch"]
)
_CONFLICT_CODES: Final = {"ConditionalCheckFailed", "TransactionConflict"}


class DynamoDbInbox:
    """An inbox in DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Use a table.

        Args:
            client: The boto3 client. It sends the same request token when it retries a transaction.
            table: The table's name.
        """
        self._client = client
        self._table = table

    def load(self, customer_id: str) -> CustomerState:
        """See `Inbox`."""
        key: Any = {"customer_id": {"S": customer_id}, "item": {"S": INBOX}}
        stored = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return _to_state(stored) if stored else CustomerState(customer_id)

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        """See `Inbox`.

        Raises:
            ValueError: There are more than `MAX_EFFECTS` effects.
        """
        if len(effects) > MAX_EFFECTS:
            raise ValueError(f"an event can have at most {MAX_EFFECTS} effects, but this one has {len(effects)}")
        put = {"TableName": self._table, "Item": to_item(state), **_revision_condition(state.revision - 1)}
        if effects:
            self._transact([{"Put": put}, *effects])
            return
        try:
            self._client.put_item(**cast("Any", put))
        except (
            self._client.exceptions.ConditionalCheckFailedException,
            self._client.exceptions.TransactionConflictException,
        ):
            raise InboxConflict(state.customer_id) from None

    def missing_events(self, since: str) -> Iterator[MissingEvent]:
        """The events that have been missing since a point in time or longer, the longest first.

        Args:
            since: RFC 3339, for example a quarter of an hour ago.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=WAITING_INDEX,
            KeyConditionExpression="#waiting = :yes AND waiting_since <= :since",
            ExpressionAttributeNames={"#waiting": WAITING_INDEX},
            ExpressionAttributeValues={":yes": {"S": "yes"}, ":since": {"S": since}},
        )
        for item in (item for page in pages for item in page["Items"]):
            version = int(item["version"]["N"]) + 1
            yield MissingEvent(item["customer_id"]["S"], version, item["waiting_since"]["S"])

    def left_behind(self, epoch: int) -> Iterator[str]:
        """The customers of whom no event of an epoch has arrived, and who are not erased. Reads the whole table.

        After a backfill of that epoch the service does not have them: their events were lost with its event table.

        Args:
            epoch: Usually the newest one.
        """
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            ProjectionExpression="customer_id",
            FilterExpression="#item = :inbox AND erased = :no AND (attribute_not_exists(epoch) OR epoch < :epoch)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":inbox": {"S": INBOX}, ":no": {"BOOL": False}, ":epoch": {"N": str(epoch)}},
        )
        for item in (item for page in pages for item in page["Items"]):
            yield item["customer_id"]["S"]

    def _transact(self, items: Sequence[Effect]) -> None:
        try:
            self._client.transact_write_items(TransactItems=cast("Sequence[TransactWriteItemTypeDef]", items))
        except self._client.exceptions.TransactionCanceledException as error:
            reasons: Any = error.response.get("CancellationReasons", [])
            codes = [reason["Code"] for reason in reasons]
            # The inbox's own failed condition and contention are conflicts. A failed condition of an effect is not.
            if codes and (codes[0] in _CONFLICT_CODES or "TransactionConflict" in codes):
                raise InboxConflict from None
            raise


def to_item(state: CustomerState) -> "dict[str, AttributeValueTypeDef]":
    """The stored shape of a state."""
    item: dict[str, AttributeValueTypeDef] = {
        **state.unknown,
        "customer_id": {"S": state.customer_id},
        "item": {"S": INBOX},
        "version": {"N": str(state.version)},
        "revision": {"N": str(state.revision)},
        "erased": {"BOOL": state.erased},
    }
    if state.handled_at:
        item["handled_at"] = {"S": state.handled_at}
    # Left out of the first epoch, so that versions of this kit before 0.4.0 can read what is stored.
    if state.epoch != FIRST_EPOCH:
        item["epoch"] = {"N": str(state.epoch)}
    if state.waiting_since:
        held = {str(version): {"S": _to_json(event)} for version, event in state.held.items()}
        item |= {"held": {"M": held}, "waiting": {"S": "yes"}, "waiting_since": {"S": state.waiting_since}}
    return item


def _to_json(event: PublishedEvent) -> str:
    # UTF-8 rather than escapes: a character of four bytes takes twelve as an escape, and an item has a size limit.
    known = asdict(event)
    if event.epoch == FIRST_EPOCH:
        del known["epoch"]
    return json.dumps({**known.pop("unknown"), **known}, ensure_ascii=False)


def _from_json(text: str) -> PublishedEvent:
    stored = json.loads(text)
    names = {field.name for field in fields(PublishedEvent)} - {"unknown"}
    known = {name: value for name, value in stored.items() if name in names}
    return PublishedEvent(**known, unknown={name: value for name, value in stored.items() if name not in names})


def _to_state(item: "Mapping[str, AttributeValueTypeDef]") -> CustomerState:
    held = item.get("held", {"M": {}})["M"]
    return CustomerState(
        customer_id=item["customer_id"]["S"],
        version=int(item["version"]["N"]),
        erased=item["erased"]["BOOL"],
        held={int(version): _from_json(event["S"]) for version, event in held.items()},
        waiting_since=item["waiting_since"]["S"] if "waiting_since" in item else None,
        handled_at=item["handled_at"]["S"] if "handled_at" in item else None,
        revision=int(item["revision"]["N"]),
        epoch=int(item["epoch"]["N"]) if "epoch" in item else FIRST_EPOCH,
        unknown={name: value for name, value in item.items() if name not in _ATTRIBUTES},
    )


def _revision_condition(revision: int) -> dict[str, Any]:
    if not revision:
        return {"ConditionExpression": "attribute_not_exists(customer_id)"}
    return {
        "ConditionExpression": "revision = :revision",
        "ExpressionAttributeValues": {":revision": {"N": str(revision)}},
    }
