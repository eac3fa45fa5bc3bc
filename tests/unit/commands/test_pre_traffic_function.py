"""What the deployment's check asks of the functions, and how it reaches them."""

import io
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from commands.handlers import create_customer_pre_traffic as hook
from commands.pre_traffic import ACTOR, CheckFailed, Services, Trial, problems_of
from events.dynamodb_store import DynamoDbEventStore
from shared.runtime import clients

TRIAL = Trial("d-ABC123XYZ", "run-1")
CONTEXT = {
    "requestId": "pre-traffic-d-ABC123XYZ-run-1",
    "authorizer": {"claims": {"sub": ACTOR, "client_id": ACTOR, "token_use": "access"}},
}


def request(scope: str, **extra: Any) -> dict[str, Any]:
    claims = {**CONTEXT["authorizer"]["claims"], "scope": f"customers/{scope}"}  # type: ignore[index]
    return {"requestContext": {**CONTEXT, "authorizer": {"claims": claims}}, **extra}


def test_the_requests_are_those_of_a_caller_with_the_least_scope() -> None:
    correlation = {"X-Correlation-Id": "pre-traffic-d-ABC123XYZ"}

    assert TRIAL.creation() == request(
        "write", headers={**correlation, "Idempotency-Key": "run-1"}, body=json.dumps(TRIAL.person)
    )
    assert TRIAL.query("c-1", "a token") == request(
        "read",
        headers={**correlation, "Consistency-Token": "a token", "Prefer": "wait=5"},
        pathParameters={"customer_id": "c-1"},
    )
    assert TRIAL.erasure("c-1") == request("write", headers=correlation, pathParameters={"customer_id": "c-1"})


def test_each_step_is_asked_for_what_the_one_before_it_answered() -> None:
    customer = {**TRIAL.person, "id": "another", "version": 1}
    asked: list[tuple[str, Any]] = []

    def answering(name: str, answer: Any) -> Any:
        def call(event: Any) -> Any:
            asked.append((name, event))
            return answer

        return call

    services = Services(
        create=answering("create", {"statusCode": 201, "headers": {}, "body": json.dumps(customer)}),
        get=answering("get", {}),
        erase=answering("erase", {"statusCode": 204}),
        events=answering("events", []),
        pause=lambda _: None,
        in_time=lambda: True,
    )

    assert problems_of(TRIAL, services) == ["CreateCustomer returned a wrong id."]
    assert asked == [("create", TRIAL.creation()), ("erase", TRIAL.erasure("another"))]


def test_a_wrong_status_names_its_function() -> None:
    refused = {"statusCode": 500}
    services = Services(
        lambda _: refused, lambda _: refused, lambda _: {"statusCode": 404}, lambda _: [], lambda _: None, lambda: True
    )

    assert problems_of(TRIAL, services) == ["CreateCustomer returned 500 instead of 201."]


class FakeLambda:
    """Answers every call with the same payload."""

    def __init__(self, **answer: Any) -> None:
        self.calls: list[tuple[str, Any]] = []
        self._answer = answer

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Any:  # noqa: N803 - boto3's names
        self.calls.append((FunctionName, json.loads(Payload)))
        return {"Payload": io.BytesIO(b'{"statusCode": 200}'), **self._answer}


SETTINGS = {
    "NEW_VERSION": "arn:new",
    "GET_CUSTOMER": "arn:get",
    "ERASE_SYNTHETIC_CUSTOMER": "arn:erase",
    "EVENT_TABLE": "events",
}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    return hook._services(lambda: 120_001)


def test_each_service_is_the_function_of_its_setting(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeLambda()
    monkeypatch.setattr(hook, "functions", lambda: client)

    for call in (services.create, services.get, services.erase):
        assert call({"a": 1}) == {"statusCode": 200}

    assert client.calls == [("arn:new", {"a": 1}), ("arn:get", {"a": 1}), ("arn:erase", {"a": 1})]


def test_the_events_are_read_from_the_event_table_and_the_pauses_are_real(services: Services) -> None:
    store = services.events.__self__  # type: ignore[attr-defined]

    assert isinstance(store, DynamoDbEventStore)
    assert (store._table, store._client) == ("events", clients.dynamodb())
    assert services.pause is time.sleep


def test_the_last_two_minutes_are_kept_for_the_erasure_and_the_report(services: Services) -> None:
    assert services.in_time()
    assert not hook._services(lambda: 120_000).in_time()


def test_a_function_that_raises_fails_the_check_by_name(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "functions", lambda: FakeLambda(FunctionError="Unhandled"))

    with pytest.raises(CheckFailed, match="GET_CUSTOMER"):
        services.get({})


def test_the_report_is_tried_five_times_with_longer_and_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    class Busy:
        def put_lifecycle_event_hook_execution_status(self, **report: str) -> None:
            calls.append(report)
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Put")

    monkeypatch.setattr(hook, "deployments", Busy)
    pauses: list[float] = []

    with pytest.raises(ClientError):
        hook.report({"DeploymentId": "d", "LifecycleEventHookExecutionId": "e"}, "Failed", pauses.append)

    assert len(calls) == 5
    assert pauses == [0.5, 1.0, 2.0, 4.0]
