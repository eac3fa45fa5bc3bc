"""The effects of each event on the welcome list.

A customer is on the list from `CustomerCreated` to `CustomerErased`. The item `welcome`, next to their inbox, has:

    full_name, email  how to greet the customer
    since             when the person became a customer
    version           the version of the event that the item shows
    changes           the number of events applied; equals `version` unless one was handled twice or skipped
    epoch             the epoch of that event; absent in the first epoch

The first event of a customer in a newer epoch starts the item from the beginning.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from consumer_kit import CREATED, ERASED, FIRST_EPOCH, UPDATED, Effect, PublishedEvent

ITEM: Final = "welcome"
# The newest schema version of each event type that `effects` supports.
SUPPORTED_SCHEMAS: Final[Mapping[str, int]] = {CREATED: 1, UPDATED: 1, ERASED: 1}


def effects(table: str, event: PublishedEvent) -> Sequence[Effect]:
    """The writes that an event causes; none for an unknown type.

    Args:
        table: The consumer's table.
        event: An event with a supported schema version.
    """
    key: dict[str, Any] = {"customer_id": {"S": event.customer_id}, "item": {"S": ITEM}}
    if event.erases:
        return [{"Delete": {"TableName": table, "Key": key}}]
    if event.type in (CREATED, UPDATED):
        return [{"Update": {"TableName": table, "Key": key, **_update(event)}}]
    return []


def _update(event: PublishedEvent) -> dict[str, Any]:
    values = {
        ":name": {"S": event.data["full_name"]},
        ":email": {"S": event.data["email"]},
        ":now": {"S": event.occurred_at},
        ":version": {"N": str(event.version)},
        ":one": {"N": "1"},
    }
    counted = "since = :now, changes = :one"
    if event.version > 1:
        counted = "since = if_not_exists(since, :now), changes = if_not_exists(changes, :none) + :one"
        values[":none"] = {"N": "0"}
    # The inbox guarantees the order. This condition fails if it ever does not.
    condition = "attribute_not_exists(version) OR version < :version"
    if event.epoch != FIRST_EPOCH:
        counted, values[":epoch"] = f"{counted}, epoch = :epoch", {"N": str(event.epoch)}
        newer = "attribute_not_exists(epoch) OR epoch < :epoch"
        condition = f"attribute_not_exists(version) OR {newer} OR (epoch = :epoch AND version < :version)"
    return {
        "UpdateExpression": f"SET full_name = :name, email = :email, version = :version, {counted}",
        "ConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }
