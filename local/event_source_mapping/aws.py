"""The ports on AWS, or on what stands in for it; clients are handed in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import Answer, FunctionFailed, FunctionReturned, InvokeFailed, Page, Shard
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
def _trouble_named() -> Iterator[None]:
    """Turn boto3's errors into the ports' own.

    Raises:
        StreamGone: The stream is not there.
        SourceUnavailable: Anything else, from a refused connection to a throttle.
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
        # An iterator keeps our place at the tip of a shard, which has no sequence number to ask for again.
        self._iterators: dict[str, tuple[Position, str]] = {}

    def list_shards(self) -> list[Shard]:
        """Every shard, over all pages of DescribeStream.

        Raises:
            StreamGone: The stream does not exist.
            SourceUnavailable: For now.
        """
        listed: list[ShardTypeDef] = []
        with _trouble_named():
            answer = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]
            listed += answer.get("Shards", [])
            while last := answer.get("LastEvaluatedShardId"):
                page = self._client.describe_stream(StreamArn=self._arn, ExclusiveStartShardId=last)
                answer = page["StreamDescription"]
                listed += answer.get("Shards", [])
        return [Shard(each["ShardId"], each.get("ParentShardId")) for each in listed]

    def get_records(self, shard_id: str, position: Position) -> Page:
        """Read one page; a lost iterator or a forgotten place is replaced on the way.

        Raises:
            StreamGone: The stream does not exist.
            SourceUnavailable: For now.
        """
        with _trouble_named():
            trimmed, answer = self._read(shard_id, position)
        records = tuple(record_of(event_of(each, self._arn)) for each in answer.get("Records", []))
        reached = after(records[-1].sequence_number) if records else position
        following = answer.get("NextShardIterator")
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
        place, iterator = self._iterators.get(shard_id, (None, ""))
        if place == position:
            return iterator
        where: Any = {"SequenceNumber": position.sequence_number} if position.sequence_number else {}
        answer = self._client.get_shard_iterator(
            StreamArn=self._arn, ShardId=shard_id, ShardIteratorType=position.kind, **where
        )
        return answer["ShardIterator"]


class AwsInvoker:
    """A function behind Lambda's Invoke."""

    def __init__(self, client: "LambdaClient", function_arn: str) -> None:
        """Bind the function.

        Args:
            client: Made without retries and with a read timeout above the function's own; the mapping retries itself.
            function_arn: With the qualifier, if there is one.
        """
        self._client = client
        self._function_arn = function_arn

    def invoke(self, batch: RecordBatch) -> Answer:
        """Invoke and wait; whatever keeps the function from running is an `InvokeFailed`."""
        try:
            answer = self._client.invoke(FunctionName=self._function_arn, Payload=batch.payload)
            payload = answer["Payload"].read()
        except (ClientError, BotoCoreError) as failed:
            return InvokeFailed(str(failed))
        request_id = answer["ResponseMetadata"].get("RequestId", "")
        version = answer.get("ExecutedVersion") or "$LATEST"
        error = answer.get("FunctionError")
        if error:
            return FunctionFailed(error, request_id, version)
        return FunctionReturned(payload, request_id, version)


class AwsDestination:
    """SQS queues and SNS topics, told apart by their ARN."""

    def __init__(self, sqs: "SQSClient", sns: "SNSClient") -> None:
        self._sqs = sqs
        self._sns = sns

    def send(self, destination: str, document: Mapping[str, object]) -> None:
        """Deliver one document.

        Raises:
            SourceUnavailable: It may not have arrived.
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
    """Every event source mapping Lambda knows, enabled or not.

    Args:
        client: Of Lambda.
        function: Only this function's.

    Returns:
        The entries as Lambda answers them.

    Raises:
        SourceUnavailable: For now.
    """
    only: Any = {"FunctionName": function} if function else {}
    try:
        pages = client.get_paginator("list_event_source_mappings").paginate(**only)
        return [dict(entry) for page in pages for entry in page["EventSourceMappings"]]
    except (ClientError, BotoCoreError) as failed:
        raise SourceUnavailable(str(failed)) from failed
