"""A new version of CreateCustomer passes only if every step of the check succeeds. Anything else is a failure."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from commands.handlers import create_customer_pre_traffic as hook
from commands.pre_traffic import ACTOR, CheckFailed, Services, Trial, problems_of
from events.codec import encode
from events.customer import CustomerCreated
from events.envelope import Event, Metadata, Recorded, Unreadable
from shared.http.consistency import ConsistencyToken
from shared.runtime import clients
from tests.fakes.signing_keys import KEYS

TRIAL = Trial("d-ABC123XYZ", "0a3c7a52-0001-4a0d-9d0e-6d9c0f6b7a11")
HOOK_EVENT = {"DeploymentId": TRIAL.deployment_id, "LifecycleEventHookExecutionId": "execution"}
TIMES = {"created_at": "2026-05-17T09:30:00.000000Z", "updated_at": "2026-05-17T09:30:00.000000Z"}
CUSTOMER = {**TRIAL.person, **TIMES, "id": TRIAL.expected_id(), "version": 1}
TOKEN = ConsistencyToken(TRIAL.expected_id(), 1).encode(KEYS)
CREATED = {"statusCode": 201, "headers": {"Consistency-Token": TOKEN}, "body": json.dumps(CUSTOMER)}
SHOWN = {"statusCode": 200, "body": json.dumps(CUSTOMER)}
NOT_YET = {"statusCode": 503}
ERASED = {"statusCode": 204}
EVENT = encode(
    CustomerCreated.model_validate(TRIAL.person),
    customer_id=TRIAL.expected_id(),
    version=1,
    event_id="event",
    occurred_at=TIMES["created_at"],
    metadata=Metadata(TRIAL.correlation_id, "request", ACTOR, TRIAL.expected_id()),
)
Answers = Sequence[Mapping[str, Any] | Exception]


@dataclass
class Stack:
    """Functions with prepared responses. The last response is repeated."""

    create: Answers = (CREATED,)
    get: Answers = (SHOWN,)
    erase: Answers = (ERASED,)
    events: Sequence[Recorded] | Exception = (EVENT,)
    gets: int = 5
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def services(self) -> Services:
        return Services(
            create=self._answering("create", self.create),
            get=self._answering("get", self.get),
            erase=self._answering("erase", self.erase),
            events=self._read,
            pause=lambda _: None,
            in_time=self._in_time,
        )

    def named(self, name: str) -> list[Mapping[str, Any]]:
        return [event for function, event in self.calls if function == name]

    def _read(self, customer_id: str) -> Sequence[Recorded]:
        assert customer_id == TRIAL.expected_id()
        if isinstance(self.events, Exception):
            raise self.events
        return self.events

    def _in_time(self) -> bool:
        self.gets -= 1
        return self.gets >= 0

    def _answering(self, name: str, answers: Answers) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        waiting = list(answers)

        def call(event: Mapping[str, Any]) -> Mapping[str, Any]:
            self.calls.append((name, event))
            answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def answer(base: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {**base, "body": json.dumps({**CUSTOMER, **changes})}


def changed(**changes: Any) -> Event:
    return replace(EVENT, **changes)


def test_a_working_version_passes_and_its_customer_is_erased() -> None:
    stack = Stack()

    assert problems_of(TRIAL, stack.services()) == []
    assert [name for name, _ in stack.calls] == ["create", "get", "erase"]
    [erasure] = stack.named("erase")
    assert erasure["pathParameters"] == {"customer_id": TRIAL.expected_id()}


def test_the_synthetic_customer_differs_in_actor_address_and_correlation_id() -> None:
    creation = TRIAL.creation()

    assert creation["requestContext"]["authorizer"]["claims"]["sub"] == "pre-traffic-check"
    assert json.loads(creation["body"])["email"].endswith("@pre-traffic.example.com")
    assert creation["headers"]["X-Correlation-Id"] == "pre-traffic-d-ABC123XYZ"


def test_two_runs_for_one_deployment_use_different_customers() -> None:
    again = replace(TRIAL, run="another")

    assert TRIAL.person["email"] != again.person["email"]
    assert TRIAL.expected_id() != again.expected_id()


def test_the_projection_may_be_late() -> None:
    stack = Stack(get=(NOT_YET, NOT_YET, SHOWN))

    assert problems_of(TRIAL, stack.services()) == []
    assert {event["headers"]["Consistency-Token"] for event in stack.named("get")} == {TOKEN}


FAILURES = {
    "the version answers an error": Stack(create=({"statusCode": 500, "headers": {}, "body": "{}"},)),
    "the version answers nonsense": Stack(create=({"statusCode": 201, "headers": {}, "body": "nonsense"},)),
    "the version answers nothing": Stack(create=({},)),
    "the version answers no token": Stack(create=({**CREATED, "headers": {}},)),
    "the version crashes": Stack(create=(CheckFailed("The function in NEW_VERSION failed."),)),
    "the version is not answered in time": Stack(create=(ReadTimeoutError(endpoint_url="https://lambda"),)),
    "the version creates someone else": Stack(create=(answer(CREATED, full_name="Somebody Else"),)),
    "the version creates another id": Stack(create=(answer(CREATED, id="another"),)),
    "there is no event": Stack(events=()),
    "there are two events": Stack(events=(EVENT, changed(version=2))),
    "the event is another version": Stack(events=(changed(version=2),)),
    "the event is not an event": Stack(events=(Unreadable(EVENT.customer_id, 1, "odd"),)),
    "the event is of an unknown type": Stack(events=(changed(type="CustomerVanished"),)),
    "the event has other data": Stack(events=(changed(data=EVENT.data.replace("Nowhere", "Somewhere")),)),
    "the event names another actor": Stack(events=(changed(metadata=replace(EVENT.metadata, actor="x")),)),
    "the event has no correlation": Stack(events=(changed(metadata=replace(EVENT.metadata, correlation_id="")),)),
    "the event table does not answer": Stack(events=EndpointConnectionError(endpoint_url="https://dynamodb")),
    "the projection never has it": Stack(get=(NOT_YET,)),
    "there is no time for a GET": Stack(gets=0),
    "the projection shows somebody else": Stack(get=(answer(SHOWN, city="Somewhere"),)),
    "the projection does not know it": Stack(get=({"statusCode": 404, "body": "{}"},)),
    "the projection answers an error": Stack(get=(NOT_YET, {"statusCode": 500, "body": "{}"})),
    "the projection cannot be asked": Stack(get=(ReadTimeoutError(endpoint_url="https://lambda"),)),
    "the customer is not erased": Stack(erase=({"statusCode": 500},)),
    "it is unknown whether the customer is erased": Stack(erase=(ReadTimeoutError(endpoint_url="https://lambda"),)),
}


@pytest.mark.parametrize("name", FAILURES)
def test_any_failure_fails_the_deployment_and_the_customer_is_still_erased(name: str) -> None:
    stack = replace(FAILURES[name], calls=[])

    problems = problems_of(TRIAL, stack.services())

    assert problems
    assert "@" not in "".join(problems)
    assert len(stack.named("erase")) == 1


def test_a_wrong_answer_of_the_projection_names_its_function() -> None:
    stack = Stack(get=({"statusCode": 500, "body": "{}"},))

    assert problems_of(TRIAL, stack.services()) == ["GetCustomer returned 500 instead of 200."]


def test_a_customer_with_another_id_is_erased_under_that_id() -> None:
    stack = Stack(create=(answer(CREATED, id="another"),))

    problems_of(TRIAL, stack.services())

    assert [event["pathParameters"]["customer_id"] for event in stack.named("erase")] == ["another"]


def test_after_a_lost_response_the_customer_is_erased() -> None:
    stack = Stack(create=(ReadTimeoutError(endpoint_url="https://lambda"),))

    problems_of(TRIAL, stack.services())

    assert [event["pathParameters"]["customer_id"] for event in stack.named("erase")] == [TRIAL.expected_id()]


@dataclass
class CodeDeploy:
    """Accepts reports after some refusals."""

    refusals: int = 0
    reports: list[Mapping[str, str]] = field(default_factory=list)
    calls: int = 0

    def put_lifecycle_event_hook_execution_status(self, **report: str) -> None:
        self.calls += 1
        if self.calls <= self.refusals:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutLifecycleEventHookExecutionStatus")
        self.reports.append(report)


@pytest.fixture
def code_deploy(monkeypatch: pytest.MonkeyPatch) -> CodeDeploy:
    service = CodeDeploy()
    monkeypatch.setattr(hook, "deployments", lambda: service)
    return service


@pytest.mark.parametrize("refusals", range(5))
def test_the_report_to_code_deploy_is_retried(code_deploy: CodeDeploy, refusals: int) -> None:
    code_deploy.refusals = refusals

    hook.report(HOOK_EVENT, "Succeeded", lambda _: None)

    assert code_deploy.reports == [
        {"deploymentId": "d-ABC123XYZ", "lifecycleEventHookExecutionId": "execution", "status": "Succeeded"}
    ]


def test_a_report_that_always_fails_is_an_error_of_the_function(code_deploy: CodeDeploy) -> None:
    code_deploy.refusals = 99

    with pytest.raises(ClientError):
        hook.report(HOOK_EVENT, "Failed", lambda _: None)


class Context:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 1, "a", "r"

    def get_remaining_time_in_millis(self) -> int:
        return 240_000


def test_a_check_that_cannot_start_fails_the_deployment(
    code_deploy: CodeDeploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEW_VERSION", raising=False)

    hook.handle(HOOK_EVENT, Context())

    assert [report["status"] for report in code_deploy.reports] == ["Failed"]


@pytest.mark.parametrize(("problems", "status"), [([], "Succeeded"), (["something"], "Failed")])
def test_the_result_is_reported(
    code_deploy: CodeDeploy, monkeypatch: pytest.MonkeyPatch, problems: list[str], status: str
) -> None:
    monkeypatch.setattr(hook, "_services", lambda _: None)
    monkeypatch.setattr(hook, "problems_of", lambda *_: problems)

    hook.handle(HOOK_EVENT, Context())

    assert [report["status"] for report in code_deploy.reports] == [status]


def test_a_call_waits_longer_than_a_function_may_run() -> None:
    config: Any = clients.functions().meta.config

    assert config.read_timeout > 28
    assert config.retries["total_max_attempts"] == 1
