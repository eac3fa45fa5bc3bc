"""Publish failures in SQS."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from publisher.publish_failures import FailureNotStored, PublishFailure

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsPublishFailures:
    """The queue to which the event source mapping also reports the batches that it gave up."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, failure: PublishFailure) -> None:
        """See `PublishFailures.send`."""
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=failure.to_json())
        except ClientError as error:
            raise FailureNotStored(error.response["Error"]["Code"]) from None
        except BotoCoreError as error:
            raise FailureNotStored(type(error).__name__) from None
