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


def create(template: Template) -> list[dict[str, Any]]:
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName="CustomersApiPipeline",
        TemplateBody=json.dumps(template, separators=(",", ":")),
        Capabilities=["CAPABILITY_IAM"],
    )
    assert client.describe_stacks(StackName="CustomersApiPipeline")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    pages = client.get_paginator("list_stack_resources").paginate(StackName="CustomersApiPipeline")
    return [dict(each) for page in pages for each in page["StackResourceSummaries"]]


@pytest.mark.parametrize("variant", ["stack", "connected"])
def test_every_resource_is_created(account: None, request: pytest.FixtureRequest, variant: str) -> None:
    template: Template = request.getfixturevalue(variant)

    created = create(template)

    assert {each["LogicalResourceId"]: each["ResourceStatus"] for each in created} == dict.fromkeys(
        template["Resources"], "CREATE_COMPLETE"
    )


def test_the_created_resources_have_the_specified_names(account: None, stack: Template) -> None:
    create(stack)

    buckets = {each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]}
    pipeline = boto3.client("codepipeline").get_pipeline(name="CustomersApi")["pipeline"]
    assert {"ci-cd-pipeline-artifacts-123456789012", "customers-api-artifacts-123456789012"} < buckets
    assert pipeline["artifactStore"]["location"] == "ci-cd-pipeline-artifacts-123456789012"
    assert [stage["name"] for stage in pipeline["stages"]] == ["Source", "Build", "Staging", "Production"]
    assert pipeline["stages"][0]["actions"][0]["configuration"]["Owner"] == "somebody"
    for name in ("CustomersApi-Build", "CustomersApi-EndToEnd"):
        [project] = boto3.client("codebuild").batch_get_projects(names=[name])["projects"]
        assert project["serviceRole"].startswith("arn:aws:iam::123456789012:role/")
