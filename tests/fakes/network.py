"""A network that carries requests out and loses the answers, under a real client: botocore's own retries see it."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_WRITES = {b"PutItem", b"UpdateItem", b"TransactWriteItems"}


class LossyNetwork:
    """Wraps a client's connection.

    Attributes:
        lose: How many of the next answers are lost after the server has done its work.
        lose_writes: How many of the next answers to writes are.
        lost: How many were.
    """

    def __init__(self, client: Any) -> None:
        self.lose = 0
        self.lose_writes = 0
        self.lost = 0
        self._session = client._endpoint.http_session
        client._endpoint.http_session = self

    def send(self, request: Any) -> Any:
        response = self._session.send(request)
        if self._loses(request):
            self.lost += 1
            raise ReadTimeoutError(endpoint_url=request.url)
        return response

    def _loses(self, request: Any) -> bool:
        if self.lose:
            self.lose -= 1
            return True
        if self.lose_writes and request.headers["X-Amz-Target"].split(b".")[1] in _WRITES:
            self.lose_writes -= 1
            return True
        return False

    def close(self) -> None:
        self._session.close()


def lossy(endpoint: str, attempts: int = 3) -> "tuple[DynamoDBClient, LossyNetwork]":
    """A DynamoDB client over such a network.

    Args:
        endpoint: The server's address.
        attempts: How often botocore sends a request in all.
    """
    client = boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
    )
    return client, LossyNetwork(client)
