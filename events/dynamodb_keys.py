"""Reads items of the write side's tables by key, and reports what could not be read as every store does."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from events.store import StoreBusy
from shared.runtime.key_reads import KeysUnread, read_keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def read_all_keys(
    client: "DynamoDBClient", table: str, keys: Sequence[Any], pause: Callable[[float], None], only: str = ""
) -> list[Mapping[str, Any]]:
    """Like `read_keys`, but returns all items together.

    Raises:
        StoreBusy: Some items could not be read.
    """
    try:
        return list(read_keys(client, table, keys, pause, only))
    except KeysUnread as unread:
        raise StoreBusy(str(unread)) from None
