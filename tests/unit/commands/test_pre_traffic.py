"""A new version of CreateCustomer passes only if every step of the check succeeded; all else is a failure."""

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

TRIAL = Trial("d-ABC123XYZ", "0a3c7a52-0001-4a0d-9d0e-6d9c0f6b7a11")
ASKED = {"DeploymentId": TRIAL.deployment_id, "LifecycleEventHookExecutionId": "execution"}
TIMES = {"created_at": "2026-05-17T09:30:00.000000Z", "updated_at": "2026-05-17T09:30:00.000000Z"}
CUSTOMER = {**TRIAL.person, **TIMES, "id": TRIAL.expected_id(), "version": 1}
TOKEN = ConsistencyToken(TRIAL.expected_id(), 1).encode()
CREATED = {"statusCode": 201, "headers": {"Consistency-Token": TOKEN}, "body": json.dumps(CUSTOMER)}
SHOWN = {"statusCode": 200, "body": json.dumps(CUSTOMER)}
LATER = {"statusCode": 503}
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
    """Functions that answer as they are told, the last answer again and again."""

    create: Answers = (CREATED,)
    get: Answers = (SHOWN,)
    erase: Answers = (ERASED,)
    events: Sequence[Recorded] | Exception = (EVENT,)
    looks: int = 5
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

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
        return [event for function, event in self.asked if function == name]

    def _read(self, customer_id: str) -> Sequence[Recorded]:
        assert customer_id == TRIAL.expected_id()
        if isinstance(self.events, Exception):
            raise self.events
        return self.events

    def _in_time(self) -> bool:
        self.looks -= 1
        return self.looks >= 0

    def _answering(self, name: str, answers: Answers) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        waiting = list(answers)

        def call(event: Mapping[str, Any]) -> Mapping[str, Any]:
            self.asked.append((name, event))
            answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def answer(base: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {**base, "body": json.dumps({**CUSTOMER, **changes})}


def changed(**changes: Any) -> Event:
    return replace(EVENT, **changes)


def test_a_version_that_does_all_it_must_passes_and_leaves_nothing_behind() -> None:
    stack = Stack()

    assert problems_of(TRIAL, stack.services()) == []
    assert [name for name, _ in stack.asked] == ["create", "get", "erase"]
    [erasure] = stack.named("erase")
    assert erasure["pathParameters"] == {"customer_id": TRIAL.expected_id()}


def test_the_customer_is_told_apart_from_real_ones_by_actor_address_and_correlation_id() -> None:
    creation = TRIAL.creation()

    assert creation["requestContext"]["authorizer"]["claims"]["sub"] == "pre-traffic-check"
    assert json.loads(creation["body"])["email"].endswith("@pre-traffic.example.com")
    assert creation["headers"]["X-Correlation-Id"] == "pre-traffic-d-ABC123XYZ"


def test_two_tries_of_one_deployment_do_not_meet() -> None:
    again = replace(TRIAL, run="another")

    assert TRIAL.person["email"] != again.person["email"]
    assert TRIAL.expected_id() != again.expected_id()


def test_the_projection_may_come_late() -> None:
    stack = Stack(get=(LATER, LATER, SHOWN))

    assert problems_of(TRIAL, stack.services()) == []
    assert {event["headers"]["Consistency-Token"] for event in stack.named("get")} == {TOKEN}


FAILURES = {
    "the version answers an error": Stack(create=({"statusCode": 500, "headers": {}, "body": "{}"},)),
    "the version answers nonsense": Stack(create=({"statusCode": 201, "headers": {}, "body": "nonsense"},)),
    "the version answers nothing": Stack(create=({},)),
    "the version answers no token": Stack(create=({**CREATED, "headers": {}},)),
    "the version crashes": Stack(create=(CheckFailed("NEW_VERSION ended in an error."),)),
    "the version is not answered in time": Stack(create=(ReadTimeoutError(endpoint_url="https://lambda"),)),
    "the version makes somebody else": Stack(create=(answer(CREATED, full_name="Somebody Else"),)),
    "the version makes another id": Stack(create=(answer(CREATED, id="another"),)),
    "there is no event": Stack(events=()),
    "there are two events": Stack(events=(EVENT, changed(version=2))),
    "the event is another version": Stack(events=(changed(version=2),)),
    "the event is no event": Stack(events=(Unreadable(EVENT.customer_id, 1, "odd"),)),
    "the event is of an unknown type": Stack(events=(changed(type="CustomerVanished"),)),
    "the event has other data": Stack(events=(changed(data=EVENT.data.replace("Nowhere", "Somewhere")),)),
    "the event names another actor": Stack(events=(changed(metadata=replace(EVENT.metadata, actor="x")),)),
    "the event has no correlation": Stack(events=(changed(metadata=replace(EVENT.metadata, correlation_id="")),)),
    "the event table does not answer": Stack(events=EndpointConnectionError(endpoint_url="https://dynamodb")),
    "the projection never has it": Stack(get=(LATER,)),
    "there is no time for a look": Stack(looks=0),
    "the projection shows somebody else": Stack(get=(answer(SHOWN, city="Somewhere"),)),
    "the projection does not know it": Stack(get=({"statusCode": 404, "body": "{}"},)),
    "the projection answers an error": Stack(get=(LATER, {"statusCode": 500, "body": "{}"})),
    "the projection cannot be asked": Stack(get=(ReadTimeoutError(endpoint_url="https://lambda"),)),
    "the customer is not erased": Stack(erase=({"statusCode": 500},)),
    "nobody knows if the customer is erased": Stack(erase=(ReadTimeoutError(endpoint_url="https://lambda"),)),
}


@pytest.mark.parametrize("name", FAILURES)
def test_whatever_goes_wrong_fails_the_deployment_and_the_customer_is_erased_all_the_same(name: str) -> None:
    stack = replace(FAILURES[name], asked=[])

    problems = problems_of(TRIAL, stack.services())

    assert problems
    assert "@" not in "".join(problems)
    assert len(stack.named("erase")) == 1


def test_a_customer_under_another_id_is_erased_under_that_one() -> None:
    stack = Stack(create=(answer(CREATED, id="another"),))

    problems_of(TRIAL, stack.services())

    assert [event["pathParameters"]["customer_id"] for event in stack.named("erase")] == ["another"]


def test_a_lost_answer_does_not_leave_the_customer_behind() -> None:
    stack = Stack(create=(ReadTimeoutError(endpoint_url="https://lambda"),))

    problems_of(TRIAL, stack.services())

    assert [event["pathParameters"]["customer_id"] for event in stack.named("erase")] == [TRIAL.expected_id()]


@dataclass
class CodeDeploy:
    """Takes what it is told, after some refusals."""

    refusals: int = 0
    told: list[Mapping[str, str]] = field(default_factory=list)
    calls: int = 0

    def put_lifecycle_event_hook_execution_status(self, **told: str) -> None:
        self.calls += 1
        if self.calls <= self.refusals:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutLifecycleEventHookExecutionStatus")
        self.told.append(told)


@pytest.fixture
def code_deploy(monkeypatch: pytest.MonkeyPatch) -> CodeDeploy:
    service = CodeDeploy()
    monkeypatch.setattr(hook, "deployments", lambda: service)
    return service


@pytest.mark.parametrize("refusals", range(5))
def test_code_deploy_is_told_again_until_it_listens(code_deploy: CodeDeploy, refusals: int) -> None:
    code_deploy.refusals = refusals

    hook.report(ASKED, "Succeeded", lambda _: None)

    assert code_deploy.told == [
        {"deploymentId": "d-ABC123XYZ", "lifecycleEventHookExecutionId": "execution", "status": "Succeeded"}
    ]


def test_a_report_that_never_gets_through_is_an_error_of_the_function(code_deploy: CodeDeploy) -> None:
    code_deploy.refusals = 99

    with pytest.raises(ClientError):
        hook.report(ASKED, "Failed", lambda _: None)


class Context:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 1, "a", "r"

    def get_remaining_time_in_millis(self) -> int:
        return 240_000


def test_a_check_that_cannot_begin_fails_the_deployment(
    code_deploy: CodeDeploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEW_VERSION", raising=False)

    hook.handle(ASKED, Context())

    assert [told["status"] for told in code_deploy.told] == ["Failed"]


@pytest.mark.parametrize(("problems", "status"), [([], "Succeeded"), (["something"], "Failed")])
def test_the_verdict_is_told(
    code_deploy: CodeDeploy, monkeypatch: pytest.MonkeyPatch, problems: list[str], status: str
) -> None:
    monkeypatch.setattr(hook, "_services", lambda _: None)
    monkeypatch.setattr(hook, "problems_of", lambda *_: problems)

    hook.handle(ASKED, Context())

    assert [told["status"] for told in code_deploy.told] == [status]


def test_a_function_is_waited_for_longer_than_it_may_run() -> None:
    config: Any = clients.functions().meta.config

    assert config.read_timeout > 28
    assert config.retries["total_max_attempts"] == 1
