"""AWS clients, one of a kind for each execution environment of a function."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# A function that waits a minute (botocore's own default) for a lost packet has timed out long before: fail soon and
# try again instead. DynamoDB's tail is in the tens of milliseconds; two seconds is a lost answer, not a slow one.
_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)


@cache
def dynamodb() -> "DynamoDBClient":
    """The DynamoDB client."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def secrets_manager() -> "SecretsManagerClient":
    """The Secrets Manager client; made at first use, as most invocations need none."""
    return boto3.client("secretsmanager", config=_CONFIG)


@cache
def event_bridge() -> "EventBridgeClient":
    """The EventBridge client."""
    return boto3.client("events", config=_CONFIG)


@cache
def sqs() -> "SQSClient":
    """The SQS client."""
    return boto3.client("sqs", config=_CONFIG)


@cache
def secret(name: str) -> str:
    """A secret's current text, fetched once for each execution environment.

    Args:
        name: The secret's name or ARN.
    """
    return secrets_manager().get_secret_value(SecretId=name)["SecretString"]
