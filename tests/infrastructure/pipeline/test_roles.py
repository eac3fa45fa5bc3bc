"""Each role has the permissions that it needs, and none can escape its boundary."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from pipeline.customers_pipeline.stages import PREFIX
from tests.e2e import tokens
from tests.infrastructure.pipeline.reading import (
    actions,
    in_account,
    length_in_iam,
    listed,
    of_type,
    statements,
    text,
)

Template = dict[str, Any]
Roles = dict[str, dict[str, Any]]
DEPLOYMENTS = [("StagingDeployment", "Staging"), ("ProductionDeployment", "Production")]
MAX_INLINE_POLICIES = 10_240  # characters per role, IAM quotas
MAX_MANAGED_POLICY = 6_144


def test_there_are_seven_roles_for_three_services(stack: Template, access: dict[str, Template], roles: Roles) -> None:
    services = {
        name: each["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] for name, each in roles.items()
    }

    assert len(roles) == sum(len(of_type(each, "AWS::IAM::Role")) for each in (stack, *access.values()))
    assert services == {
        "BuildRole": "codebuild.amazonaws.com",
        "EndToEndRole": "codebuild.amazonaws.com",
        "InspectRole": "codebuild.amazonaws.com",
        "PipelineRole": "codepipeline.amazonaws.com",
        "ProductionDeployment": "cloudformation.amazonaws.com",
        "SealRole": "codebuild.amazonaws.com",
        "StagingDeployment": "cloudformation.amazonaws.com",
    }


def test_no_role_has_an_aws_policy_or_a_wildcard_in_an_action(stack: Template, roles: Roles) -> None:
    assert "FullAccess" not in json.dumps(stack)
    assert not of_type(stack, "AWS::IAM::Policy")
    for name, role in roles.items():
        assert [action for action in actions(role) if "*" in action] == [], name
        assert {each["Effect"] for each in statements(role)} == {"Allow"}, name


def test_every_role_has_the_permissions_boundary(stack: Template, roles: Roles) -> None:
    names = [name for name in of_type(stack, "AWS::IAM::ManagedPolicy") if name.startswith("PipelineBoundary")]

    for name, role in roles.items():
        assert [role["PermissionsBoundary"]] == [{"Ref": each} for each in names], name


def test_policies_are_within_the_quotas_of_iam(roles: Roles) -> None:
    for name, role in roles.items():
        assert length_in_iam(role["Policies"]) < MAX_INLINE_POLICIES, name
        for policy in role.get("Attached", []):
            assert length_in_iam(policy["PolicyDocument"]) < MAX_MANAGED_POLICY, name


def test_only_cloudformation_may_deploy(roles: Roles) -> None:
    for name in ("BuildRole", "EndToEndRole", "InspectRole", "SealRole"):
        allowed = actions(roles[name]) - {"cloudformation:DescribeStacks", "lambda:GetAccountSettings"}
        assert {action.split(":")[0] for action in allowed} <= {"s3", "kms", "logs", "cognito-idp"}, name
    [passing] = [each for each in statements(roles["PipelineRole"]) if each["Action"] == "iam:PassRole"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    assert [in_account(each) for each in passing["Resource"]] == [
        f"arn:aws:iam::123456789012:role/CustomersApiPipeline-{stage}Deployment" for stage in ("Staging", "Production")
    ]
    for stage in ("Staging", "Production"):
        assert roles[f"{stage}Deployment"]["RoleName"] == f"CustomersApiPipeline-{stage}Deployment"


def test_the_pipeline_may_change_only_its_two_stacks(roles: Roles) -> None:
    stacks = [each for each in statements(roles["PipelineRole"]) if "cloudformation:UpdateStack" in each["Action"]]

    assert [[in_account(arn).split(":")[-1] for arn in each["Resource"]] for each in stacks] == [
        ["stack/CustomersApiStaging/*", "stack/CustomersApiProduction/*"]
    ]
    assert "cloudformation:DeleteStack" not in actions(roles["PipelineRole"])


def test_the_end_to_end_tests_may_use_only_the_user_pool_of_staging(roles: Roles) -> None:
    """In production's pool they could create users who read its customers."""
    [pool] = [each for each in statements(roles["EndToEndRole"]) if "cognito-idp" in json.dumps(each["Action"])]

    assert pool["Condition"] == {
        "StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": "CustomersApiStaging"}
    }


