"""Reads any number of items from a DynamoDB table by key.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from shared.runtime.errors import TransientFailure

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# The limit of one BatchGetItem call.
_KEYS_PER_CALL: Final = 100
_TRIES: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.05


class KeysUnread(TransientFailure):
    """DynamoDB left some keys unprocessed in every attempt."""


def read_keys(
    client: "DynamoDBClient",
    table: str,
    keys: "Sequence[Mapping[str, AttributeValueTypeDef]]",
    sleep: Callable[[float], None],
    only: str = "",
) -> Iterator[Mapping[str, Any]]:
    """Yield the items that exist under the given keys, read consistently, in no particular order.

    Args:
        keys: Distinct keys, because DynamoDB refuses duplicates.
        sleep: Waits between attempts; takes seconds.
        only: Comma-separated names of the attributes to return; all of them if empty.

    Raises:
        KeysUnread: Some items could not be read. The items before them were yielded.
    """
    wanted: Any = {"ConsistentRead": True, **({"ProjectionExpression": only} if only else {})}
    for first in range(0, len(keys), _KEYS_PER_CALL):
        yield from _read(client, table, {**wanted, "Keys": keys[first : first + _KEYS_PER_CALL]}, sleep)


def _read(
    client: "DynamoDBClient", table: str, request: Any, sleep: Callable[[float], None]
) -> Iterator[Mapping[str, Any]]:
    for attempt in range(_TRIES):
        answer = client.batch_get_item(RequestItems={table: request})
        yield from answer["Responses"].get(table, [])
        unread = answer.get("UnprocessedKeys", {}).get(table)
        if not unread:
            return
        request = {**request, "Keys": unread["Keys"]}
        sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
    raise KeysUnread(f"{len(request['Keys'])} items of {table} were not read in {_TRIES} attempts")
