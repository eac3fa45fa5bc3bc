"""Reading items by key."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from shared.runtime.key_reads import KeysUnread, read_keys

KEYS = [{"id": {"S": f"{number:03}"}} for number in range(230)]


class FakeClient:
    """Returns every key as an item, except as many of each request as it leaves unprocessed."""

    def __init__(self, *unprocessed: int) -> None:
        self.requests: list[Mapping[str, Any]] = []
        self.pauses: list[float] = []
        self._unprocessed = list(unprocessed)

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:  # noqa: N803 - boto3's name
        [(table, request)] = RequestItems.items()
        self.requests.append(request)
        kept = len(request["Keys"]) - (self._unprocessed.pop(0) if self._unprocessed else 0)
        left = {table: {"Keys": request["Keys"][kept:]}} if kept < len(request["Keys"]) else {}
        return {"Responses": {table: request["Keys"][:kept]}, "UnprocessedKeys": left}

    def read(self, keys: Any, only: str = "") -> list[Mapping[str, Any]]:
        return list(read_keys(cast("Any", self), "table", keys, self.pauses.append, only))


def test_every_key_is_read_once_a_hundred_at_a_time() -> None:
    client = FakeClient()

    assert client.read(KEYS) == KEYS
    assert [len(request["Keys"]) for request in client.requests] == [100, 100, 30]
    assert client.pauses == []


def test_every_read_is_consistent() -> None:
    """A rebuild, a redrive and a verification decide by what they read: an older row would be written over a newer."""
    client = FakeClient(60)
    client.read(KEYS)

    assert [request["ConsistentRead"] for request in client.requests] == [True] * 4


def test_only_the_named_attributes_are_read() -> None:
    some, every = FakeClient(1), FakeClient()
    some.read(KEYS[:2], "id, version")
    every.read(KEYS[:2])

    assert [request["ProjectionExpression"] for request in some.requests] == ["id, version"] * 2
    assert "ProjectionExpression" not in every.requests[0]


def test_what_the_service_leaves_unread_is_asked_for_again_after_a_pause() -> None:
    client = FakeClient(60, 10)

    assert sorted(client.read(KEYS[:100]), key=str) == KEYS[:100]
    assert [len(request["Keys"]) for request in client.requests] == [100, 60, 10]
    assert client.pauses == [0.05, 0.1]


def test_what_the_service_never_reads_is_an_error() -> None:
    client = FakeClient(*[3] * 5)

    with pytest.raises(KeysUnread, match=r"^3 items of table were not read in 5 attempts$"):
        client.read(KEYS[:5])
    assert len(client.requests) == 5


def test_a_table_without_any_of_the_items_gives_nothing() -> None:
    client = cast("Any", FakeClient())
    client.batch_get_item = lambda **_: {"Responses": {}}

    assert client.read(KEYS[:1]) == []
