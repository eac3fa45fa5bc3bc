"""A boundary permits what the functions need, and nothing of another stage."""

from typing import Any

import pytest

from local.environments import ROOT
from pipeline.walk import templates
from tests.infrastructure.pipeline.reading import in_account, listed, of_type

Access = dict[str, dict[str, Any]]
# Actions of the policies that SAM attaches: AWSLambdaBasicExecutionRole and AWSXrayWriteOnlyAccess.
ATTACHED_BY_SAM = {
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def boundary(access: Access, stage: str, purpose: str = "Boundary") -> list[dict[str, Any]]:
    [found] = [
        each
        for name, each in of_type(access[stage], "AWS::IAM::ManagedPolicy").items()
        if name.startswith(f"{stage}{purpose}")
    ]
    statements: list[dict[str, Any]] = found["PolicyDocument"]["Statement"]
    return statements


def needed() -> set[str]:
    """Return every action that a policy in template.yml allows on AWS."""
    resources = templates.parse((ROOT / "template.yml").read_text())["Resources"]
    documents = [
        document
        for each in resources.values()
        if each.get("Condition") != "OnLocalAws"
        for document in [*each["Properties"].get("Policies", []), each["Properties"].get("PolicyDocument", {})]
        if isinstance(document, dict) and each["Type"].startswith(("AWS::Serverless", "AWS::IAM"))
    ]
    return {
        action for document in documents for each in document.get("Statement", []) for action in listed(each["Action"])
    }


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_boundary_permits_what_the_functions_need(access: Access, stage: str) -> None:
    allowed = {action for each in boundary(access, stage) for action in listed(each["Action"])}

    assert len(needed()) > 10
    assert (needed() | ATTACHED_BY_SAM) - allowed == set()


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_boundary_permits_only_data_of_its_own_stage(access: Access, stage: str) -> None:
    for each in boundary(access, stage):
        services = {action.split(":")[0] for action in listed(each["Action"])}
        if services & {"dynamodb", "events", "secretsmanager", "sns", "sqs", "states"}:
            for resource in listed(each["Resource"]):
                assert f"{stage.lower()}-customer*" in in_account(resource), services


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_boundary_permits_no_change_of_permissions(access: Access, stage: str) -> None:
    services = {action.split(":")[0] for each in boundary(access, stage) for action in listed(each["Action"])}

    assert not services & {"iam", "sts", "organizations", "cloudformation", "*"}
    assert not [a for each in boundary(access, stage) for a in listed(each["Action"]) if "*" in a]


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_boundary_permits_the_stage_s_own_key_and_no_other(access: Access, stage: str) -> None:
    keys = [each for each in boundary(access, stage) if "kms:Decrypt" in listed(each["Action"])]

    assert [(each["Resource"], each.get("Condition")) for each in keys] == [({"Fn::GetAtt": ["DataKey", "Arn"]}, None)]


def test_functions_log_only_to_groups_of_their_own_stage(access: Access) -> None:
    [logs] = [each for each in boundary(access, "Staging") if "logs:PutLogEvents" in listed(each["Action"])]

    assert in_account(logs["Resource"]).endswith("log-group:/aws/lambda/staging-customer*")


def test_the_role_of_the_gateway_s_logs_has_a_boundary_that_lets_it_write_those_of_every_api(access: Access) -> None:
    [logs] = boundary(access, "Production", "GatewayLogsBoundary")

    assert {action.split(":")[0] for action in logs["Action"]} == {"logs"}
    # The policy AmazonAPIGatewayPushToCloudWatchLogs has these.
    assert set(logs["Action"]) == {
        f"logs:{action}"
        for action in (
            "CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams", "PutLogEvents",
            "GetLogEvents", "FilterLogEvents",
        )
    }  # fmt: skip
    assert logs["Resource"] == "*"
