"""The deployment roles have the permissions that CloudFormation's schemas declare for the template's resource types."""

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from pipeline.customers_pipeline.application import Application
from pipeline.customers_pipeline.deployment_actions import ACTIONS
from tests.infrastructure.conftest import transformed
from tests.infrastructure.pipeline.conftest import roles_in, template_in
from tests.infrastructure.pipeline.reading import actions, in_account, listed, statements

Roles = dict[str, dict[str, Any]]
REGION = "eu-west-1"
# Actions that the schemas declare for features that template.yml does not use.
UNUSED = {
    "networks and file systems of functions": {
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "elasticfilesystem:DescribeMountTargets",
        "s3files:ListMountTargets",
    },
    "code signing, provisioned concurrency, capacity providers and runtime management": {
        "lambda:AssociateRuntimeAlias",
        "lambda:DeleteFunctionCodeSigningConfig",
        "lambda:DeleteProvisionedConcurrencyConfig",
        "lambda:GetCodeSigningConfig",
        "lambda:PassCapacityProvider",
        "lambda:PutFunctionCodeSigningConfig",
        "lambda:PutFunctionRecursionConfig",
        "lambda:PutFunctionScalingConfig",
        "lambda:PutProvisionedConcurrencyConfig",
        "lambda:PutRuntimeManagementConfig",
    },
    "imports, replicas and Kinesis streams of tables": {
        "dynamodb:AssociateTableReplica",
        "dynamodb:BatchWriteItem",
        "dynamodb:CreateTableReplica",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeImport",
        "dynamodb:DisableKinesisStreamingDestination",
        "dynamodb:EnableKinesisStreamingDestination",
        "dynamodb:GetItem",
        "dynamodb:ImportTable",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
        "dynamodb:UpdateKinesisStreamingDestination",
        "kinesis:DescribeStream",
        "kinesis:PutRecords",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "logs:PutRetentionPolicy",
        "s3:GetObjectMetadata",
        "s3:ListBucket",
    },
    "custom domains, service-linked roles and policies of users and groups": {
        "apigateway:UpdateRestApiPolicy",
        "cloudfront:updateDistribution",
        "iam:CreateServiceLinkedRole",
        "iam:DeleteGroupPolicy",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteUserPolicy",
        "iam:GetGroupPolicy",
        "iam:GetUserPolicy",
        "iam:PutGroupPolicy",
        "iam:PutUserPolicy",
    },
    "replicas of secrets": {
        "secretsmanager:RemoveRegionsFromReplication",
        "secretsmanager:ReplicateSecretToRegions",
    },
    "web ACLs on resources other than an API": {
        "amplify", "apprunner", "appsync", "bedrock-agentcore", "elasticloadbalancing", "payments",
    },
    "log delivery, log protection and log indexes": {
        "firehose:TagDeliveryStream",
        "logs:CreateLogDelivery",
        "logs:DeleteDataProtectionPolicy",
        "logs:DeleteIndexPolicy",
        "logs:DeleteResourcePolicy",
        "logs:PutBearerTokenAuthentication",
        "logs:PutDataProtectionPolicy",
        "logs:PutIndexPolicy",
        "logs:PutLogGroupDeletionProtection",
        "logs:PutResourcePolicy",
        "s3:REST.PUT.OBJECT",
    },
    "deployments to servers, and data protection of topics": {
        "codedeploy:RegisterOnPremisesInstance",
        "iam:GetRole",
        "sns:PutDataProtectionPolicy",
    },
    "KMS keys, if the template has none": {"kms"},
}  # fmt: skip
# Actions that one type does not use although others do.
CUSTOMER_KEYS = {
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RevokeGrant",
}
UNUSED_BY_TYPE = {
    "AWS::ApiGateway::RestApi": {"iam:PassRole"},  # imported API definitions with credentials
    "AWS::Cognito::UserPool": {"iam:PassRole"} | CUSTOMER_KEYS,  # text messages
    "AWS::Cognito::UserPoolDomain": CUSTOMER_KEYS,
    "AWS::Cognito::UserPoolGroup": {"iam:PassRole", "iam:PutRolePolicy"},  # groups with a role in IAM
    "AWS::Events::EventBus": CUSTOMER_KEYS | {"kms:ReEncrypt"},
    "AWS::Cognito::UserPoolClient": {"iam:DeleteRolePolicy", "iam:PassRole", "iam:PutRolePolicy"},  # analytics
    "AWS::SNS::Subscription": {"iam:PassRole"},  # delivery to Firehose
    "AWS::SNS::Topic": {"iam:PassRole"},  # delivery status logging
    "AWS::WAFv2::LoggingConfiguration": {  # destinations other than a log group
        "firehose:ListDeliveryStreams",
        "iam:DescribeOrganization",
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
    },
    "AWS::WAFv2::WebACLAssociation": {  # resources other than an API
        "cognito-idp:AssociateWebACL",
        "cognito-idp:DisassociateWebACL",
        "cognito-idp:GetWebACLForResource",
        "ec2:AssociateVerifiedAccessInstanceWebAcl",
        "ec2:DescribeVerifiedAccessInstanceWebAclAssociations",
        "ec2:DisassociateVerifiedAccessInstanceWebAcl",
        "ec2:GetVerifiedAccessInstanceWebAcl",
    },
}
# The stage's own stack creates the key, and API Gateway's role is set only on request.
NOT_DEPLOYED = {"AWS::ApiGateway::Account", "AWS::KMS::Alias", "AWS::KMS::Key"}
# The alias starts gradual deployments, but the deployment group has the permissions.
GRANTED_ELSEWHERE = {"AWS::Lambda::Alias": "codedeploy:"}
NAME_PROPERTIES = (
    "AlarmName",
    "AliasName",
    "DashboardName",
    "FunctionName",
    "LayerName",
    "LogGroupName",
    "Name",
    "QueueName",
    "SecretName",
    "StateMachineName",
    "TableName",
    "TopicName",
)


