"""What each event does to the welcome list.

A customer is on the list from `CustomerCreated` to `CustomerErased`, in the item `welcome` beside their inbox:

    full_name, email  how to greet them
    since             when they became a customer
    version           of the event that the item shows
    changes           how many events made it; were one handled twice or left out, this would not be `version`
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from consumer_kit import CREATED, ERASED, UPDATED, Effect, PublishedEvent

ITEM: Final = "welcome"
# The newest schema version of each event that `effects` was written for.
SUPPORTED_SCHEMAS: Final[Mapping[str, int]] = {CREATED: 1, UPDATED: 1, ERASED: 1}


def effects(table: str, event: PublishedEvent) -> Sequence[Effect]:
    """The writes that an event causes; none for a type that came into being after this was written.

    Args:
        table: The consumer's table.
        event: Of a schema version that is understood.
    """
    key: dict[str, Any] = {"customer_id": {"S": event.customer_id}, "item": {"S": ITEM}}
    if event.erases:
        return [{"Delete": {"TableName": table, "Key": key}}]
    if event.type in (CREATED, UPDATED):
        return [{"Update": {"TableName": table, "Key": key, **_shown(event)}}]
    return []


def _shown(event: PublishedEvent) -> dict[str, Any]:
    return {
        "UpdateExpression": "SET full_name = :name, email = :email, since = if_not_exists(since, :now), "
        "version = :version, changes = if_not_exists(changes, :none) + :one",
        # The inbox sees to the order already; a list that went back in time would be refused here.
        "ConditionExpression": "attribute_not_exists(version) OR version < :version",
        "ExpressionAttributeValues": {
            ":name": {"S": event.data["full_name"]},
            ":email": {"S": event.data["email"]},
            ":now": {"S": event.occurred_at},
            ":version": {"N": str(event.version)},
            ":none": {"N": "0"},
            ":one": {"N": "1"},
        },
    }
