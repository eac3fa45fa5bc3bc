"""The record of generations on DynamoDB: one item in the read table, replaced only if its revision is unchanged."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from projections.customers import CUSTOMERS
from projections.dynamodb_keys import key_of_generations
from projections.generation_details import GenerationDetails
from projections.generations import Generations, GenerationsChanged
from projections.view import View
from shared.runtime.stored_fields import known_fields, unknown_fields

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbGenerations:
    """Stores the record of a view in the read table."""

    def __init__(self, client: "DynamoDBClient", table: str, view: View = CUSTOMERS) -> None:
        self._client = client
        self._table = table
        self._key = key_of_generations(view)

    def load(self) -> Generations:
        """See `GenerationStore.load`."""
        item = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True).get("Item")
        if not item:
            return Generations()
        record = json.loads(item["record"]["S"])
        known = {**known_fields(Generations, record), "retired": tuple(record["retired"]), "details": _details(item)}
        return Generations(**known, unknown=unknown_fields(Generations, record))

    def save(self, generations: Generations) -> Generations:
        """See `GenerationStore.save`."""
        saved = replace(generations, revision=generations.revision + 1)
        # Two operators who start a rebuild at once write equal records. This id tells which of the two was stored.
        save_id = str(uuid.uuid4())
        record = _fields_of(saved)
        # An attribute of their own: earlier releases refuse a record with a field that they do not know.
        del record["details"]
        details = [_fields_of(each) for each in saved.details]
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **self._key,
                    "revision": {"N": str(saved.revision)},
                    "record": {"S": json.dumps(record)},
                    **({"details": {"S": json.dumps(details)}} if details else {}),
                    "saved_as": {"S": save_id},
                },
                ConditionExpression="attribute_not_exists(customer_id) OR revision = :read",
                ExpressionAttributeValues={":read": {"N": str(generations.revision)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            stored: Any = error.response.get("Item")
            # If the answer to the first try was lost, the client's own retry finds the record that the first try wrote.
            if not stored or stored.get("saved_as") != {"S": save_id}:
                raise GenerationsChanged("The generations have changed since they were loaded.") from None
        return saved


def _details(item: Mapping[str, Any]) -> tuple[GenerationDetails, ...]:
    stored = json.loads(item["details"]["S"]) if "details" in item else []
    return tuple(
        GenerationDetails(**known_fields(GenerationDetails, each), unknown=unknown_fields(GenerationDetails, each))
        for each in stored
    )


def _fields_of(record: Generations | GenerationDetails) -> dict[str, Any]:
    """The record's fields. What a later release added stays, because that release still needs it."""
    known = asdict(record)
    return {**known.pop("unknown"), **known}


def unchanged(table: str, generations: Generations, view: View = CUSTOMERS) -> Any:
    """Build the item of a transaction that fails if the record has another revision.

    Args:
        table: The read table's name.
        generations: The record as it was loaded.
        view: Whose record it is.
    """
    revision = str(generations.revision)
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": key_of_generations(view),
            "ConditionExpression": "revision = :read" if generations.revision else "attribute_not_exists(customer_id)",
            **({"ExpressionAttributeValues": {":read": {"N": revision}}} if generations.revision else {}),
        }
    }
