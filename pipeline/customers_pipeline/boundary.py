"""Permissions boundaries: they limit what a role may do, whatever its policies say, and grant nothing themselves."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from .nag import acknowledge
from .permissions import Permission, acknowledge_wildcards, arn
from .stages import Stage

LIMITS_ONLY = "A permissions boundary grants nothing; the policies of the roles name what they need."
# Actions that escape a boundary or create access that outlives the pipeline.
ESCALATIONS = (
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateUser",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "sts:AssumeRole",
)
TABLES = (
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeStream",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)
QUEUES = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
)
FUNCTIONS = ("lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:InvokeFunction", "lambda:UpdateAlias")
KEYS = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
EXECUTIONS = ("states:DescribeExecution", "states:StopExecution")
LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
# AmazonAPIGatewayPushToCloudWatchLogs, the policy of the role with which API Gateway writes logs of all APIs.
GATEWAY_LOGS = (
    *LOGS,
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
)
WATCHING = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutMetricData",
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


def bound_the_pipeline(scope: Construct, *, may_assume: Sequence[str] = ()) -> None:
    """Put a boundary on every role of a stack: none may create users, change policies or assume roles.

    Args:
        scope: The stack whose roles it bounds.
        may_assume: ARNs of roles in the stages' accounts that its roles may assume after all.
    """
    assuming = "sts:AssumeRole"
    never = iam.PolicyStatement(
        sid="DenyEscalation",
        effect=iam.Effect.DENY,
        actions=[each for each in ESCALATIONS if each != assuming or not may_assume],
        resources=["*"],
    )
    only = iam.PolicyStatement(
        sid="DenyOtherRoles", effect=iam.Effect.DENY, actions=[assuming], not_resources=list(may_assume)
    )
    policy = iam.ManagedPolicy(
        scope,
        "PipelineBoundary",
        description="Permissions boundary of the roles of the pipeline CustomersApi.",
        statements=[
            iam.PolicyStatement(sid="AllowWhatPoliciesGrant", actions=["*"], resources=["*"]),
            never,
            *([only] if may_assume else []),
        ],
    )
    acknowledge(policy, {f"AwsSolutions-IAM5[{wildcard}]": LIMITS_ONLY for wildcard in ("Action::*", "Resource::*")})
    iam.PermissionsBoundary.of(scope).apply(policy)


def bound_the_application(scope: Construct, stage: Stage, key_arn: str) -> iam.ManagedPolicy:
    """Create the boundary of the roles that a deployment creates: data and functions of its own stage only.

    Args:
        scope: The stage's own stack.
        stage: Its names are those that the boundary permits.
        key_arn: The key that encrypts the stage's data.
    """
    return _boundary(scope, stage, "Boundary", _limits(stage, key_arn), f"the roles of the stack {stage.stack}")


def bound_the_gateway_logs(scope: Construct, stage: Stage) -> iam.ManagedPolicy:
    """Create the boundary of the role with which API Gateway writes logs, those of the account's other APIs too."""
    limits = (_limit("GatewayLogs", GATEWAY_LOGS, "*"),)
    return _boundary(scope, stage, "GatewayLogsBoundary", limits, "the role with which API Gateway writes logs")


def _boundary(scope: Construct, stage: Stage, purpose: str, limits: Sequence[Permission], of: str) -> iam.ManagedPolicy:
    policy = iam.ManagedPolicy(
        scope,
        f"{stage.name}{purpose}",
        managed_policy_name=stage.owned(purpose),
        description=f"Permissions boundary of {of}.",
        statements=[limit.statement() for limit in limits],
    )
    acknowledge_wildcards(policy, limits)
    return policy


def _limits(stage: Stage, key_arn: str) -> Sequence[Permission]:
    named, stack = f"{stage.parameter}-customer*", f"{stage.stack}-*"
    return (
        _limit("Tables", TABLES, arn("dynamodb", f"table/{named}")),
        _limit("Queues", QUEUES, arn("sqs", named)),
        _limit("Topics", ("sns:Publish",), arn("sns", named)),
        _limit("Buses", ("events:DescribeEventBus", "events:PutEvents"), arn("events", f"event-bus/{named}")),
        _limit("Secrets", ("secretsmanager:GetSecretValue",), arn("secretsmanager", f"secret:{named}")),
        _limit("Functions", FUNCTIONS, arn("lambda", f"function:{stack}"),
               arn("lambda", f"function:CodeDeployHook_{stage.parameter}-*")),
        _limit("Workflows", ("states:StartExecution",), arn("states", f"stateMachine:{named}")),
        _limit("Executions", EXECUTIONS, arn("states", f"execution:{named}")),
        _limit("Deployments", ("codedeploy:PutLifecycleEventHookExecutionStatus",),
               arn("codedeploy", f"deploymentgroup:{stack}")),
        _limit("Logs", LOGS, arn("logs", f"log-group:/aws/lambda/{named}")),
        _limit("Watching", WATCHING, "*"),
        _limit("Key", KEYS, key_arn),
    )  # fmt: skip


def _limit(sid: str, actions: Sequence[str], *resources: str) -> Permission:
    return Permission(sid, actions, resources, LIMITS_ONLY)
