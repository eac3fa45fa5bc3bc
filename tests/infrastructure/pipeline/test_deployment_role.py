"""The roles that deploy may do what CloudFormation's own schemas say that the template's resources take."""

import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from pipeline.customers_pipeline.application import Application
from pipeline.customers_pipeline.deployment_actions import ACTIONS
from tests.infrastructure.conftest import transformed
from tests.infrastructure.pipeline.reading import actions, in_account, listed, statements

Roles = dict[str, dict[str, Any]]
REGION = "eu-west-1"
# What handlers declare for features that template.yml does not use.
UNUSED = {
    "networks and file systems of functions": {
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "elasticfilesystem:DescribeMountTargets",
        "s3files:ListMountTargets",
    },
    "signed code, provisioned concurrency, capacity and runtimes chosen by hand": {
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
    "domains of one's own, service-linked roles and policies of people": {
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
    "targets of web ACLs other than an API": {
        "amplify", "apprunner", "appsync", "bedrock-agentcore", "elasticloadbalancing", "payments",
    },
    "delivery, protection and indexes of logs": {
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
    "deployments to machines, and protected messages": {
        "codedeploy:RegisterOnPremisesInstance",
        "iam:GetRole",
        "sns:PutDataProtectionPolicy",
    },
    "keys of one's own, as long as there is none": {"kms"},
}  # fmt: skip
# The same of one kind alone, where others need it.
OWN_KEYS = {
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}
UNUSED_OF = {
    "AWS::ApiGateway::RestApi": {"iam:PassRole"},  # bodies that are imported with credentials
    "AWS::Cognito::UserPool": {"iam:PassRole"} | OWN_KEYS,  # text messages
    "AWS::Cognito::UserPoolDomain": OWN_KEYS,
    "AWS::Events::EventBus": OWN_KEYS | {"kms:ReEncrypt"},
    "AWS::Cognito::UserPoolClient": {"iam:DeleteRolePolicy", "iam:PassRole", "iam:PutRolePolicy"},  # analytics
    "AWS::SNS::Subscription": {"iam:PassRole"},  # deliveries to Firehose
    "AWS::SNS::Topic": {"iam:PassRole"},  # records of deliveries
    "AWS::WAFv2::LoggingConfiguration": {  # other targets than a log group
        "firehose:ListDeliveryStreams",
        "iam:DescribeOrganization",
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
    },
    "AWS::WAFv2::WebACLAssociation": {  # other targets than an API
        "cognito-idp:AssociateWebACL",
        "cognito-idp:DisassociateWebACL",
        "cognito-idp:GetWebACLForResource",
        "ec2:AssociateVerifiedAccessInstanceWebAcl",
        "ec2:DescribeVerifiedAccessInstanceWebAclAssociations",
        "ec2:DisassociateVerifiedAccessInstanceWebAcl",
        "ec2:GetVerifiedAccessInstanceWebAcl",
    },
}
# Deployments in steps are begun by the alias, but belong to the deployment group.
ELSEWHERE = {"AWS::Lambda::Alias": "codedeploy:"}
NAMES = (
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
    """What the handlers of a kind say they call to create, read, change and delete it."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get("handlers", {})
    calls = {
        action
        for event in ("create", "read", "update", "delete")
        for action in handlers.get(event, {}).get("permissions", ())
    }
    elsewhere = ELSEWHERE.get(kind, "none:")
    return {action for action in calls - UNUSED_OF.get(kind, set()) if not action.startswith(elsewhere)}


def is_unused(action: str, *, keys: bool) -> bool:
    names = {name for feature in UNUSED.values() for name in feature} - ({"kms"} if keys else set())
    return action in names or action.split(":", maxsplit=1)[0] in names


@pytest.fixture(scope="session")
def staging() -> dict[str, Any]:
    """The template for staging, as SAM makes CloudFormation's of it."""
    return transformed("staging", "true")


def test_the_pipeline_knows_the_kinds_that_sam_makes_of_the_template(
    staging: dict[str, Any], application: Application
) -> None:
    assert application.resource_types == {each["Type"] for each in staging["Resources"].values()}


@pytest.mark.parametrize("name", ["StagingDeployment", "ProductionDeployment"])
def test_a_deployment_may_do_what_the_kinds_declare(roles: Roles, application: Application, name: str) -> None:
    granted = actions(roles[name])
    keys = "AWS::KMS::Key" in application.resource_types

    missing = {
        kind: lacking
        for kind in application.resource_types
        if (lacking := {a for a in declared(kind) - granted if not is_unused(a, keys=keys)})
    }
    assert missing == {}


@pytest.mark.parametrize("kind", sorted(ACTIONS))
def test_each_kind_that_the_pipeline_knows_has_what_its_handlers_declare(kind: str) -> None:
    """Also those that template.yml does not have yet."""
    allowed = {action for reach in ACTIONS[kind].values() for action in reach}
    # Reading packages and the roles' common statements.
    allowed |= {"s3:GetObject", "s3:GetObjectVersion"}

    assert {action for action in declared(kind) - allowed if not is_unused(action, keys=False)} == set()


def test_a_deployment_may_do_nothing_for_kinds_that_the_template_lacks(roles: Roles, application: Application) -> None:
    services = {
        action.split(":")[0] for kind in application.resource_types for reach in ACTIONS[kind].values() for action in reach
    }

    for name in ("StagingDeployment", "ProductionDeployment"):
        assert {action.split(":")[0] for action in actions(roles[name])} == services | {"cloudformation", "kms", "s3"}


def test_every_role_of_the_application_is_bounded(staging: dict[str, Any]) -> None:
    """Else a deployment may not create it."""
    unbounded = [
        name
        for name, each in staging["Resources"].items()
        if each["Type"] == "AWS::IAM::Role" and "PermissionsBoundary" not in each["Properties"]
    ]
    assert unbounded == []


def given(name: str, stage: str, functions: str) -> str:
    """A name as CloudFormation makes it: functions have none of their own, so they are called after their stack."""
    called_after = rf"CustomersApi{stage.capitalize()}-\1-AbCdEf"
    return re.sub(rf"\$\{{({functions})\}}", called_after, name.replace("${Stage}", stage))


@pytest.mark.parametrize(("name", "stage"), [("StagingDeployment", "staging"), ("ProductionDeployment", "production")])
def test_names_that_the_template_gives_are_within_reach(roles: Roles, name: str, stage: str) -> None:
    reached = [in_account(resource) for each in statements(roles[name]) for resource in listed(each["Resource"])]
    endings = [resource.split(":", 5)[5].removeprefix("/") for resource in reached if resource.startswith("arn:")]
    resources = transformed(stage, "true")["Resources"]
    functions = "|".join(name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Function")
    named = {
        (each["Type"], given(each["Properties"][prop]["Fn::Sub"], stage, functions))
        for each in resources.values()
        for prop in NAMES
        if isinstance(each["Properties"].get(prop), dict)
        if "Fn::Sub" in each["Properties"][prop]
        if not each["Type"].startswith(("AWS::Cognito", "AWS::ApiGateway"))
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