def test_the_end_to_end_tests_may_perform_exactly_the_calls_that_they_make(roles: Roles) -> None:
    granted = {action.split(":")[1] for action in actions(roles["EndToEndRole"]) if action.startswith("cognito-idp:")}
    source = Path(tokens.__file__).read_text()
    called = {
        "AdminAddUserToGroup": "admin_add_user_to_group(",
        "AdminConfirmSignUp": "admin_confirm_sign_up(",
        "AdminCreateUser": "admin_create_user(",
        "AdminDeleteUser": "admin_delete_user(",
        "AdminSetUserPassword": "admin_set_user_password(",
        "CreateUserPoolClient": "create_user_pool_client(",
        "DeleteUserPoolClient": "delete_user_pool_client(",
        "DescribeUserPoolClient": "describe_user_pool_client(",
    }

    assert granted == set(called)
    assert [call for call in called.values() if call not in source] == []


@pytest.mark.parametrize(("name", "stage"), DEPLOYMENTS)
def test_a_deployment_cannot_create_a_role_without_its_stage_s_boundary(roles: Roles, name: str, stage: str) -> None:
    grants_permissions = {
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:PutRolePolicy",
        "iam:PutRolePermissionsBoundary",
    }
    found = [each for each in statements(roles[name]) if grants_permissions & set(listed(each["Action"]))]

    assert {action for each in found for action in listed(each["Action"])} >= grants_permissions
    for each in found:
        own, gateway = each["Condition"]["StringEquals"]["iam:PermissionsBoundary"]
        assert text(own).startswith(f"<{stage}Boundary")
        assert text(gateway).startswith(f"<{stage}GatewayLogsBoundary")
        assert in_account(each["Resource"]) == f"arn:aws:iam::123456789012:role/CustomersApi{stage}-*"
    assert "iam:DeleteRolePermissionsBoundary" not in actions(roles[name])


@pytest.mark.parametrize(("name", "stage"), DEPLOYMENTS)
def test_a_deployment_passes_roles_only_to_the_services_that_run_them(roles: Roles, name: str, stage: str) -> None:
    [passing] = [each for each in statements(roles[name]) if "iam:PassRole" in listed(each["Action"])]

    assert in_account(passing["Resource"]).endswith(f":role/CustomersApi{stage}-*")
    assert set(passing["Condition"]["StringEquals"]["iam:PassedToService"]) <= {
        f"{service}.amazonaws.com" for service in ("apigateway", "codedeploy", "events", "lambda", "states")
    }


@pytest.mark.parametrize(("name", "other"), [("StagingDeployment", "roduction"), ("ProductionDeployment", "taging")])
def test_a_deployment_has_no_access_to_the_other_stage(roles: Roles, name: str, other: str) -> None:
    reached = [text(resource) for each in statements(roles[name]) for resource in listed(each["Resource"])]

    assert [resource for resource in reached if other in resource] == []


def test_a_deployment_cannot_change_the_pipeline_s_own_roles_and_boundaries(roles: Roles) -> None:
    for name, _ in DEPLOYMENTS:
        reached = [in_account(r) for each in statements(roles[name]) for r in listed(each["Resource"])]
        named = [each for each in reached if each.startswith("arn:aws:iam:")]
        assert named
        assert not [each for each in named if fnmatchcase(f"arn:aws:iam::123456789012:role/{PREFIX}-Pipeline", each)]
        assert not [each for each in named if fnmatchcase(f"arn:aws:iam::123456789012:role/{PREFIX}-{name}", each)]


def test_no_role_can_escape_its_boundary(stack: Template) -> None:
    [boundary] = [
        each for name, each in of_type(stack, "AWS::IAM::ManagedPolicy").items() if name.startswith("PipelineBoundary")
    ]
    [denied] = [each for each in boundary["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]

    assert denied["Resource"] == "*"
    assert {"iam:CreateUser", "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary", "sts:AssumeRole"} <= set(
        denied["Action"]
    )


def test_the_pipeline_may_use_a_connection_under_both_names_of_the_service(connected: Template) -> None:
    [role] = [each for name, each in of_type(connected, "AWS::IAM::Role").items() if name.startswith("PipelineRole")]
    [using] = [each for each in statements(role) if "UseConnection" in json.dumps(each["Action"])]

    assert using["Action"] == ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
    assert ":connection/" in using["Resource"]
