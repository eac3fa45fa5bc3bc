"""`preflight` on moto: a line for each check, and an exit status that says whether a deployment can start."""

import argparse
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from operations.account import AwsAccount
from operations.actions.preflight import preflight as action
from operations.command_line import parse
from operations.jobs.preflight.findings import NOTE, OK, STOP, UNKNOWN, Checked, PlannedDeployment
from operations.jobs.preflight.run import preflight
from operations.jobs.preflight.tool_checks import SAM, check_tools
from operations.output import Output
from tests.infrastructure.operations.moto_clients import REGION, moto_client

PINNED = {str(SAM): "SAM CLI, version 1.170.0", "aws": "aws-cli/2.31.0", "npm": "11.0.0"}


class Lambda:
    """What moto lacks of Lambda: the account's settings."""

    def __init__(self, real: Any, total: int) -> None:
        self.real, self.total = real, total

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": self.total, "UnreservedConcurrentExecutions": self.total}}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Connections:
    """What moto lacks entirely."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = statuses

    def list_connections(self, **_: str) -> dict[str, Any]:
        return {"Connections": [{"ConnectionName": "github", "ConnectionStatus": each} for each in self.statuses]}


class Young:
    """An account that the tests fill."""

    def __init__(self) -> None:
        self.total, self.missing = 1000, set[str]()
        self.replaced: dict[str, Any] = {"codeconnections": Connections()}

    def client(self, service: str) -> Any:
        if service in self.replaced:
            return self.replaced[service]
        real = moto_client(service)
        return Lambda(real, self.total) if service == "lambda" else real

    @property
    def account(self) -> AwsAccount:
        return AwsAccount(REGION, self.client, lambda service: service not in self.missing)


@pytest.fixture
def young(monkeypatch: pytest.MonkeyPatch) -> Iterator[Young]:
    # moto intercepts calls to AWS's own addresses only.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Young()


def look(command: Sequence[str]) -> str:
    return PINNED.get(command[0], "")


def found(young: Young, plan: PlannedDeployment, run: Callable[[Sequence[str]], str] = look) -> dict[str, Checked]:
    return {each.check: each for each in preflight(young.account, plan, run)}


STAGING = PlannedDeployment("staging", "CustomersApiStaging")
PIPELINE = PlannedDeployment("staging", "CustomersApiStaging", pipeline=True)


def set_gateway_role(young: Young) -> None:
    role = "arn:aws:iam::123456789012:role/gateway-logs"
    young.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )


def test_an_empty_account_lacks_only_the_gateway_s_role(young: Young) -> None:
    results = found(young, STAGING)

    assert {check: each.result for check, each in results.items() if each.result != OK} == {"access logs": STOP}
    assert "SetsGatewayAccount=true" in results["access logs"].detail
    assert set(results) == {
        "python", "sam", "aws", "credentials", "services", "stack", "names", "sign-in domain", "concurrency", "quotas",
        "access logs",
    }  # fmt: skip


def test_a_stack_that_sets_the_gateway_s_role_needs_none(young: Young) -> None:
    plan = PlannedDeployment("staging", "CustomersApiStaging", sets_gateway_account=True)

    assert found(young, plan)["access logs"].result == OK
    set_gateway_role(young)
    replaced = found(young, plan)["access logs"]
    assert (replaced.result, "role/gateway-logs, for every API" in replaced.detail) == (NOTE, True)
    assert found(young, STAGING)["access logs"].result == OK


def leave_table(young: Young) -> None:
    young.client("dynamodb").create_table(
        TableName="staging-customer-events",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "customer_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "customer_id", "KeyType": "HASH"}],
    )


def leave_secret(young: Young) -> None:
    client = young.client("secretsmanager")
    client.create_secret(Name="staging-customers-signing-key", SecretString="x")
    client.delete_secret(SecretId="staging-customers-signing-key")


LEFT: dict[str, Callable[[Young], object]] = {
    "staging-customer-events": leave_table,
    "staging-customers-signing-key": leave_secret,
    "staging-customers-welcome": lambda young: young.client("sqs").create_queue(QueueName="staging-customers-welcome"),
    "staging-customers": lambda young: young.client("events").create_event_bus(Name="staging-customers"),
    "alias/staging-customers": lambda young: young.client("kms").create_alias(
        AliasName="alias/staging-customers", TargetKeyId=young.client("kms").create_key()["KeyMetadata"]["KeyId"]
    ),
    "/aws/lambda/staging-customers-CreateCustomer": lambda young: young.client("logs").create_log_group(
        logGroupName="/aws/lambda/staging-customers-CreateCustomer"
    ),
    "staging-customers-api": lambda young: young.client("wafv2").create_web_acl(
        Name="staging-customers-api",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig={"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"},
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_a_leftover_of_an_earlier_stack_is_named(young: Young, name: str) -> None:
    LEFT[name](young)

    taken = found(young, STAGING)["names"]

    assert (taken.result, taken.detail.split(" exists")[0]) == (STOP, name)
    assert "clean-up --stage staging" in taken.detail


def test_another_stage_s_names_are_no_obstacle(young: Young) -> None:
    leave_table(young)

    assert found(young, PlannedDeployment("production", "CustomersApiProduction"))["names"].result == OK


def test_the_pipeline_s_own_alias_is_no_obstacle_to_its_deployment(young: Young) -> None:
    LEFT["alias/staging-customers"](young)

    assert found(young, PIPELINE)["names"].result == OK


def make_stack(young: Young, name: str) -> None:
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    young.client("cloudformation").create_stack(StackName=name, TemplateBody=body)


def test_the_names_of_a_stack_that_stands_are_its_own(young: Young) -> None:
    make_stack(young, "CustomersApiStaging")
    leave_table(young)

    results = found(young, STAGING)

    assert "will be updated" in results["stack"].detail
    assert results["names"].result == OK


class FailedStack:
    """CloudFormation with a stack whose creation failed, which moto does not play."""

    def __init__(self, status: str) -> None:
        self.status = status

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        if StackName == "CustomersApiStaging":
            return {"Stacks": [{"StackStatus": self.status}]}
        raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"])
def test_a_stack_that_failed_must_go_first(young: Young, status: str) -> None:
    young.replaced["cloudformation"] = FailedStack(status)
    leave_table(young)

    results = found(young, STAGING)

    assert (results["stack"].result, status in results["stack"].detail) == (STOP, True)
    assert "clean-up" in results["stack"].detail
    assert results["names"].result == STOP


def test_a_deployment_that_runs_must_end_first(young: Young) -> None:
    young.replaced["cloudformation"] = FailedStack("UPDATE_IN_PROGRESS")

    assert found(young, STAGING)["stack"].result == STOP


def test_a_young_account_can_deploy_without_reservations_only(young: Young) -> None:
    young.total = 10

    assert found(young, STAGING)["concurrency"].result == NOTE
    reserved = found(young, PlannedDeployment("production", "CustomersApiProduction", reserved=50))["concurrency"]
    assert reserved.result == STOP
    assert "ask for 150" in reserved.detail
    young.total = 150
    assert (
        found(young, PlannedDeployment("production", "CustomersApiProduction", reserved=50))["concurrency"].result == OK
    )


def test_a_region_without_a_service_is_named(young: Young) -> None:
    young.missing = {"wafv2"}

    assert found(young, STAGING)["services"] == Checked(
        "services", STOP, "eu-west-1 lacks wafv2: choose another region"
    )


def test_a_taken_sign_in_domain_is_named(young: Young) -> None:
    client = young.client("cognito-idp")
    pool = client.create_user_pool(PoolName="staging-customers-api-user-pool")["UserPool"]["Id"]
    client.create_user_pool_domain(Domain="customer-api-staging-123456789012", UserPoolId=pool)

    taken = found(young, STAGING)["sign-in domain"]

    assert (taken.result, pool in taken.detail) == (STOP, True)


def test_the_pipeline_needs_an_owner_and_free_buckets_and_can_create_its_connection(young: Young) -> None:
    results = found(young, PIPELINE)

    assert results["repository"].result == STOP
    assert results["GitHub"].result == NOTE
    assert results["buckets"].result == OK
    assert results["stage's roles"].result == NOTE
    assert (results["cdk bootstrap"].result, results["cdk bootstrap"].detail) == (
        OK,
        "not needed; CDKToolkit is absent",
    )
    young.client("ssm").put_parameter(Name="github_username", Value="YOUR-NAME", Type="String")
    assert found(young, PIPELINE)["repository"].result == STOP
    young.client("ssm").put_parameter(Name="github_username", Value="ada", Type="String", Overwrite=True)
    assert found(young, PIPELINE)["repository"].result == OK
    young.client("s3").create_bucket(
        Bucket="customers-api-artifacts-123456789012", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    assert found(young, PIPELINE)["buckets"].result == STOP
    make_stack(young, "CustomersApiPipeline")
    assert found(young, PIPELINE)["buckets"].result == OK
    make_stack(young, "CustomersApiPipelineStaging")
    assert found(young, PIPELINE)["stage's roles"].result == OK
    make_stack(young, "CDKToolkit")
    assert "CREATE_COMPLETE" in found(young, PIPELINE)["cdk bootstrap"].detail


@pytest.mark.parametrize(("statuses", "result"), [(("AVAILABLE",), OK), (("PENDING",), STOP), ((), NOTE)])
def test_a_pending_connection_must_be_completed(young: Young, statuses: tuple[str, ...], result: str) -> None:
    young.replaced["codeconnections"] = Connections(*statuses)

    assert found(young, PIPELINE)["GitHub"].result == result


@pytest.mark.parametrize(
    ("secret", "result"),
    [(None, STOP), ("a-token", STOP), ('{"token": "x"}', STOP), ('["x"]', STOP), ('{"github_token": "x"}', OK)],
)
def test_the_token_must_be_in_the_field_of_its_name(young: Young, secret: str | None, result: str) -> None:
    if secret is not None:
        young.client("secretsmanager").create_secret(Name="github_token", SecretString=secret)
    plan = PlannedDeployment("staging", "CustomersApiStaging", pipeline=True, source="token")

    github = found(young, plan)["GitHub"]

    assert github.result == result
    assert "a-token" not in github.detail


def test_a_call_that_is_refused_is_no_pass(young: Young) -> None:
    class Refusing:
        def __init__(self, real: Any) -> None:
            self.get_paginator = real.get_paginator

        def get_account(self) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetAccount")

    young.replaced["apigateway"] = Refusing(young.client("apigateway"))

    refused = found(young, STAGING)["access logs"]

    assert (refused.result, "GetAccount" in refused.detail) == (UNKNOWN, True)
    assert not refused.is_good


def test_the_tools_are_found_with_their_versions() -> None:
    results = {each.check: each for each in check_tools(PIPELINE, look)}
    missing = {each.check: each.result for each in check_tools(PIPELINE, lambda _: "")}

    assert {check: each.result for check, each in results.items()} == dict.fromkeys(("python", "sam", "aws", "npm"), OK)
    assert missing == {"python": OK, "sam": STOP, "aws": NOTE, "npm": STOP}


def options(words: str) -> argparse.Namespace:
    return parse(words.split())


def test_the_exit_status_says_whether_a_deployment_can_start(young: Young, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.jobs.preflight.run.tool_checks.check_tools", lambda *_: iter(()))
    shown = io.StringIO()

    assert action(young.account, options("preflight"), Output(to=shown)) == 1
    assert "1 check(s) would stop" in shown.getvalue()
    set_gateway_role(young)
    assert action(young.account, options("preflight"), Output(to=shown)) == 0
    assert "Nothing would stop it." in shown.getvalue()


def test_it_only_reads(young: Young) -> None:
    """Every call of a preflight describes, gets or lists something."""
    called = list[str]()
    noted: Callable[..., None] = lambda model, **_: called.append(model.name)  # noqa: E731 - registered and removed

    def watch(service: str) -> Any:
        client = young.client(service)
        if hasattr(client, "meta"):
            client.meta.events.register("before-call", noted, unique_id="watch")
            watched.append(client)
        return client

    watched = list[Any]()
    list(preflight(AwsAccount(REGION, watch, lambda _: True), PIPELINE, look))
    for client in watched:
        client.meta.events.unregister("before-call", unique_id="watch")

    assert len(called) > 20
    assert [name for name in called if not name.startswith(("Describe", "Get", "List"))] == []
