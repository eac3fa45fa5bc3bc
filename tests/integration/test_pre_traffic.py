"""The deployed hook checks versions of the deployed CreateCustomer and reports to a CodeDeploy of the tests' own.

The local AWS has no CodeDeploy, so the test plays both sides of it; everything in between is real.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest

from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from tests.event_log import every_event
from tests.integration.aws import Aws

HOOK = "CreateCustomerPreTraffic"


@dataclass
class CodeDeploy:
    """The hook's reports, one for each call."""

    server: ThreadingHTTPServer
    refusals: int = 0
    reports: list[dict[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def code_deploy() -> Iterator[CodeDeploy]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["X-Amz-Target"] == "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
            refused = service.refusals > 0
            service.refusals -= refused
            if not refused:
                service.reports.append(body)
            answer = json.dumps({"lifecycleEventHookExecutionId": body["lifecycleEventHookExecutionId"]}).encode()
            self.send_response(500 if refused else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = CodeDeploy(server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


def _settings(aws: Aws, function: str) -> dict[str, str]:
    return aws.functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]


def _set(aws: Aws, function: str, settings: Mapping[str, str]) -> None:
    aws.functions.update_function_configuration(FunctionName=function, Environment={"Variables": dict(settings)})


@pytest.fixture
def deploy(
    aws: Aws, function_names: Mapping[str, str], code_deploy: CodeDeploy
) -> Iterator[Callable[..., tuple[str, list[dict[str, str]]]]]:
    """Invokes the hook as CodeDeploy does. Returns the deployment's id and the reports."""
    hook = function_names[HOOK]
    before = _settings(aws, hook)

    def ask(**settings: str) -> tuple[str, list[dict[str, str]]]:
        _set(aws, hook, before | {"AWS_ENDPOINT_URL_CODEDEPLOY": code_deploy.address} | settings)
        deployment = f"d-{uuid4().hex[:9].upper()}"
        asked = {"DeploymentId": deployment, "LifecycleEventHookExecutionId": "execution"}
        answer = aws.functions.invoke(FunctionName=hook, Payload=json.dumps(asked).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()
        return deployment, code_deploy.reports

    try:
        yield ask
    finally:
        _set(aws, hook, before)


@pytest.fixture
def broken_version(aws: Aws, function_names: Mapping[str, str]) -> Iterator[str]:
    """A version of CreateCustomer whose table does not exist."""
    function = function_names["CreateCustomer"]
    before = _settings(aws, function)
    role = aws.functions.get_function_configuration(FunctionName=function_names[HOOK])["Role"].rpartition("/")[2]
    _set(aws, function, before | {"CLAIMS_TABLE": "not-there"})
    version = aws.functions.publish_version(FunctionName=function)
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": version["FunctionArn"]}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    aws.iam.put_role_policy(RoleName=role, PolicyName="broken", PolicyDocument=json.dumps(document))
    try:
        yield version["FunctionArn"]
    finally:
        aws.iam.delete_role_policy(RoleName=role, PolicyName="broken")
        _set(aws, function, before)
        aws.functions.delete_function(FunctionName=function, Qualifier=version["Version"])


def _report(deployment: str, status: str) -> dict[str, str]:
    return {"deploymentId": deployment, "lifecycleEventHookExecutionId": "execution", "status": status}


def _synthetic(store: DynamoDbEventStore, deployment: str) -> list[Event]:
    events = [event for event in every_event(store) if event.metadata.correlation_id == f"pre-traffic-{deployment}"]
    return sorted(events, key=lambda event: event.version)


def test_a_good_version_passes_and_its_customer_is_erased(
    deploy: Callable[..., Any], store: DynamoDbEventStore
) -> None:
    deployment, reports = deploy()

    assert reports == [_report(deployment, "Succeeded")]
    events = _synthetic(store, deployment)
    assert [event.type for event in events] == ["CustomerCreated", "CustomerErased"]
    assert "pre-traffic.example.com" not in "".join(event.data for event in events)


def test_a_broken_version_fails_the_deployment(
    deploy: Callable[..., Any], store: DynamoDbEventStore, broken_version: str
) -> None:
    deployment, reports = deploy(NEW_VERSION=broken_version)

    assert reports == [_report(deployment, "Failed")]
    assert _synthetic(store, deployment) == []


def test_a_version_that_may_not_be_invoked_fails_the_deployment(
    deploy: Callable[..., Any], function_names: Mapping[str, str]
) -> None:
    """The hook's role allows one version of one function."""
    deployment, reports = deploy(NEW_VERSION=f"{function_names['CreateCustomer']}:$LATEST")

    assert reports == [_report(deployment, "Failed")]


def test_a_refused_report_is_sent_again(deploy: Callable[..., Any], code_deploy: CodeDeploy) -> None:
    code_deploy.refusals = 4

    deployment, reports = deploy()

    assert reports == [_report(deployment, "Succeeded")]


# Keep this last: the stream stays unread to the end of the module.
@pytest.mark.usefixtures("stream_unread")
def test_a_stopped_projection_fails_the_deployment_and_the_customer_is_erased(
    deploy: Callable[..., Any], aws: Aws, function_names: Mapping[str, str], store: DynamoDbEventStore
) -> None:
    hook = function_names[HOOK]
    seconds = aws.functions.get_function_configuration(FunctionName=hook)["Timeout"]
    # Time for a look or two, instead of two minutes of them.
    aws.functions.update_function_configuration(FunctionName=hook, Timeout=124)
    try:
        deployment, reports = deploy()
    finally:
        aws.functions.update_function_configuration(FunctionName=hook, Timeout=seconds)

    assert reports == [_report(deployment, "Failed")]
    assert [event.type for event in _synthetic(store, deployment)] == ["CustomerCreated", "CustomerErased"]
