"""How the store on DynamoDB reads several customers together."""

from typing import Any, Final

import pytest

from events.codec import to_item
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from tests.samples import history

_PARTITIONS_A_STATEMENT: Final = 50
_ITEMS_A_PAGE: Final = 10


class Partitions:
    """A client that answers as the documentation says: in pages of ten, some of them empty, in an order of its own."""

    def __init__(self, events: list[Event]) -> None:
        self.requests: list[Any] = []
        self._events = events

    def execute_statement(self, **request: Any) -> Any:
        self.requests.append(request)
        wanted = {parameter["S"] for parameter in request["Parameters"]}
        assert request["Statement"].count("?") == len(request["Parameters"]) == len(wanted)
        items = [to_item(event) for event in self._events[::-1] if event.customer_id in wanted]
        pages = [[], *(items[start : start + _ITEMS_A_PAGE] for start in range(0, len(items), _ITEMS_A_PAGE))]
        number = int(request.get("NextToken", 0))
        more = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
        return {"Items": pages[number], **more}


def read(client: Any, customer_ids: list[str]) -> dict[str, Any]:
    return dict(DynamoDbEventStore(client, "events").read_many(customer_ids))


def test_every_page_is_read_and_put_into_version_order() -> None:
    events = {name: history(name, 12) for name in "abc"}

    found = read(Partitions([event for each in events.values() for event in each]), ["a", "b", "c", "nobody", "a"])

    assert found == {**events, "nobody": []}


@pytest.mark.parametrize("count", [1, 50, 51, 120])
def test_a_statement_names_as_many_customers_as_it_may(count: int) -> None:
    ids = [f"c{number}" for number in range(count)]
    client = Partitions([history(customer_id, 1)[0] for customer_id in ids])

    assert list(read(client, ids)) == ids

    assert all(len(request["Parameters"]) <= _PARTITIONS_A_STATEMENT for request in client.requests)
    assert all(request["ConsistentRead"] for request in client.requests)
    statements = [request for request in client.requests if "NextToken" not in request]
    assert len(statements) == -(-count // _PARTITIONS_A_STATEMENT)


def test_the_customers_are_read_some_at_a_time() -> None:
    """So that the events of a few are in memory, however many are asked for."""
    ids = [f"c{number}" for number in range(500)]
    client = Partitions([history(customer_id, 1)[0] for customer_id in ids])

    next(iter(DynamoDbEventStore(client, "events").read_many(ids)))  # type: ignore[arg-type]

    assert len([request for request in client.requests if "NextToken" not in request]) == 1


def test_nobody_is_read_without_a_call() -> None:
    client = Partitions([])

    assert read(client, []) == {}
    assert client.requests == []
