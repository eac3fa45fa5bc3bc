"""The ports on a real or emulated AWS. Clients are passed in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import (
    FunctionFailed,
    FunctionReturned,
    InvokeFailed,
    InvokeResult,
    Page,
    Shard,
)
from local.event_source_mapping.ports import SourceUnavailable, StreamGone
from local.event_source_mapping.positions import TRIM_HORIZON, Position, after
from local.event_source_mapping.records import encode, event_of, record_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_dynamodbstreams.type_defs import GetRecordsOutputTypeDef, ShardTypeDef
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Translate boto3's errors into those of the ports.

    Raises:
        StreamGone: The stream does not exist.
        SourceUnavailable: Any other error, from a refused connection to throttling.
    """
    try:
        yield
    except ClientError as refused:
        kind = StreamGone if _code(refused) == "ResourceNotFoundException" else SourceUnavailable
        raise kind(str(refused)) from refused
    except BotoCoreError as unreachable:
        raise SourceUnavailable(str(unreachable)) from unreachable


class AwsStream:
    """A stream behind the DynamoDB Streams API."""

    def __init__(self, client: "DynamoDBStreamsClient", stream_arn: str) -> None:
        self._client = client
        self._arn = stream_arn
        # Only an iterator can hold a position at the tip of a shard, where there is no sequence number yet.
        self._iterators: dict[str, tuple[Position, str]] = {}

    def list_shards(self) -> list[Shard]:
        """List every shard, over all pages of DescribeStream.

        Raises:
            StreamGone: The stream does not exist.
            SourceUnavailable: The stream cannot be reached at the moment.
        """
        listed: list[ShardTypeDef] = []
        with _translated_errors():
            stream = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]
            listed += stream.get("Shards", [])
            while last := stream.get("LastEvaluatedShardId"):
                page = self._client.describe_stream(StreamArn=self._arn, ExclusiveStartShardId=last)
                stream = page["StreamDescription"]
                listed += stream.get("Shards", [])
        return [Shard(shard["ShardId"], shard.get("ParentShardId")) for shard in listed]

    def get_records(self, shard_id: str, position: Position) -> Page:
        """Read one page. An expired iterator or a trimmed position is replaced.

        Raises:
            StreamGone: The stream does not exist.
            SourceUnavailable: The stream cannot be reached at the moment.
        """
        with _translated_errors():
            trimmed, page = self._read(shard_id, position)
        records = tuple(record_of(event_of(record, self._arn)) for record in page.get("Records", []))
        reached = after(records[-1].sequence_number) if records else position
        following = page.get("NextShardIterator")
        if following:
            self._iterators[shard_id] = reached, following
        else:
            self._iterators.pop(shard_id, None)
        return Page(records, reached if following else None, trimmed)

    def _read(self, shard_id: str, position: Position) -> tuple[bool, "GetRecordsOutputTypeDef"]:
        try:
            return False, self._client.get_records(ShardIterator=self._iterator(shard_id, position))
        except ClientError as refused:
            self._iterators.pop(shard_id, None)
            if _code(refused) == "ExpiredIteratorException":
                return False, self._client.get_records(ShardIterator=self._iterator(shard_id, position))
            if _code(refused) == "TrimmedDataAccessException":
                return True, self._client.get_records(ShardIterator=self._iterator(shard_id, TRIM_HORIZON))
            raise

    def _iterator(self, shard_id: str, position: Position) -> str:
        known, iterator = self._iterators.get(shard_id, (None, ""))
        if known == position:
            return iterator
        start: Any = {"SequenceNumber": position.sequence_number} if position.sequence_number else {}
        response = self._client.get_shard_iterator(
            StreamArn=self._arn, ShardId=shard_id, ShardIteratorType=position.kind, **start
        )
        return response["ShardIterator"]


class AwsInvoker:
    """A function behind Lambda's Invoke."""

    def __init__(self, client: "LambdaClient", function_arn: str) -> None:
        """Bind a function.

        Args:
            client: Without retries, because the mapping retries itself, and with a read timeout above the function's.
            function_arn: With the qualifier, if there is one.
        """
        self._client = client
        self._function_arn = function_arn

    def invoke(self, batch: RecordBatch) -> InvokeResult:
        """Invoke the function and wait. An error that keeps it from running becomes an `InvokeFailed`."""
        try:
            response = self._client.invoke(FunctionName=self._function_arn, Payload=batch.payload)
            payload = response["Payload"].read()
        except (ClientError, BotoCoreError) as failed:
            return InvokeFailed(str(failed))
        request_id = response["ResponseMetadata"].get("RequestId", "")
        version = response.get("ExecutedVersion") or "$LATEST"
        error = response.get("FunctionError")
        if error:
            return FunctionFailed(error, request_id, version)
        return FunctionReturned(payload, request_id, version)


class AwsDestination:
    """SQS queues and SNS topics, distinguished by their ARN."""

    def __init__(self, sqs: "SQSClient", sns: "SNSClient") -> None:
        self._sqs = sqs
        self._sns = sns

    def send(self, destination: str, document: Mapping[str, object]) -> None:
        """Send one document.

        Raises:
            SourceUnavailable: The document may not have arrived.
        """
        body = encode(document).decode()
        _, _, service, _, account, name = destination.split(":", 5)
        try:
            if service == "sns":
                self._sns.publish(TopicArn=destination, Message=body)
            else:
                owner: Any = {"QueueOwnerAWSAccountId": account} if account else {}
                url = self._sqs.get_queue_url(QueueName=name, **owner)["QueueUrl"]
                self._sqs.send_message(QueueUrl=url, MessageBody=body)
        except (ClientError, BotoCoreError) as failed:
            raise SourceUnavailable(f"{destination}: {failed}") from failed


def list_mappings(client: "LambdaClient", function: str | None = None) -> list[Mapping[str, object]]:
    """List Lambda's event source mappings, enabled or not, as Lambda returns them.

    Args:
        client: The Lambda client.
        function: List only the mappings of this function.

    Raises:
        SourceUnavailable: Lambda cannot be reached at the moment.
    """
    only: Any = {"FunctionName": function} if function else {}
    try:
        pages = client.get_paginator("list_event_source_mappings").paginate(**only)
        return [dict(entry) for page in pages for entry in page["EventSourceMappings"]]
    except (ClientError, BotoCoreError) as failed:
        raise SourceUnavailable(str(failed)) from failed
