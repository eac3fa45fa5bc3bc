"""Clients of the local AWS, and helpers that query it."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(proxies={}, connect_timeout=3, read_timeout=70, retries={"total_max_attempts": 2})
_LONGEST_LOG: Final = 10_000


class Aws:
    """The account of the local stack, with root's rights.

    Attributes:
        endpoint: The address of the local AWS.
        dynamodb: DynamoDB.
        functions: AWS Lambda.
        logs: CloudWatch Logs.
        cognito: Cognito user pools.
        iam: IAM.
        sts: STS.
        sqs: SQS.
        events: EventBridge.
        stacks: CloudFormation.
        workflows: Step Functions.
        secrets: Secrets Manager.
    """

    def __init__(self, session: boto3.Session, endpoint: str) -> None:
        self.endpoint = endpoint
        self.dynamodb: DynamoDBClient = session.client("dynamodb", config=_CONFIG)
        self.functions: LambdaClient = session.client("lambda", config=_CONFIG)
        self.logs: CloudWatchLogsClient = session.client("logs", config=_CONFIG)
        self.cognito: CognitoIdentityProviderClient = session.client("cognito-idp", config=_CONFIG)
        self.iam: IAMClient = session.client("iam", config=_CONFIG)
        self.sts: STSClient = session.client("sts", config=_CONFIG)
        self.sqs: SQSClient = session.client("sqs", config=_CONFIG)
        self.events: EventBridgeClient = session.client("events", config=_CONFIG)
        self.secrets: SecretsManagerClient = session.client("secretsmanager", config=_CONFIG)
        self.stacks: CloudFormationClient = session.client("cloudformation", config=_CONFIG)
        self.workflows: Any = session.client("stepfunctions", config=_CONFIG)

    @cached_property
    def account(self) -> str:
        """The account id."""
        return self.sts.get_caller_identity()["Account"]

    def mapping_of(self, stream: str, function: str) -> "EventSourceMappingConfigurationTypeDef":
        """The event source mapping from a stream to a function.

        Args:
            stream: The stream's ARN.
            function: The function's name on AWS.
        """
        found = self.functions.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
        [mapping] = [each for each in found if f"-{function}-" in each["FunctionArn"]]
        return mapping

    def invoke(self, function: str, event: Mapping[str, object]) -> Any:
        """Invoke a function through its alias, as its mapping or its API does.

        Args:
            function: The function's name on AWS.
            event: The event to pass.

        Returns:
            The response, which must not be an error.
        """
        answer = self.functions.invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    def log_messages(self, group: str, since: float) -> list[str]:
        """The lines of a log group.

        Args:
            group: The group's name.
            since: The earliest time, in seconds since the epoch.
        """
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(since * 1000))
        messages = [event["message"] for page in pages for event in page["events"]]
        # The local AWS truncates its response there and has no next page.
        assert len(messages) < _LONGEST_LOG, f"{group} has too many lines to be read whole"
        return messages

    def log_groups(self) -> list[str]:
        """The names of all log groups."""
        pages = self.logs.get_paginator("describe_log_groups").paginate()
        return [group["logGroupName"] for page in pages for group in page["logGroups"]]

    def invocations(self, function: str, since: float) -> int:
        """How often a function has run, according to its log.

        Args:
            function: The function's name on AWS.
            since: The earliest time, in seconds since the epoch.
        """
        group = f"/aws/lambda/{function}"
        if group not in self.log_groups():
            return 0
        return sum(message.startswith("START RequestId:") for message in self.log_messages(group, since))

    def count(self, table: str) -> int:
        """The rows of a table."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, Select="COUNT", ConsistentRead=True)
        return sum(page["Count"] for page in pages)
