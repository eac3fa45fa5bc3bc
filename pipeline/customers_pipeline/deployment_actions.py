"""Actions that deploying each resource type needs: type -> resource group of `deployment` -> actions."""

from collections.abc import Mapping, Sequence

_PASS = {"PassRoles": ("iam:PassRole",)}
_APIS = {"Apis": tuple(f"apigateway:{verb}" for verb in ("DELETE", "GET", "PATCH", "POST", "PUT"))}
_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")


def _of(service: str, *actions: str) -> tuple[str, ...]:
    return tuple(f"{service}:{action}" for action in actions)


ACTIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "AWS::ApiGateway::Account": {**_APIS, **_PASS, "Roles": ("iam:GetRole",)},
    "AWS::ApiGateway::Deployment": _APIS,
    "AWS::ApiGateway::RestApi": _APIS,
    "AWS::ApiGateway::Stage": _APIS,
    "AWS::CloudWatch::Alarm": {
        "Alarms": _of("cloudwatch", "DeleteAlarms", "PutMetricAlarm", *_TAGS),
        "Anything": _of("cloudwatch", "DescribeAlarms"),
    },
    "AWS::CloudWatch::CompositeAlarm": {
        "Alarms": _of("cloudwatch", "DeleteAlarms", "PutCompositeAlarm", *_TAGS),
        "Anything": _of("cloudwatch", "DescribeAlarms"),
    },
    "AWS::CloudWatch::Dashboard": {
        "Dashboards": _of("cloudwatch", "DeleteDashboards", "GetDashboard", "PutDashboard", *_TAGS),
    },
    "AWS::CodeDeploy::Application": {
        "Deployments": _of("codedeploy", "CreateApplication", "DeleteApplication", "GetApplication", *_TAGS),
    },
    "AWS::CodeDeploy::DeploymentConfig": {
        "Deployments": _of("codedeploy", "CreateDeploymentConfig", "DeleteDeploymentConfig", "GetDeploymentConfig"),
    },
    "AWS::CodeDeploy::DeploymentGroup": {
        "Deployments": _of(
            "codedeploy",
            "CreateDeployment",
            "CreateDeploymentGroup",
            "DeleteDeploymentGroup",
            "GetApplicationRevision",
            "GetDeployment",
            "GetDeploymentConfig",
            "GetDeploymentGroup",
            "ListDeployments",
            "RegisterApplicationRevision",
            "StopDeployment",
            "UpdateDeploymentGroup",
            *_TAGS,
        ),
        **_PASS,
    },
    "AWS::Cognito::UserPool": {
        "UserPools": _of(
            "cognito-idp",
            "AddCustomAttributes",
            "DeleteUserPool",
            "DescribeUserPool",
            "GetUserPoolMfaConfig",
            "SetUserPoolMfaConfig",
            "UpdateUserPool",
            *_TAGS,
        ),
        "Anything": _of("cognito-idp", "CreateUserPool"),
    },
    "AWS::Cognito::UserPoolClient": {
        "UserPools": _of(
            "cognito-idp",
            "CreateUserPoolClient",
            "DeleteUserPoolClient",
            "DescribeUserPoolClient",
            "ListUserPoolClientSecrets",
            "UpdateUserPoolClient",
        ),
    },
    "AWS::Cognito::UserPoolDomain": {
        "UserPools": _of("cognito-idp", "CreateUserPoolDomain", "DeleteUserPoolDomain", "UpdateUserPoolDomain"),
        "Anything": _of("cognito-idp", "DescribeUserPoolDomain"),
    },
    "AWS::Cognito::UserPoolGroup": {
        "UserPools": _of("cognito-idp", "CreateGroup", "DeleteGroup", "GetGroup", "UpdateGroup"),
    },
    "AWS::Cognito::UserPoolResourceServer": {
        "UserPools": _of(
            "cognito-idp",
            "CreateResourceServer",
            "DeleteResourceServer",
            "DescribeResourceServer",
            "UpdateResourceServer",
        ),
    },
    "AWS::DynamoDB::Table": {
        "Tables": _of(
            "dynamodb",
            "CreateTable",
            "DeleteResourcePolicy",
            "DeleteTable",
            "DescribeContinuousBackups",
            "DescribeContributorInsights",
            "DescribeKinesisStreamingDestination",
            "DescribeTable",
            "DescribeTimeToLive",
            "GetResourcePolicy",
            "ListTagsOfResource",
            "PutResourcePolicy",
            "TagResource",
            "UntagResource",
            "UpdateContinuousBackups",
            "UpdateContributorInsights",
            "UpdateTable",
            "UpdateTimeToLive",
        ),
    },
    "AWS::Events::Archive": {
        "Buses": _of("events", "CreateArchive", "DeleteArchive", "DescribeArchive", "UpdateArchive"),
    },
    "AWS::Events::EventBus": {
        "Buses": _of(
            "events",
            "CreateEventBus",
            "DeleteEventBus",
            "DescribeEventBus",
            "PutPermission",
            "RemovePermission",
            "UpdateEventBus",
            *_TAGS,
        ),
    },
    "AWS::Events::Rule": {
        "Buses": _of(
            "events",
            "DeleteRule",
            "DescribeRule",
            "ListTargetsByRule",
            "PutRule",
            "PutTargets",
            "RemoveTargets",
            *_TAGS,
        ),
        **_PASS,
    },
    "AWS::IAM::Policy": {
        "BoundedRoles": _of("iam", "DeleteRolePolicy", "PutRolePolicy"),
        "Roles": _of("iam", "GetRolePolicy"),
    },
    "AWS::IAM::Role": {
        "BoundedRoles": _of(
            "iam",
            "AttachRolePolicy",
            "CreateRole",
            "DeleteRolePolicy",
            "DetachRolePolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
        ),
        "Roles": _of(
            "iam",
            "DeleteRole",
            "GetRole",
            "GetRolePolicy",
            "ListAttachedRolePolicies",
            "ListRolePolicies",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
            "UpdateRoleDescription",
        ),
    },
    "AWS::KMS::Alias": {
        "KeyAliases": _of("kms", "CreateAlias", "DeleteAlias", "UpdateAlias"),
        "Keys": _of("kms", "CreateAlias", "DeleteAlias", "UpdateAlias"),
        "Anything": _of("kms", "ListAliases"),
    },
    "AWS::KMS::Key": {
        "Keys": _of(
            "kms",
            "CreateGrant",
            "Decrypt",
            "DescribeKey",
            "DisableKey",
            "DisableKeyRotation",
            "EnableKey",
            "EnableKeyRotation",
            "Encrypt",
            "GenerateDataKey",
            "GetKeyPolicy",
            "GetKeyRotationStatus",
            "ListResourceTags",
            "PutKeyPolicy",
            "RevokeGrant",
            "ScheduleKeyDeletion",
            "UntagResource",
            "UpdateKeyDescription",
        ),
        # A key that is being created has no tags yet.
        "Anything": _of("kms", "CreateKey", "TagResource"),
    },
    "AWS::Lambda::Alias": {
        "Functions": _of(
            "lambda", "CreateAlias", "DeleteAlias", "GetAlias", "GetProvisionedConcurrencyConfig", "UpdateAlias"
        ),
    },
    "AWS::Lambda::EventSourceMapping": {
        "Mappings": _of("lambda", "CreateEventSourceMapping", "DeleteEventSourceMapping", "UpdateEventSourceMapping"),
        "MappingsRead": _of("lambda", "GetEventSourceMapping", "ListTags", "TagResource", "UntagResource"),
    },
    "AWS::Lambda::Function": {
        "Functions": _of(
            "lambda",
            "CreateFunction",
            "DeleteFunction",
            "DeleteFunctionConcurrency",
            "GetFunction",
            "GetFunctionCodeSigningConfig",
            "GetFunctionRecursionConfig",
            "GetFunctionScalingConfig",
            "GetRuntimeManagementConfig",
            "ListTags",
            "PublishVersion",
            "PutFunctionConcurrency",
            "TagResource",
            "UntagResource",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
        ),
        "Layers": _of("lambda", "GetLayerVersion"),
        **_PASS,
    },
    "AWS::Lambda::LayerVersion": {
        "Layers": _of("lambda", "DeleteLayerVersion", "GetLayerVersion", "PublishLayerVersion"),
    },
    "AWS::Lambda::Permission": {
        "Functions": _of("lambda", "AddPermission", "GetPolicy", "RemovePermission"),
    },
    "AWS::Lambda::Version": {
        "Functions": _of(
            "lambda",
            "DeleteFunction",
            "GetFunctionConfiguration",
            "GetFunctionScalingConfig",
            "GetProvisionedConcurrencyConfig",
            "GetRuntimeManagementConfig",
            "ListVersionsByFunction",
            "PublishVersion",
        ),
    },
    "AWS::Logs::LogGroup": {
        "LogGroups": _of(
            "logs",
            "AssociateKmsKey",
            "CreateLogGroup",
            "DeleteLogGroup",
            "DeleteRetentionPolicy",
            "DescribeIndexPolicies",
            "DisassociateKmsKey",
            "GetDataProtectionPolicy",
            "PutRetentionPolicy",
            *_TAGS,
        ),
        "Anything": _of("logs", "DescribeLogGroups", "DescribeResourcePolicies"),
    },
    "AWS::Logs::MetricFilter": {
        "LogGroups": _of("logs", "DeleteMetricFilter", "DescribeMetricFilters", "PutMetricFilter"),
    },
    "AWS::Logs::QueryDefinition": {
        "Anything": _of("logs", "DeleteQueryDefinition", "DescribeQueryDefinitions", "PutQueryDefinition"),
    },
    "AWS::SNS::Subscription": {
        "Topics": _of("sns", "ListSubscriptionsByTopic", "Subscribe"),
        "Anything": _of("sns", "GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"),
    },
    "AWS::SNS::Topic": {
        "Topics": _of(
            "sns",
            "CreateTopic",
            "DeleteTopic",
            "GetDataProtectionPolicy",
            "GetTopicAttributes",
            "ListSubscriptionsByTopic",
            "SetTopicAttributes",
            "Subscribe",
            *_TAGS,
        ),
        "Anything": _of("sns", "Unsubscribe"),
    },
    "AWS::SNS::TopicPolicy": {"Topics": _of("sns", "SetTopicAttributes")},
    "AWS::SQS::Queue": {
        "Queues": _of(
            "sqs",
            "CreateQueue",
            "DeleteQueue",
            "GetQueueAttributes",
            "GetQueueUrl",
            "ListQueueTags",
            "SetQueueAttributes",
            "TagQueue",
            "UntagQueue",
        ),
    },
    "AWS::SQS::QueuePolicy": {"Queues": _of("sqs", "SetQueueAttributes")},
    "AWS::SecretsManager::Secret": {
        "Secrets": _of(
            "secretsmanager",
            "CreateSecret",
            "DeleteSecret",
            "DescribeSecret",
            "GetSecretValue",
            "TagResource",
            "UntagResource",
            "UpdateSecret",
        ),
        "Anything": _of("secretsmanager", "GetRandomPassword"),
    },
    "AWS::StepFunctions::StateMachine": {
        "Workflows": _of(
            "states",
            "CreateStateMachine",
            "DeleteStateMachine",
            "DescribeStateMachine",
            "UpdateStateMachine",
            *_TAGS,
        ),
        **_PASS,
    },
    "AWS::WAFv2::LoggingConfiguration": {
        "Firewalls": _of("wafv2", "DeleteLoggingConfiguration", "GetLoggingConfiguration", "PutLoggingConfiguration"),
        "Anything": _of(
            "logs",
            "CreateLogDelivery",
            "DeleteLogDelivery",
            "DescribeLogGroups",
            "DescribeResourcePolicies",
            "PutResourcePolicy",
        ),
    },
    "AWS::WAFv2::WebACL": {
        "Firewalls": _of("wafv2", "CreateWebACL", "DeleteWebACL", "GetWebACL", "UpdateWebACL", *_TAGS),
    },
    "AWS::WAFv2::WebACLAssociation": {
        "Firewalls": _of(
            "wafv2", "AssociateWebACL", "DisassociateWebACL", "GetPermissionPolicy", "GetWebACL", "PutPermissionPolicy"
        ),
        "Apis": (
            "apigateway:SetWebACL",
            *_of("wafv2", "AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource"),
        ),
    },
}
