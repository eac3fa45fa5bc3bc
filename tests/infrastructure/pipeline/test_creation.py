"""moto creates the whole synthesised stack, given only its two preconditions."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.infrastructure.pipeline.moto_types import TYPES

Template = dict[str, Any]
REGION = "eu-west-1"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS account after the manual steps of docs/how-to/run-the-pipeline.md."""
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    # moto intercepts calls to AWS's own addresses only.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert TYPES
    with mock_aws():
        boto3.client("ssm").put_parameter(Name="github_username", Value="somebody", Type="String")
        boto3.client("secretsmanager").create_secret(Name="github_token", SecretString='{"github_token": "a-token"}')
        yield


def create(name: str, template: Template) -> list[dict[str, Any]]:
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template, separators=(",", ":")),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return [dict(each) for page in pages for each in page["StackResourceSummaries"]]


def create_all(access: dict[str, Template], pipeline: Template) -> dict[str, str]:
    """Create the stages' stacks and the pipeline's, and return the status of each resource."""
    stacks = {f"CustomersApiPipeline{stage}": template for stage, template in access.items()}
    created = [each for name, template in stacks.items() for each in create(name, template)]
    created += create("CustomersApiPipeline", pipeline)
    return {each["LogicalResourceId"]: each["ResourceStatus"] for each in created}


@pytest.mark.parametrize("variant", ["stack", "connected", "tokened"])
def test_every_resource_is_created(
    account: None, access: dict[str, Template], request: pytest.FixtureRequest, variant: str
) -> None:
    pipeline: Template = request.getfixturevalue(variant)

    created = create_all(access, pipeline)

    wanted = {name for template in (pipeline, *access.values()) for name in template["Resources"]}
    assert created == dict.fromkeys(wanted, "CREATE_COMPLETE")


def test_the_created_resources_have_the_specified_names(
    account: None, access: dict[str, Template], stack: Template
) -> None:
    create_all(access, stack)

    buckets = {each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]}
    pipeline = boto3.client("codepipeline").get_pipeline(name="CustomersApi")["pipeline"]
    assert {"ci-cd-pipeline-artifacts-123456789012", "customers-api-artifacts-123456789012"} < buckets
    assert pipeline["artifactStore"]["location"] == "ci-cd-pipeline-artifacts-123456789012"
    assert [stage["name"] for stage in pipeline["stages"]] == ["Source", "Build", "Staging", "Production"]
    for name in ("CustomersApi-Build", "CustomersApi-Seal", "CustomersApi-Inspect", "CustomersApi-EndToEnd"):
        [project] = boto3.client("codebuild").batch_get_projects(names=[name])["projects"]
        assert project["serviceRole"].startswith("arn:aws:iam::123456789012:role/")


def test_a_deployment_gets_the_key_and_the_boundary_that_its_stage_s_stack_created(
    account: None, access: dict[str, Template], stack: Template
) -> None:
    """The pipeline's stack names the boundary, and imports the key."""
    create_all(access, stack)

    pipeline = boto3.client("codepipeline").get_pipeline(name="CustomersApi")["pipeline"]
    policies = {each["Arn"] for each in boto3.client("iam").list_policies(Scope="Local")["Policies"]}
    keys = {each["AliasName"]: each["TargetKeyId"] for each in boto3.client("kms").list_aliases()["Aliases"]
            if "TargetKeyId" in each}  # fmt: skip
    for stage in pipeline["stages"][2:]:
        deploy = next(each for each in stage["actions"] if each["name"] == "Deploy")["configuration"]
        overrides = json.loads(deploy["ParameterOverrides"])
        assert overrides["PermissionsBoundaryArn"] in policies
        assert overrides["DataKeyArn"].endswith(f":key/{keys['alias/' + stage['name'].lower() + '-customers']}")
        # CodePipeline user guide, "AWS CloudFormation deploy action reference": at most a kilobyte.
        assert len(deploy["ParameterOverrides"]) <= 1024
