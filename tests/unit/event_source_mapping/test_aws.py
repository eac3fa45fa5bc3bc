"""The AWS adapters, tested with botocore's stubs: exact requests, AWS's responses, no network."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from local.event_source_mapping.aws import AwsDestination, AwsInvoker, AwsStream, list_mappings
from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import FunctionFailed, FunctionReturned, InvokeFailed, Page, Shard
from local.event_source_mapping.ports import SourceUnavailable, StreamGone
from local.event_source_mapping.positions import LATEST, TRIM_HORIZON, after
from local.event_source_mapping.records import event_of
from tests.unit.event_source_mapping.fakes import FUNCTION, QUEUE, STREAM, record

TOPIC = QUEUE.replace("sqs", "sns")
SESSION = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
CLIENTS: dict[str, Any] = {name: SESSION.client(name) for name in ("dynamodbstreams", "lambda", "sqs", "sns")}


@pytest.fixture
def streams() -> Iterator[Stubber]:
    with Stubber(CLIENTS["dynamodbstreams"]) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def functions() -> Iterator[Stubber]:
    with Stubber(CLIENTS["lambda"]) as stub:
        yield stub
        stub.assert_no_pending_responses()


def raw(number: int) -> dict[str, Any]:
    return {
        "eventID": str(number),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime(2024, 1, 1, tzinfo=UTC),
            "Keys": {"id": {"S": "a"}},
            "NewImage": {"id": {"S": "a"}, "b": {"B": b"\x00\xff"}, "l": {"L": [{"BS": [b"x"]}, {"N": "1"}]}},
            "SequenceNumber": f"{number:021d}",
            "SizeBytes": 12,
            "StreamViewType": "NEW_IMAGE",
        },
    }


def expect_iterator(stub: Stubber, iterator: str, **where: str) -> None:
    stub.add_response(
        "get_shard_iterator", {"ShardIterator": iterator}, {"StreamArn": STREAM, "ShardId": "s" * 28} | where
    )


def expect_page(stub: Stubber, iterator: str, following: str | None, *records: dict[str, Any]) -> None:
    answer: dict[str, Any] = {"Records": list(records)}
    stub.add_response(
        "get_records", answer | ({"NextShardIterator": following} if following else {}), {"ShardIterator": iterator}
    )


def stream() -> AwsStream:
    return AwsStream(CLIENTS["dynamodbstreams"], STREAM)


SHARD = "s" * 28


def test_an_event_has_exactly_the_form_of_aws() -> None:
    event = event_of(raw(7), STREAM)
    assert (
        event
        == json.loads(json.dumps(event))
        == {
            "eventID": "7",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1704067200,
                "Keys": {"id": {"S": "a"}},
                "NewImage": {"id": {"S": "a"}, "b": {"B": "AP8="}, "l": {"L": [{"BS": ["eA=="]}, {"N": "1"}]}},
                "SequenceNumber": "000000000000000000007",
                "SizeBytes": 12,
                "StreamViewType": "NEW_IMAGE",
            },
            "eventSourceARN": STREAM,
        }
    )


def test_shards_are_listed_over_all_pages(streams: Stubber) -> None:
    def page(shards: list[dict[str, Any]], last: str | None) -> dict[str, Any]:
        return {"StreamDescription": {"Shards": shards} | ({"LastEvaluatedShardId": last} if last else {})}

    closed = {
        "ShardId": SHARD,
        "SequenceNumberRange": {"StartingSequenceNumber": "1" * 21, "EndingSequenceNumber": "2" * 21},
    }
    child = {"ShardId": "c" * 28, "ParentShardId": SHARD, "SequenceNumberRange": {"StartingSequenceNumber": "3" * 21}}
    streams.add_response("describe_stream", page([closed], SHARD), {"StreamArn": STREAM})
    streams.add_response("describe_stream", page([child], None), {"StreamArn": STREAM, "ExclusiveStartShardId": SHARD})
    assert stream().list_shards() == [Shard(SHARD), Shard("c" * 28, SHARD)]


def test_reading_continues_with_the_returned_iterator(streams: Stubber) -> None:
    reader = stream()
    expect_iterator(streams, "i1", ShardIteratorType="TRIM_HORIZON")
    expect_page(streams, "i1", "i2", raw(1), raw(2))
    expect_page(streams, "i2", None)
    first = reader.get_records(SHARD, TRIM_HORIZON)
    assert ([record.order for record in first.records], first.resume) == ([1, 2], after("000000000000000000002"))
    assert first.resume
    assert reader.get_records(SHARD, first.resume) == Page((), None)


def test_the_position_at_the_tip_is_kept_while_no_records_arrive(streams: Stubber) -> None:
    reader = stream()
    expect_iterator(streams, "i1", ShardIteratorType="LATEST")
    expect_page(streams, "i1", "i2")
    expect_page(streams, "i2", "i3", raw(1))
    assert reader.get_records(SHARD, LATEST) == Page((), LATEST)
    assert [record.order for record in reader.get_records(SHARD, LATEST).records] == [1]


def test_an_expired_iterator_is_replaced_by_one_after_the_last_record(streams: Stubber) -> None:
    position = after("000000000000000000005")
    where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": "000000000000000000005"}
    expect_iterator(streams, "i1", **where)
    streams.add_client_error("get_records", "ExpiredIteratorException")
    expect_iterator(streams, "i2", **where)
    expect_page(streams, "i2", "i3", raw(6))
    page = stream().get_records(SHARD, position)
    assert ([record.order for record in page.records], page.trimmed) == ([6], False)


@pytest.mark.parametrize("refused", ["get_shard_iterator", "get_records"])
def test_a_trimmed_position_is_replaced_by_the_oldest_record(streams: Stubber, refused: str) -> None:
    if refused == "get_records":
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": "000000000000000000005"}
        expect_iterator(streams, "i1", **where)
    streams.add_client_error(refused, "TrimmedDataAccessException")
    expect_iterator(streams, "i2", ShardIteratorType="TRIM_HORIZON")
    expect_page(streams, "i2", "i3", raw(9))
    page = stream().get_records(SHARD, after("000000000000000000005"))
    assert ([record.order for record in page.records], page.trimmed) == ([9], True)


def test_a_deleted_stream_and_an_unreachable_one_raise_different_errors(streams: Stubber) -> None:
    streams.add_client_error("describe_stream", "ResourceNotFoundException")
    streams.add_client_error("describe_stream", "ThrottlingException")
    with pytest.raises(StreamGone):
        stream().list_shards()
    with pytest.raises(SourceUnavailable):
        stream().list_shards()


def invoke(stub: Stubber, **answer: Any) -> Any:
    batch = RecordBatch("s", (record(1),))
    body = StreamingBody(io.BytesIO(b'{"batchItemFailures": []}'), 25)
    meta = {"ResponseMetadata": {"RequestId": "r"}}
    stub.add_response("invoke", {"Payload": body} | meta | answer, {"FunctionName": FUNCTION, "Payload": batch.payload})
    return AwsInvoker(CLIENTS["lambda"], FUNCTION).invoke(batch)


def test_a_function_that_returns_and_one_that_fails(functions: Stubber) -> None:
    assert invoke(functions, ExecutedVersion="3") == FunctionReturned(b'{"batchItemFailures": []}', "r", "3")
    assert invoke(functions, FunctionError="Unhandled") == FunctionFailed("Unhandled", "r")


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ServiceException", "ResourceNotFoundException"])
def test_an_invoke_that_does_not_reach_the_function_is_not_a_function_error(functions: Stubber, code: str) -> None:
    functions.add_client_error("invoke", code)
    assert isinstance(AwsInvoker(CLIENTS["lambda"], FUNCTION).invoke(RecordBatch("s", (record(1),))), InvokeFailed)


def test_a_refused_connection_is_a_failed_invoke_too() -> None:
    class Refusing:
        def invoke(self, **_: object) -> None:
            raise EndpointConnectionError(endpoint_url="http://nowhere")

    refusing: Any = Refusing()
    assert isinstance(AwsInvoker(refusing, FUNCTION).invoke(RecordBatch("s", (record(1),))), InvokeFailed)


def test_documents_go_to_the_queue_or_topic_of_the_arn() -> None:
    destination = AwsDestination(CLIENTS["sqs"], CLIENTS["sns"])
    url = "https://sqs.us-east-1.amazonaws.com/000000000000/discarded"
    with Stubber(CLIENTS["sqs"]) as sqs, Stubber(CLIENTS["sns"]) as sns:
        named = {"QueueName": "discarded", "QueueOwnerAWSAccountId": "000000000000"}
        sqs.add_response("get_queue_url", {"QueueUrl": url}, named)
        sqs.add_response("send_message", {}, {"QueueUrl": url, "MessageBody": '{"a":1}'})
        sqs.add_client_error("get_queue_url", "AWS.SimpleQueueService.NonExistentQueue")
        sns.add_response("publish", {}, {"TopicArn": TOPIC, "Message": '{"a":1}'})
        destination.send(QUEUE, {"a": 1})
        destination.send(TOPIC, {"a": 1})
        with pytest.raises(SourceUnavailable, match="discarded"):
            destination.send(QUEUE, {"a": 1})
        sns.assert_no_pending_responses()


def test_mappings_are_listed_over_all_pages(functions: Stubber) -> None:
    first, second = ({"EventSourceMappings": [{"UUID": letter * 36}]} for letter in "ab")
    functions.add_response("list_event_source_mappings", first | {"NextMarker": "n"}, {})
    functions.add_response("list_event_source_mappings", second, {"Marker": "n"})
    assert [mapping["UUID"] for mapping in list_mappings(CLIENTS["lambda"])] == ["a" * 36, "b" * 36]


def test_an_unreachable_lambda_is_unavailable(functions: Stubber) -> None:
    functions.add_client_error("list_event_source_mappings", "ServiceException")
    with pytest.raises(SourceUnavailable):
        list_mappings(CLIENTS["lambda"], "project")
