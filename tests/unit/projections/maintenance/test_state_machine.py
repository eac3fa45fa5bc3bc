"""The state machine of a rebuild passes every failure that time cures, and ends at once at every other."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final

import boto3
import botocore.session
import pytest
from botocore import exceptions as core
from botocore.exceptions import ClientError
from pydantic import ValidationError

from events.store import StoreBusy
from local.environments import ROOT
from projections.generations import Generations, GenerationsChanged, WrongStep
from projections.maintenance import verify
from projections.maintenance.progress import Plan, SegmentProgress, save_plan, verify_job
from projections.maintenance.rate_limit import InvalidRate
from projections.maintenance.rebuild import RebuildFailed
from projections.maintenance.regressions import WouldRegress
from projections.maintenance.stores import stores_of_views
from projections.read_model import ReadModelBusy
from shared.runtime.key_reads import KeysUnread
from tests.asl import Execution, StateFailed, matches, tasks
from tests.unit.projections.world import World

MACHINE: Final = json.loads((ROOT / "projections/maintenance/rebuild.asl.json").read_text())
TASKS: Final = dict(tasks(MACHINE["States"]))
CONTEXT: Final = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r",
    get_remaining_time_in_millis=lambda: 600_000,
)  # fmt: skip
HOUR: Final = 3600.0
URL: Final = "https://dynamodb.test"
MODEL: Final = botocore.session.get_session().get_service_model("dynamodb")
CLIENT: Final = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def answered(code: str) -> ClientError:
    """An error response in the class that botocore has for its code."""
    exceptions: Any = CLIENT.exceptions
    error: ClientError = exceptions.from_code(code)({"Error": {"Code": code, "Message": "simulated"}}, "Query")
    return error


CODES: Final = [str(shape.metadata.get("error", {}).get("code") or shape.name) for shape in MODEL.error_shapes]
MODELLED: Final = [answered(code) for code in CODES]
# Those that DynamoDB also returns and its model does not name: API reference, "Common error types".
UNMODELLED: Final = [
    answered(code)
    for code in (
        "AccessDeniedException", "ExpiredTokenException", "IncompleteSignature", "InternalFailure", "RequestExpired",
        "ServiceUnavailable", "UnrecognizedClientException", "500", "503",
    )
]  # fmt: skip
NETWORK: Final = [
    core.ConnectTimeoutError(endpoint_url=URL),
    core.ReadTimeoutError(endpoint_url=URL),
    core.EndpointConnectionError(endpoint_url=URL),
    core.ConnectionClosedError(endpoint_url=URL),
    core.ProxyConnectionError(proxy_url=URL),
    core.SSLError(endpoint_url=URL, error=OSError()),
    core.HTTPClientError(error="e"),
    core.ResponseStreamingError(error="e"),
    core.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    core.NoCredentialsError(),
    core.CredentialRetrievalError(provider="p", error_msg="e"),
    ConnectionResetError(),
    TimeoutError(),
    MemoryError(),
]
OURS: Final = [
    StoreBusy("busy"), KeysUnread("unread"), ReadModelBusy("busy"), RebuildFailed("rows"),
    GenerationsChanged("changed"),
]  # fmt: skip
PERMANENT_BY_CODE: Final = {"ItemCollectionSizeLimitExceededException"}
CURABLE: Final = [
    each
    for each in (*MODELLED, *UNMODELLED, *NETWORK, *OURS)
    if not (isinstance(each, ClientError) and each.response["Error"]["Code"] in PERMANENT_BY_CODE)
]
PERMANENT: Final = [
    *map(answered, ("ItemCollectionSizeLimitExceededException", "ValidationException", "SerializationException")),
    core.ParamValidationError(report="r"),
    core.RangeError(value=1, param="p", min_value=2, max_value=3),
    WrongStep("Run verify first."),
    WouldRegress([], 2),
    InvalidRate(0),
    KeyError("Ada Lovelace"),
    TypeError("Ada Lovelace"),
    ValidationError.from_exception_data("Ada Lovelace", []),
]
# Step Functions developer guide, "Error names" and "Handle transient Lambda service exceptions"; AWS Lambda's runtimes.
OF_LAMBDA: Final = (
    "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException", "Lambda.ClientExecutionTimeoutException", "Lambda.Unknown", "States.Timeout",
    "States.TaskFailed", "States.HeartbeatTimeout", "Sandbox.Timedout", "Runtime.ExitError",
)  # fmt: skip
ENDING: Final = (
    "PermanentFailure", "MissingSetting", "Runtime.HandlerNotFound", "Runtime.ImportModuleError",
    "Runtime.UserCodeSyntaxError",
)  # fmt: skip


class FailingClient:
    """A DynamoDB client of which every call raises an error."""

    exceptions = CLIENT.exceptions

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _: str) -> Callable[..., Any]:
        def fail(*_: Any, **__: Any) -> Any:
            raise self._error

        return fail


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The modules of the three functions, by the resource that the state machine calls."""
    for name in ("EVENT_TABLE", "READ_TABLE"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("REBUILD_WORKERS", "2")
    monkeypatch.setenv("REBUILD_RATE", "1000")
    names = {
        "RebuildControl": "rebuild_control",
        "RebuildSegment": "rebuild_segment",
        "VerifySegment": "verify_segment",
    }
    return {f"${{{key}}}": import_module(f"projections.handlers.{name}") for key, name in names.items()}


def alone(state: Any) -> Any:
    """A state machine of one state."""
    return {"StartAt": "it", "States": {"it": {**{k: v for k, v in state.items() if k != "Next"}, "End": True}}}


INPUT: Final = {
    "view": "customers",
    "generation": 2,
    "segment": 0,
    "segments": 1,
    "rate": 1000.0,
    "comparison": "c-1",
    "action": "start",
}


def run_away(state: Any, module: Any, error: Exception, monkeypatch: pytest.MonkeyPatch) -> tuple[Execution, float]:
    """Run one task whose tables answer with an error for an hour. Returns the execution and how long it waited."""
    time = [0.0]
    client: Any = FailingClient(error)
    monkeypatch.setattr(module, "views", stores_of_views(client, "t", "e"))

    # The handler is called once, and what left it is raised at every other try.
    left: list[Exception] = []

    def call(_: str, sent: Any) -> Any:
        if time[0] >= HOUR:
            return {"done": True}
        if not left:
            with pytest.raises(Exception) as raised:  # noqa: PT011 - which one it is, is the question
                module.handle(sent, CONTEXT)
            left.append(raised.value)
        raise left[0]

    def wait(seconds: float) -> None:
        time[0] += seconds

    seeded = random.Random(1)
    execution = Execution(call, wait, lambda delay: seeded.uniform(0, delay))
    execution.run(alone(state), INPUT)
    return execution, time[0]


@pytest.mark.parametrize("error", CURABLE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", TASKS)
def test_a_failure_that_time_cures_is_retried_until_it_passes(
    name: str, error: Exception, handlers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    execution, waited = run_away(TASKS[name], handlers[TASKS[name]["Resource"]], error, monkeypatch)

    assert waited >= HOUR
    assert set(execution.retries) == {type(error).__name__}


@pytest.mark.parametrize("error", PERMANENT, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", TASKS)
def test_a_failure_that_no_retry_cures_ends_the_task_at_once_and_without_personal_data(
    name: str, error: Exception, handlers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StateFailed) as failed:
        run_away(TASKS[name], handlers[TASKS[name]["Resource"]], error, monkeypatch)

    assert failed.value.name == "PermanentFailure"
    assert failed.value.cause.startswith(f"{type(error).__name__}: ")
    assert "Ada" not in failed.value.cause


def test_every_error_of_dynamodb_is_in_one_of_the_two_tests() -> None:
    codes = {each.response["Error"]["Code"] for each in (*CURABLE, *PERMANENT) if isinstance(each, ClientError)}

    assert set(CODES) <= codes
    assert {"ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"} <= codes
    assert len(MODELLED) >= 30


@pytest.mark.parametrize("name", TASKS)
def test_errors_of_lambda_are_retried_and_broken_deployments_are_not(name: str) -> None:
    rules = TASKS[name]["Retry"]

    for error in OF_LAMBDA:
        assert next(rule for rule in rules if matches(rule, error)).get("MaxAttempts", 3) > 0, error
    for error in ENDING:
        assert next(rule for rule in rules if matches(rule, error))["MaxAttempts"] == 0, error


@pytest.mark.parametrize("name", TASKS)
def test_states_all_stands_alone_and_last(name: str) -> None:
    """The specification demands it, and the local AWS does not check it."""
    *others, last = TASKS[name]["Retry"]

    assert last["ErrorEquals"] == ["States.ALL"]
    assert not any("States.ALL" in rule["ErrorEquals"] for rule in others)


def test_the_retries_outlast_an_hour_however_the_dice_fall() -> None:
    rule = TASKS["Start"]["Retry"][-1]
    delays = [min(rule["MaxDelaySeconds"], rule["IntervalSeconds"] * 2**used) for used in range(rule["MaxAttempts"])]
    dice = random.Random(1)

    assert min(sum(dice.uniform(0, delay) for delay in delays) for _ in range(1000)) > HOUR


# The whole machine, on tables in memory.


@pytest.fixture
def world(handlers: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    for module in handlers.values():
        for name, value in {
            "store": world.store, "views": world.stores, "utc_now": world.now,
        }.items():  # fmt: skip
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    save_plan(world.progress, 2, Plan(2, 20))
    for number in range(20):
        world.project(*world.log(f"c-{number}", 1 + number % 3))
    monkeypatch.setattr(verify, "PAGE_SIZE", 3)
    monkeypatch.setattr("time.sleep", world._pause)
    return world


def call_of(handlers: dict[str, Any]) -> Callable[[str, Any], Any]:
    return lambda resource, sent: handlers[resource].handle(sent, CONTEXT)


def test_a_rebuild_fills_compares_and_switches(world: World, handlers: dict[str, Any]) -> None:
    execution = Execution(call_of(handlers))

    assert execution.run(MACHINE, {}) == {"view": "customers", "generation": 2}

    saved = world.generations.load()
    assert replace(saved, details=()) == Generations(
        active=2, previous=1, newest=2, changed_at=saved.changed_at, revision=3
    )
    assert saved.details_of(2).customers == 20
    assert [world.version(f"c-{number}", 2) for number in range(20)] == [1 + number % 3 for number in range(20)]
    assert execution.retries == []


def test_a_comparison_that_fails_continues_from_its_checkpoint(
    world: World, handlers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[Any] = []
    real = verify.Verifier.step

    def step(self: Any, generation: int, at: SegmentProgress, total: int) -> Any:
        pages.append((at.segment, at.position))
        if len(pages) in (3, 4, 9):
            raise StoreBusy("busy")
        return real(self, generation, at, total)

    monkeypatch.setattr(verify.Verifier, "step", step)
    execution = Execution(call_of(handlers))

    execution.run(MACHINE, {})

    assert execution.retries == ["StoreBusy"] * 3
    read = [page for index, page in enumerate(pages, start=1) if index not in (3, 4, 9)]
    assert len(read) == len({str(page) for page in read}) > 6, "a page was compared twice"


def test_another_execution_compares_everything_again(
    world: World, handlers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would count the differences of the first one, or miss what changed since."""
    finished = SegmentProgress(0, problems=7, done=True, comparison="an earlier one")
    world.progress.save(verify_job(2), finished)
    world.progress.save(verify_job(2), SegmentProgress(1, done=True))

    Execution(call_of(handlers)).run(MACHINE, {})

    assert [each.customers for each in world.progress.load(verify_job(2), 2)] != [0, 0]
    assert sum(each.customers for each in world.progress.load(verify_job(2), 2)) == 20


@pytest.mark.parametrize("comparison", ["an earlier one", ""])
def test_a_comparison_of_another_execution_confirms_nothing(
    world: World, handlers: dict[str, Any], comparison: str
) -> None:
    world.generations.save(world.generations.load().start_rebuild())
    for segment in range(2):
        world.progress.save(verify_job(2), SegmentProgress(segment, done=True, comparison=comparison))
    sent = {"action": "confirm", "generation": 2, "segments": 2, "comparison": "this one"}

    with pytest.raises(Exception, match="WrongStep: Nothing was switched, because generation 2 was not compared"):
        handlers["${RebuildControl}"].handle(sent, CONTEXT)

    assert not world.generations.load().verified


def test_differences_end_the_execution_with_a_sentence(world: World, handlers: dict[str, Any]) -> None:
    def call(resource: str, sent: Any) -> Any:
        if resource == "${VerifySegment}":
            world.read_model.stored.pop(("c-1", 2), None)
        return handlers[resource].handle(sent, CONTEXT)

    with pytest.raises(
        StateFailed, match="PermanentFailure: WrongStep: Nothing was switched, because 1 customer"
    ) as failed:
        Execution(call).run(MACHINE, {})

    assert failed.value.name == "PermanentFailure"
    assert world.generations.load().active == 1
