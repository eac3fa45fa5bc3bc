"""A boundary lets the application's functions do what their policies say."""

from typing import Any

import pytest

from local.environments import ROOT
from pipeline.walk import templates
from tests.infrastructure.pipeline.reading import in_account, listed, of_type

Template = dict[str, Any]
# Of the policies that SAM attaches: AWSLambdaBasicExecutionRole and AWSXrayWriteOnlyAccess.
ATTACHED = {
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def boundary(stack: Template, stage: str) -> list[dict[str, Any]]:
    [found] = [
        each for name, each in of_type(stack, "AWS::IAM::ManagedPolicy").items() if name.startswith(f"{stage}Boundary")
    ]
    statements: list[dict[str, Any]] = found["PolicyDocument"]["Statement"]
    return statements


def wanted() -> set[str]:
    """Every action that a policy in template.yml allows on AWS."""
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
def test_a_boundary_lets_pass_what_the_functions_need(stack: Template, stage: str) -> None:
    allowed = {action for each in boundary(stack, stage) for action in listed(each["Action"])}

    assert len(wanted()) > 10
    assert (wanted() | ATTACHED) - allowed == set()


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_boundary_lets_nobody_at_another_stage_s_data(stack: Template, stage: str) -> None:
    for each in boundary(stack, stage):
        services = {action.split(":")[0] for action in listed(each["Action"])}
        if services & {"dynamodb", "events", "secretsmanager", "sns", "sqs", "states"}:
            for resource in listed(each["Resource"]):
                assert f"{stage.lower()}-customer*" in in_account(resource), services


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_boundary_lets_nobody_change_rights(stack: Template, stage: str) -> None:
    services = {action.split(":")[0] for each in boundary(stack, stage) for action in listed(each["Action"])}

    assert not services & {"iam", "sts", "organizations", "cloudformation", "*"}
    assert not [a for each in boundary(stack, stage) for a in listed(each["Action"]) if "*" in a]
