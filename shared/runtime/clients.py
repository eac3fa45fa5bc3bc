"""AWS clients, created once for each execution environment of a function.

They are created when a handler's module is imported, in the phase that Lambda gives more processor time to. Like
Lambda's own environment, they know no profiles and no AWS files: broken settings of a developer must not break an
import.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
import botocore.session
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
def _session() -> boto3.Session:
    # Each tuple is botocore's: name in a configuration file, variable, default, conversion.
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session(botocore_session=core)


@cache
def dynamodb() -> "DynamoDBClient":
    """The DynamoDB client."""
    return _session().client("dynamodb", config=_CONFIG)


@cache
def secrets_manager() -> "SecretsManagerClient":
    """The Secrets Manager client."""
    return _session().client("secretsmanager", config=_CONFIG)


@cache
def functions() -> "LambdaClient":
    """The Lambda client."""
    return _session().client("lambda", config=_FUNCTION_CALL_CONFIG)


@cache
def deployments() -> "CodeDeployClient":
    """The CodeDeploy client."""
    return _session().client("codedeploy", config=_CONFIG)


@cache
def event_bridge() -> "EventBridgeClient":
    """The EventBridge client."""
    return _session().client("events", config=_CONFIG)


@cache
def sqs() -> "SQSClient":
    """The SQS client."""
    return _session().client("sqs", config=_CONFIG)
