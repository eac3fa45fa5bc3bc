"""AWS clients, created once for each execution environment of a function."""

from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# With botocore's default of 60 seconds, a lost packet would make the function time out. Fail early and retry instead.
# DynamoDB's tail latency is tens of milliseconds: after two seconds the response is lost, not slow.
_CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
# A function may take as long as its timeout, 28 seconds for the slowest. No retries: the caller decides what a lost
# response means.
_FUNCTION_CALL_CONFIG: Final = Config(connect_timeout=2, read_timeout=35, retries={"total_max_attempts": 1})


@cache
def dynamodb() -> "DynamoDBClient":
    """The DynamoDB client."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def secrets_manager() -> "SecretsManagerClient":
    """The Secrets Manager client."""
    return boto3.client("secretsmanager", config=_CONFIG)


@cache
def functions() -> "LambdaClient":
    """The Lambda client."""
    return boto3.client("lambda", config=_FUNCTION_CALL_CONFIG)


@cache
def deployments() -> "CodeDeployClient":
    """The CodeDeploy client."""
    return boto3.client("codedeploy", config=_CONFIG)


@cache
def event_bridge() -> "EventBridgeClient":
    """The EventBridge client."""
    return boto3.client("events", config=_CONFIG)


@cache
def sqs() -> "SQSClient":
    """The SQS client."""
    return boto3.client("sqs", config=_CONFIG)
