"""The claims table on DynamoDB.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from events.dynamodb_keys import read_all_keys
from operations.jobs.claims.table import CLAIM_PREFIX, NOBODY, ClaimPage, CustomerAt, HeldClaim
from shared.runtime.backoff import full_jitter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES: Final = 8
_FIRST_PAUSE_SECONDS: Final = 0.02
_REFUSED: Final = "ConditionalCheckFailed"


class DynamoDbClaims:
    """Reads and corrects the claims in a table with the key `claim`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        event_table: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open the table.

        Args:
            table: The claims table's name.
            event_table: The event table's name: a correction depends on the customers' newest events.
            pause: Waits between attempts of a contended write; takes seconds.
        """
        self._client = client
        self._table = table
        self._event_table = event_table
        self._pause = pause

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: str | None = None, limit: int = 500
    ) -> ClaimPage:
        """See `ClaimsTable.read_page`."""
        where: Any = {"ExclusiveStartKey": _key(start)} if start else {}
        answer = self._client.scan(
            TableName=self._table,
            Segment=segment,
            TotalSegments=total_segments,
            ConsistentRead=True,
            Limit=limit,
            FilterExpression="begins_with(claim, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": CLAIM_PREFIX}},
            **where,
        )
        last: Any = answer.get("LastEvaluatedKey")
        return ClaimPage([_held(item) for item in answer["Items"]], last["claim"]["S"] if last else None)

    def holders(self, claims: Collection[str]) -> dict[str, str]:
        """See `ClaimsTable.holders`."""
        keys = [_key(claim) for claim in dict.fromkeys(claims)]
        found = map(_held, read_all_keys(self._client, self._table, keys, self._pause))
        return {held.claim: held.holder for held in found}

    def move(self, claim: str, holder: CustomerAt | None, to: CustomerAt | None) -> bool:
        """See `ClaimsTable.move`."""
        change = self._change(claim, holder, to)
        checks = [self._no_newer_event(customer) for customer in (holder, to) if customer and customer.customer_id]
        for attempt in range(_TRIES):
            try:
                self._client.transact_write_items(TransactItems=[change, *checks])
            except self._client.exceptions.TransactionCanceledException as refused:
                reasons: Any = refused.response.get("CancellationReasons", [])
                if any(reason["Code"] == _REFUSED for reason in reasons):
                    return False
                self._pause(full_jitter(attempt, _FIRST_PAUSE_SECONDS))
            else:
                return True
        return False

    def _change(self, claim: str, holder: CustomerAt | None, to: CustomerAt | None) -> Any:
        condition: Any = {"ConditionExpression": "attribute_not_exists(claim)"}
        if holder == NOBODY:
            condition = {"ConditionExpression": "attribute_exists(claim) AND attribute_not_exists(customer_id)"}
        elif holder:
            condition = {
                "ConditionExpression": "customer_id = :holder",
                "ExpressionAttributeValues": {":holder": {"S": holder.customer_id}},
            }
        target = {"TableName": self._table, **condition}
        if to is None:
            return {"Delete": {**target, "Key": _key(claim)}}
        return {"Put": {**target, "Item": {**_key(claim), "customer_id": {"S": to.customer_id}}}}

    def _no_newer_event(self, customer: CustomerAt) -> Any:
        key = {"customer_id": {"S": customer.customer_id}, "version": {"N": str(customer.version + 1)}}
        return {
            "ConditionCheck": {
                "TableName": self._event_table,
                "Key": key,
                "ConditionExpression": "attribute_not_exists(customer_id)",
            }
        }


def _key(claim: str) -> Any:
    return {"claim": {"S": claim}}


def _held(item: Mapping[str, Any]) -> HeldClaim:
    return HeldClaim(item["claim"]["S"], item.get("customer_id", {}).get("S", NOBODY.customer_id))
