"""The write side as API Gateway calls it: real-shaped events against an event store in memory."""

import copy
import json
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from local.environments import ROOT
from tests.event_log import events_of
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import valid_body

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
SAMPLE = json.loads((ROOT / "events/create-customer-request.json").read_text())

Send = Callable[..., dict[str, Any]]


def gateway_event(
    body: object = None,
    customer_id: str = "",
    *,
    subject: str = "user-1",
    request_id: str = "r-1",
    **headers: str | list[str],
) -> dict[str, Any]:
    """An event as API Gateway makes it. A list is a header sent in several lines, of which `headers` has the last."""
    event: dict[str, Any] = copy.deepcopy(SAMPLE)
    lines = {name.replace("_", "-"): value if isinstance(value, list) else [value] for name, value in headers.items()}
    event["multiValueHeaders"] |= lines
    event["headers"] |= {name: values[-1] for name, values in lines.items()}
    event["requestContext"]["requestId"] = request_id
    event["requestContext"]["authorizer"]["claims"]["sub"] = subject
    event["pathParameters"] = {"customer_id": customer_id} if customer_id else None
    event["body"] = json.dumps(body) if body else None
    return event


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> InMemoryEventStore:
    for name in ("EVENT_TABLE", "CLAIMS_TABLE", "ERASURES_TABLE"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("SIGNING_SECRET", "literal:a key of the tests")
    store = InMemoryEventStore()
    for name in ("create_customer", "update_customer", "erase_customer"):
        monkeypatch.setattr(import_module(f"commands.handlers.{name}"), "store", store)
    return store


def call(function: str, event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = import_module(f"commands.handlers.{function}").handle(event, CONTEXT)
    return answer


def create(**more: Any) -> str:
    answer = call("create_customer", gateway_event(valid_body(), **more))
    assert answer["statusCode"] == 201, answer
    return str(json.loads(answer["body"])["id"])


def put(customer_id: str, city: str, **more: Any) -> dict[str, Any]:
    return call("update_customer", gateway_event(valid_body(city=city), customer_id, **more))


def delete(customer_id: str, **more: Any) -> dict[str, Any]:
    return call("erase_customer", gateway_event(None, customer_id, **more))


def kind(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["type"].rpartition("/")[2]


class TestACommandWithoutAKeyIsNamedByUs:
    """I1, I11. A caller on AWS chooses the request's id with X-Amzn-RequestId."""

    def test_two_callers_with_one_request_id_are_both_served(self, store: InMemoryEventStore) -> None:
        customer_id = create(request_id="chosen")

        first = put(customer_id, "Paris", subject="user-1", request_id="chosen")
        second = put(customer_id, "Rome", subject="user-2", request_id="chosen")

        assert [first["statusCode"], second["statusCode"]] == [200, 200]
        assert [json.loads(event.data).get("city") for event in events_of(store, customer_id)] == [
            "London",
            "Paris",
            "Rome",
        ]

    def test_two_changes_with_one_request_id_are_both_carried_out(self, store: InMemoryEventStore) -> None:
        customer_id = create()

        for city in ("Paris", "Rome", "Paris"):
            assert json.loads(put(customer_id, city, request_id="chosen")["body"])["city"] == city

        events = events_of(store, customer_id)
        assert len(events) == 4
        assert len({event.metadata.command_id for event in events}) == 4
        assert {event.metadata.causation_id for event in events[1:]} == {"chosen"}

    def test_two_creations_with_one_request_id_are_two_customers(self, store: InMemoryEventStore) -> None:
        sent = [
            gateway_event(valid_body(email=f"{name}@example.com"), request_id="chosen") for name in ("ada", "grace")
        ]

        ids = {json.loads(call("create_customer", event)["body"])["id"] for event in sent}

        assert len(ids) == len(store.claims) == 2


class TestPreconditions:
    @pytest.mark.parametrize("value", ["*", '"1"', 'W/"1"', '"7", "1"'])
    def test_if_none_match_that_names_the_version_prevents_the_change(
        self, store: InMemoryEventStore, value: str
    ) -> None:
        customer_id = create()

        for answer in (put(customer_id, "Paris", If_None_Match=value), delete(customer_id, If_None_Match=value)):
            assert kind(answer) == (412, "precondition-failed")
            assert answer["headers"]["ETag"] == '"1"'
        assert len(events_of(store, customer_id)) == 1

    def test_if_none_match_that_names_another_version_does_not(self, store: InMemoryEventStore) -> None:
        customer_id = create()

        assert put(customer_id, "Paris", If_None_Match='"7"')["statusCode"] == 200
        assert delete(customer_id, If_None_Match='"7"')["statusCode"] == 204

    @pytest.mark.parametrize("value", ['W/"1"', '"foreign"', '"01"', "", ","])
    def test_an_if_match_that_does_not_name_the_version_is_stale(self, store: InMemoryEventStore, value: str) -> None:
        customer_id = create()

        assert kind(put(customer_id, "Paris", If_Match=value)) == (412, "stale-version")
        assert kind(delete(customer_id, If_Match=value)) == (412, "stale-version")
        assert len(events_of(store, customer_id)) == 1

    def test_a_repeated_if_match_line_counts(self, store: InMemoryEventStore) -> None:
        customer_id = create()

        assert put(customer_id, "Paris", If_Match=['"1"', '"9"'])["statusCode"] == 200
        assert put(customer_id, "Rome", If_Match=['"2"', '"9"'])["statusCode"] == 200

    def test_a_repeat_that_names_the_current_version_too_is_carried_out_on_it(self, store: InMemoryEventStore) -> None:
        customer_id = create()
        first = put(customer_id, "Paris", If_Match='"1", "3"')
        put(customer_id, "Rome")

        second = put(customer_id, "Paris", If_Match='"1", "3"')

        assert [json.loads(answer["body"])["version"] for answer in (first, second)] == [2, 4]
        events = events_of(store, customer_id)
        assert len({event.metadata.command_id for event in events}) == len(events) == 4

    def test_a_repeat_of_a_list_gets_the_first_answer(self, store: InMemoryEventStore) -> None:
        customer_id = create()
        first = put(customer_id, "Paris", If_Match='"1", "7"')
        put(customer_id, "Rome")

        assert put(customer_id, "Paris", If_Match='"7", "1"')["body"] == first["body"]
        assert len(events_of(store, customer_id)) == 3

    def test_a_change_that_changes_nothing_leaves_nothing_to_recognise(self, store: InMemoryEventStore) -> None:
        """I3 for If-Match, as docs/explanation/architecture.md has it."""
        customer_id = create()

        for _ in range(2):
            assert json.loads(put(customer_id, "London", If_Match='"1"')["body"])["version"] == 1
        put(customer_id, "Rome")

        assert kind(put(customer_id, "London", If_Match='"1"')) == (412, "stale-version")
        assert len(events_of(store, customer_id)) == 2

    @pytest.mark.parametrize(("name", "value"), [("If_Match", '"1"'), ("If_None_Match", "*")])
    def test_a_creation_whose_condition_cannot_be_true_is_refused(
        self, store: InMemoryEventStore, name: str, value: str
    ) -> None:
        answer = call("create_customer", gateway_event(valid_body(), **{name: value}))

        assert kind(answer) == (412, "precondition-failed")
        assert not store.claims

    def test_an_erased_customer_has_nothing_to_compare_with(self, store: InMemoryEventStore) -> None:
        customer_id = create()
        delete(customer_id)

        assert delete(customer_id, If_None_Match="*")["statusCode"] == 204
        assert kind(put(customer_id, "Paris", If_None_Match="*")) == (404, "not-found")


class TestOddEvents:
    """Nothing that API Gateway would not send makes a customer."""

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"headers": None, "multiValueHeaders": None}, 422),
            ({"requestContext": {}}, 403),
            ({"requestContext": None}, 403),
            ({"requestContext": {"authorizer": None}}, 403),
            ({"isBase64Encoded": True}, 415),
            ({"body": "eyJmdWxsX25hbWUiOiAiQWRhIn0=", "isBase64Encoded": True}, 415),
            ({"body": "eyJmdWxsX25hbWUiOiAiQWRhIn0="}, 400),
            ({"body": None}, 400),
            ({"queryStringParameters": {"x": "1"}, "multiValueQueryStringParameters": {"x": ["1"]}}, 422),
        ],
    )
    def test_it_is_refused(self, store: InMemoryEventStore, change: dict[str, Any], status: int) -> None:
        answer = call("create_customer", gateway_event(valid_body()) | change)

        assert (answer["statusCode"], store.claims) == (status, {})

    def test_headers_of_one_kind_are_enough(self, store: InMemoryEventStore) -> None:
        event = gateway_event(valid_body(), Idempotency_Key="k") | {"headers": None}

        assert call("create_customer", event)["body"] == call("create_customer", event)["body"]
        assert len(store.claims) == 1


def test_an_id_in_capitals_finds_its_customer(store: InMemoryEventStore) -> None:
    customer_id = create()

    answer = put(customer_id.upper(), "Paris", Idempotency_Key="k")

    assert json.loads(answer["body"])["id"] == customer_id
    assert put(customer_id, "Paris", Idempotency_Key="k")["body"] == answer["body"]
    assert delete(customer_id.upper())["statusCode"] == 204
    assert [event.type for event in events_of(store, customer_id)] == [
        "CustomerCreated",
        "CustomerUpdated",
        "CustomerErased",
    ]
