"""Reads items of a DynamoDB table by their keys, as many as there are.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# The limit of one call, as said there.
_KEYS_A_CALL: Final = 100
_TRIES: Final = 5
_FIRST_WAIT_SECONDS: Final = 0.05


class KeysUnread(Exception):
    """DynamoDB left keys unprocessed, try after try."""


def read_keys(
    client: "DynamoDBClient",
    table: str,
    keys: "Sequence[Mapping[str, AttributeValueTypeDef]]",
    sleep: Callable[[float], None],
    only: str = "",
) -> Iterator[Mapping[str, Any]]:
    """The items that there are under some keys, in no order, as they stand now.

    Args:
        client: DynamoDB.
        table: The table's name.
        keys: All different.
        sleep: Waits so many seconds between tries.
        only: The names of the attributes that are wanted, with commas; all of them when empty.

    Raises:
        KeysUnread: Some could not be read for now; those before them were given.
    """
    wanted: Any = {"ConsistentRead": True, **({"ProjectionExpression": only} if only else {})}
    for first in range(0, len(keys), _KEYS_A_CALL):
        yield from _read(client, table, {**wanted, "Keys": keys[first : first + _KEYS_A_CALL]}, sleep)


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
        sleep(_FIRST_WAIT_SECONDS * 2**attempt)
    raise KeysUnread(f"{len(request['Keys'])} items of {table} were not read in {_TRIES} tries")
