"""Staging and production in accounts of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.pipeline.conftest import roles_in
from tests.infrastructure.pipeline.reading import listed, of_type, statements, text
from tests.infrastructure.pipeline.synthesise_names import KEYS, PLACES

Accounts = dict[str, dict[str, Any]]


def role(accounts: Accounts, stack: str, name: str) -> dict[str, Any]:
    [found] = [each for logical, each in roles_in(accounts[stack]).items() if logical.startswith(name)]
    return found


def deployments(accounts: Accounts, stage: str) -> list[dict[str, Any]]:
    [pipeline] = of_type(accounts["Pipeline"], "AWS::CodePipeline::Pipeline").values()
    [found] = [each for each in pipeline["Stages"] if each["Name"] == stage]
    return [each for each in found["Actions"] if each["ActionTypeId"]["Category"] == "Deploy"]


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_deployment_acts_in_the_stage_s_account_with_its_boundary_and_key(accounts: Accounts, stage: str) -> None:
    account = PLACES[f"{stage.lower()}_account"]
    for action in deployments(accounts, stage):
        overrides = json.loads(text(action["Configuration"]["ParameterOverrides"]))
        assert text(action["RoleArn"]).endswith(f":{account}:role/CustomersApiPipeline-{stage}Action")
        assert text(action["Configuration"]["RoleArn"]).endswith(
            f":{account}:role/CustomersApiPipeline-{stage}Deployment"
        )
        assert overrides["PermissionsBoundaryArn"].endswith(f":{account}:policy/CustomersApiPipeline-{stage}Boundary")
        assert overrides["DataKeyArn"] == KEYS[f"{stage.lower()}_key_arn"]


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_only_the_pipeline_s_roles_may_act_in_the_stage_s_account(accounts: Accounts, stage: str) -> None:
    [trust] = role(accounts, stage, "Action")["AssumeRolePolicyDocument"]["Statement"]

    assert PLACES["pipeline_account"] in text(trust["Principal"]["AWS"])
    trusted = [text(each).split(":role/")[1] for each in trust["Condition"]["ArnEquals"]["aws:PrincipalArn"]]
    assert trusted == ["CustomersApiPipeline-Pipeline", "CustomersApiPipeline-Inspect"]


def test_the_tests_act_in_staging_s_account_and_nowhere_else(accounts: Accounts) -> None:
    tests = role(accounts, "Staging", "Tests")
    assuming = [
        each for each in statements(role(accounts, "Pipeline", "EndToEndRole")) if each["Action"] == "sts:AssumeRole"
    ]

    assert [text(each["Resource"]) for each in assuming] == [
        f"arn:<AWS::Partition>:iam::{PLACES['staging_account']}:role/CustomersApiPipeline-StagingTests"
    ]
    assert {action for each in statements(tests) for action in listed(each["Action"])} > {"cognito-idp:AdminCreateUser"}
    assert not [name for name in roles_in(accounts["Production"]) if name.startswith("Tests")]


def test_the_pipeline_may_assume_these_roles_and_no_others(accounts: Accounts) -> None:
    [boundary] = [
        each
        for name, each in of_type(accounts["Pipeline"], "AWS::IAM::ManagedPolicy").items()
        if name.startswith("PipelineBoundary")
    ]
    [only] = [each for each in boundary["PolicyDocument"]["Statement"] if each["Action"] == "sts:AssumeRole"]

    assert only["Effect"] == "Deny"
    # The end-to-end tests never run in production, so it has no role for them.
    assert sorted(text(each).split(":role/")[1] for each in only["NotResource"]) == [
        "CustomersApiPipeline-ProductionAction",
        "CustomersApiPipeline-StagingAction",
        "CustomersApiPipeline-StagingTests",
    ]


def test_the_stages_read_packages_and_nothing_else_of_the_pipeline_s_account(accounts: Accounts) -> None:
    policies = [
        each
        for policy in of_type(accounts["Pipeline"], "AWS::S3::BucketPolicy").values()
        for each in policy["PolicyDocument"]["Statement"]
        if "aws:PrincipalArn" in json.dumps(each.get("Condition", {}))
    ]

    assert len(policies) == 4
    for each in policies:
        assert set(each["Action"]) == {"s3:GetObject", "s3:GetObjectVersion"}
        roles = [
            text(arn).split(":role/CustomersApiPipeline-")[1]
            for arn in each["Condition"]["ArnEquals"]["aws:PrincipalArn"]
        ]
        assert roles in (["StagingAction", "StagingDeployment"], ["ProductionAction", "ProductionDeployment"])


def test_the_pipeline_is_refused_until_the_stages_have_printed_their_keys(synthesised: Path) -> None:
    """The stages' stacks, which print them, can be deployed before."""
    folder = synthesised / "with_accounts_before_their_keys"

    def errors(stack: str) -> list[str]:
        entries = json.loads((folder / f"{stack}.metadata.json").read_text()).values()
        return [each["data"] for found in entries for each in found if each["type"] == "aws:cdk:error"]

    assert [error.split(" is missing")[0] for error in errors("CustomersApiPipeline")] == [
        "staging_key_arn",
        "production_key_arn",
    ]
    assert errors("CustomersApiPipelineStaging") == errors("CustomersApiPipelineProduction") == []
