"""A request can be followed by its correlation id, from its response to the row that shows its effect."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from events.dynamodb_store import DynamoDbEventStore
from projections.dynamodb_read_model import DynamoDbReadModel
from tests.e2e.customers import a_person, create, eventually, seeing
from tests.event_log import events_of
from tests.integration.aws import Aws
from tests.samples import details_of

HEADER: Final = "X-Correlation-Id"
Write = Callable[[httpx.Client, str, dict[str, str]], httpx.Response]
# The function that answers, the event that follows, and the request.
WRITES: Final[dict[str, tuple[str, str, Write]]] = {
    "create": (
        "CreateCustomer",
        "CustomerCreated",
        lambda api, _, own: api.post("/customers", json=a_person(), headers=own),
    ),
    "update": (
        "UpdateCustomer",
        "CustomerUpdated",
        lambda api, one, own: api.put(f"/customers/{one}", json=a_person(), headers=own),
    ),
    "erase": ("EraseCustomer", "CustomerErased", lambda api, one, own: api.delete(f"/customers/{one}", headers=own)),
}


def _logged(aws: Aws, function: str, since: float, own: str) -> list[dict[str, Any]]:
    """The log lines of a function that carry a correlation id."""
    lines = aws.log_messages(f"/aws/lambda/{function}", since)
    return [
        json.loads(line) for line in lines if line.startswith("{") and json.loads(line).get("correlation_id") == own
    ]


def _only_line(aws: Aws, function: str, since: float, own: str) -> dict[str, Any]:
    lines = _logged(aws, function, since, own)
    # An assertion, so that it is repeated until the line is there.
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_can_be_followed_from_its_answer_to_its_row(
    api: httpx.Client,
    aws: Aws,
    function_names: Mapping[str, str],
    store: DynamoDbEventStore,
    read_model: DynamoDbReadModel,
    active: int,
    now: float,
    write: str,
) -> None:
    function, kind, send = WRITES[write]
    somebody, own = create(api)["id"], f"order-{uuid4()}"
    answer = send(api, somebody, {HEADER: own})
    assert answer.is_success
    assert answer.headers[HEADER] == own
    customer_id = answer.json()["id"] if write == "create" else somebody

    event = events_of(store, customer_id)[-1]
    assert (event.type, event.metadata.correlation_id) == (kind, own)
    assert answer.headers["etag"] == f'"{event.version}"'

    assert api.get(f"/customers/{customer_id}", headers=seeing(answer)).status_code in (200, 404)
    row = read_model.get(customer_id, active, consistent=True)
    assert row is not None
    assert row.version == event.version

    def look() -> None:
        answered = _only_line(aws, function_names[function], now, own)
        assert (answered["message"], answered["request_id"]) == ("answered", event.metadata.causation_id)
        projected = _only_line(aws, function_names["ProjectCustomers"], now, own)
        assert projected["message"] == "projected"
        found = projected["customer_id"], projected["version"], projected["type"], projected["causation_id"]
        assert found == (customer_id, event.version, kind, event.metadata.causation_id)

    eventually(look)


def test_a_refusal_is_logged_under_its_own_id_and_not_under_the_previous_one(
    api: httpx.Client, aws: Aws, function_names: Mapping[str, str], now: float
) -> None:
    first, second = f"order-{uuid4()}", f"order-{uuid4()}"
    place = f"/customers/{uuid4()}"
    assert api.put(place, json=a_person(), headers={HEADER: first}).status_code == 404
    assert api.put(place, content="{", headers={HEADER: second}).status_code == 400
    unnamed = api.put(place, json=a_person())

    def look() -> None:
        not_found = _only_line(aws, function_names["UpdateCustomer"], now, first)
        unreadable = _only_line(aws, function_names["UpdateCustomer"], now, second)
        other = _only_line(aws, function_names["UpdateCustomer"], now, unnamed.headers[HEADER])
        assert [line["problem"] for line in (not_found, unreadable, other)] == [
            "not-found",
            "malformed-body",
            "not-found",
        ]
        assert unnamed.json()["instance"] == f"urn:request:{other['request_id']}"

    eventually(look)


def test_the_event_keeps_the_id_of_the_first_try(api: httpx.Client, store: DynamoDbEventStore) -> None:
    body, key = a_person(), str(uuid4())
    tries = [
        api.post("/customers", json=body, headers={HEADER: own, "Idempotency-Key": key}) for own in ("try-1", "try-2")
    ]
    assert [answer.headers[HEADER] for answer in tries] == ["try-1", "try-2"]
    [event] = events_of(store, tries[0].json()["id"])
    assert event.metadata.correlation_id == "try-1"
    unchanged = api.put(f"/customers/{event.customer_id}", json=details_of(tries[0].json()), headers={HEADER: "try-3"})
    assert unchanged.status_code == 200
    assert len(events_of(store, event.customer_id)) == 1