def declared(kind: str) -> set[str]:
    """Return the actions that a type's schema declares for create, read, update and delete."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get("handlers", {})
    calls = {
        action
        for event in ("create", "read", "update", "delete")
        for action in handlers.get(event, {}).get("permissions", ())
    }
    elsewhere = GRANTED_ELSEWHERE.get(kind, "none:")
    return {action for action in calls - UNUSED_BY_TYPE.get(kind, set()) if not action.startswith(elsewhere)}


def is_unused(action: str, *, keys: bool) -> bool:
    names = {name for feature in UNUSED.values() for name in feature} - ({"kms"} if keys else set())
    return action in names or action.split(":", maxsplit=1)[0] in names


@pytest.fixture(scope="session")
def staging() -> dict[str, Any]:
    """The transformed template for staging."""
    return transformed("staging", "true")


def test_the_pipeline_knows_the_resource_types_after_sam_s_transformation(
    staging: dict[str, Any], application: Application
) -> None:
    assert application.resource_types == {each["Type"] for each in staging["Resources"].values()}


@pytest.mark.parametrize("name", ["StagingDeployment", "ProductionDeployment"])
def test_a_deployment_has_the_permissions_that_the_schemas_declare(
    roles: Roles, application: Application, name: str
) -> None:
    granted = actions(roles[name])

    missing = {
        kind: lacking
        for kind in application.resource_types - NOT_DEPLOYED
        if (lacking := {a for a in declared(kind) - granted if not is_unused(a, keys=True)})
    }
    assert missing == {}


@pytest.mark.parametrize("kind", sorted(ACTIONS))
def test_every_supported_type_has_the_actions_of_its_schema(kind: str) -> None:
    """Includes types that template.yml does not use yet."""
    allowed = {action for group in ACTIONS[kind].values() for action in group}
    # Common to all deployment roles: reading packages.
    allowed |= {"s3:GetObject", "s3:GetObjectVersion"}

    assert {action for action in declared(kind) - allowed if not is_unused(action, keys=False)} == set()


def test_a_deployment_has_no_permissions_for_types_that_the_template_lacks(
    roles: Roles, application: Application
) -> None:
    services = {
        action.split(":")[0]
        for kind in application.resource_types - NOT_DEPLOYED
        for group in ACTIONS[kind].values()
        for action in group
    }

    for name in ("StagingDeployment", "ProductionDeployment"):
        assert {action.split(":")[0] for action in actions(roles[name])} == services | {"cloudformation", "kms", "s3"}


@pytest.mark.parametrize("name", ["StagingDeployment", "ProductionDeployment"])
def test_a_deployment_uses_its_stage_s_key_and_can_neither_create_nor_change_one(roles: Roles, name: str) -> None:
    keys = [
        each
        for each in statements(roles[name])
        if any(a.startswith("kms:") and a != "kms:ListAliases" for a in listed(each["Action"]))
    ]
    own = [each for each in keys if each["Resource"] == {"Fn::GetAtt": ["DataKey", "Arn"]}]
    others = [each for each in keys if each not in own]

    assert [set(each["Action"]) for each in own] == [CUSTOMER_KEYS]
    # The packages' key, and only for what S3 decrypts with it.
    assert [set(each["Action"]) for each in others] == [{"kms:Decrypt", "kms:DescribeKey"}]
    assert [list(each["Condition"]["StringEquals"]) for each in others] == [["kms:ViaService"]]


def test_api_gateway_s_account_is_out_of_reach_unless_a_stage_asks_for_it(roles: Roles, synthesised: Path) -> None:
    def reached(role: dict[str, Any]) -> list[str]:
        return [in_account(each) for s in statements(role) for each in listed(s["Resource"])]

    asked = roles_in(template_in(synthesised / "with_parameters", "CustomersApiPipelineProduction"))
    [asking] = [role for name, role in asked.items() if name.startswith("ProductionDeployment")]

    assert [arn for arn in reached(roles["ProductionDeployment"]) if arn.endswith("/account")] == []
    assert [arn for arn in reached(asking) if arn.endswith("/account")] == ["arn:aws:apigateway:eu-west-1::/account"]


def test_every_role_of_the_application_has_a_permissions_boundary(staging: dict[str, Any]) -> None:
    """Without it, a deployment may not create the role."""
    unbounded = [
        name
        for name, each in staging["Resources"].items()
        if each["Type"] == "AWS::IAM::Role" and "PermissionsBoundary" not in each["Properties"]
    ]
    assert unbounded == []


def physical_name(name: str, stage: str, functions: str) -> str:
    """Return a name as CloudFormation creates it. Functions have no explicit name, so it derives from the stack's."""
    generated = rf"CustomersApi{stage.capitalize()}-\1-AbCdEf"
    return re.sub(rf"\$\{{({functions})\}}", generated, name.replace("${Stage}", stage))


