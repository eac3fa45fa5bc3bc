"""The inbox: what a consumer has handled and holds of each customer, in its own DynamoDB table.

The table has partition key `customer_id` (S) and sort key `item` (S). The inbox takes the item `inbox` of each customer
and leaves all other sort keys to the consumer. An index named `waiting` with partition key `waiting` (S) and sort key
`waiting_since` (S) holds only the customers for whom an event is missing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from consumer_kit.event import PublishedEvent
from consumer_kit.ordering import CustomerState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef

Effect = Mapping[str, Any]
"""One of `TransactItems` of TransactWriteItems: `{"Put": ...}`, `{"Update": ...}`, `{"Delete": ...}`."""

INBOX: Final = "inbox"
WAITING_INDEX: Final = "waiting"
# DynamoDB takes 100 items in a transaction, and the inbox is one of them.
MAX_EFFECTS: Final = 99
_OURS_IS_OLD: Final = {"ConditionalCheckFailed", "TransactionConflict"}


class InboxConflict(Exception):
    """Another invocation wrote this customer's inbox meanwhile; nothing was written: read it again."""


@dataclass(frozen=True, slots=True)
class MissingEvent:
    """A customer for whom an event is missing.

    Attributes:
        customer_id: Whose.
        version: The one that is missing.
        since: When the gap was met, RFC 3339.
    """

    customer_id: str
    version: int
    since: str


class Inbox(Protocol):
    """Keeps the state of each customer."""

    def load(self, customer_id: str) -> CustomerState:
        """The current state; a fresh one for a customer never heard of."""
        ...

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        """Write a state and its effects, all or nothing.

        Args:
            state: Made of the state of the revision before it.
            effects: What else must be written in the same transaction, to whichever tables.

        Raises:
            InboxConflict: The stored state is of another revision.
        """
        ...


class DynamoDbInbox:
    """An inbox in DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Use a table.

        Args:
            client: boto3's, which sends the same request token when it repeats a transaction.
            table: Its name.
        """
        self._client = client
        self._table = table

    def load(self, customer_id: str) -> CustomerState:
        """See `Inbox`."""
        key: Any = {"customer_id": {"S": customer_id}, "item": {"S": INBOX}}
        stored = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return _state(stored) if stored else CustomerState(customer_id)

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        """See `Inbox`.

        Raises:
            ValueError: There are more than `MAX_EFFECTS` effects.
        """
        if len(effects) > MAX_EFFECTS:
            raise ValueError(f"an event has at most {MAX_EFFECTS} effects, and these are {len(effects)}")
        put = {"TableName": self._table, "Item": _item(state), **_only_after(state.revision - 1)}
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

    def waiting(self, until: str) -> Iterator[MissingEvent]:
        """Who has waited for an event since a moment or longer, the longest first.

        Args:
            until: RFC 3339, for instance a quarter of an hour ago.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=WAITING_INDEX,
            KeyConditionExpression="#waiting = :yes AND waiting_since <= :until",
            ExpressionAttributeNames={"#waiting": WAITING_INDEX},
            ExpressionAttributeValues={":yes": {"S": "yes"}, ":until": {"S": until}},
        )
        for item in (item for page in pages for item in page["Items"]):
            missing = int(item["version"]["N"]) + 1
            yield MissingEvent(item["customer_id"]["S"], missing, item["waiting_since"]["S"])

    def _transact(self, items: Sequence[Effect]) -> None:
        try:
            self._client.transact_write_items(TransactItems=cast("Sequence[TransactWriteItemTypeDef]", items))
        except self._client.exceptions.TransactionCanceledException as cancelled:
            reasons: Any = cancelled.response.get("CancellationReasons", [])
            codes = [reason["Code"] for reason in reasons]
            # A condition of an effect of the consumer's own is theirs to understand; ours, and contention, are not.
            if codes and (codes[0] in _OURS_IS_OLD or "TransactionConflict" in codes):
                raise InboxConflict from None
            raise


def _only_after(revision: int) -> dict[str, Any]:
    if not revision:
        return {"ConditionExpression": "attribute_not_exists(customer_id)"}
    return {
        "ConditionExpression": "revision = :revision",
        "ExpressionAttributeValues": {":revision": {"N": str(revision)}},
    }


def _item(state: CustomerState) -> "dict[str, AttributeValueTypeDef]":
    item: dict[str, AttributeValueTypeDef] = {
        "customer_id": {"S": state.customer_id},
        "item": {"S": INBOX},
        "version": {"N": str(state.version)},
        "revision": {"N": str(state.revision)},
        "erased": {"BOOL": state.erased},
    }
    if state.handled_at:
        item["handled_at"] = {"S": state.handled_at}
    if state.waiting_since:
        held = {str(version): {"S": _as_text(event)} for version, event in state.held.items()}
        item |= {"held": {"M": held}, "waiting": {"S": "yes"}, "waiting_since": {"S": state.waiting_since}}
    return item


def _as_text(event: PublishedEvent) -> str:
    # Letters rather than escapes: a name may be all letters of four bytes, which as escapes would be twelve each.
    return json.dumps(asdict(event), ensure_ascii=False)


def _state(item: "Mapping[str, AttributeValueTypeDef]") -> CustomerState:
    held = item.get("held", {"M": {}})["M"]
    return CustomerState(
        customer_id=item["customer_id"]["S"],
        version=int(item["version"]["N"]),
        erased=item["erased"]["BOOL"],
        held={int(version): PublishedEvent(**json.loads(event["S"])) for version, event in held.items()},
        waiting_since=item["waiting_since"]["S"] if "waiting_since" in item else None,
        handled_at=item["handled_at"]["S"] if "handled_at" in item else None,
        revision=int(item["revision"]["N"]),
    )
