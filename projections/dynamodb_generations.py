"""The record of generations on DynamoDB: one item in the read table, changed only from the revision that was read."""

import json
import uuid
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from projections.generations import Generations, GenerationsChanged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Not a customer: no customer id starts with this sign.
_KEY: Final[Any] = {"customer_id": {"S": "#generations"}, "generation": {"N": "0"}}


class DynamoDbGenerations:
    """Keeps the record in the read table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def load(self) -> Generations:
        """See `GenerationStore.load`."""
        item = self._client.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True).get("Item")
        if not item:
            return Generations()
        fields = json.loads(item["record"]["S"])
        return Generations(**{**fields, "retired": tuple(fields["retired"])})

    def save(self, generations: Generations) -> Generations:
        """See `GenerationStore.save`."""
        saved = replace(generations, revision=generations.revision + 1)
        # Another's record may read the same: two who start a rebuild at once would both believe that it is theirs.
        ours = str(uuid.uuid4())
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_KEY,
                    "revision": {"N": str(saved.revision)},
                    "record": {"S": json.dumps(asdict(saved))},
                    "saved_as": {"S": ours},
                },
                ConditionExpression="attribute_not_exists(customer_id) OR revision = :read",
                ExpressionAttributeValues={":read": {"N": str(generations.revision)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            stored: Any = refused.response.get("Item")
            # After a lost answer the client's own retry meets the very record that it wrote.
            if not stored or stored.get("saved_as") != {"S": ours}:
                raise GenerationsChanged("the generations were changed meanwhile") from None
        return saved