@pytest.mark.parametrize(("name", "stage"), [("StagingDeployment", "staging"), ("ProductionDeployment", "production")])
def test_the_resource_names_of_the_template_match_the_permissions(roles: Roles, name: str, stage: str) -> None:
    reached = [in_account(resource) for each in statements(roles[name]) for resource in listed(each["Resource"])]
    endings = [resource.split(":", 5)[5].removeprefix("/") for resource in reached if resource.startswith("arn:")]
    resources = transformed(stage, "true")["Resources"]
    functions = "|".join(name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Function")
    named = {
        (each["Type"], physical_name(each["Properties"][prop]["Fn::Sub"], stage, functions))
        for each in resources.values()
        for prop in NAME_PROPERTIES
        if isinstance(each["Properties"].get(prop), dict)
        if "Fn::Sub" in each["Properties"][prop]
        if not each["Type"].startswith(("AWS::Cognito", "AWS::ApiGateway", "AWS::KMS"))
    }

    assert {kind for kind, _ in named} >= {"AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"}
    forms = ("{}", "table/{}", "secret:{}-AbCdEf", "stateMachine:{}", "layer:{}", "function:{}", "event-bus/{}",
             "rule/{}", "alarm:{}", "regional/webacl/{}/id", "alias/{}", "log-group:{}", "dashboard/{}")  # fmt: skip
    unreached = [
        (kind, called)
        for kind, called in named
        if not any(fnmatchcase(form.format(called), ending) for form in forms for ending in endings)
    ]
    assert unreached == []
