"""Networks that fail under a real client, so that all of botocore, its own retries included, sees it."""

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient


_WRITES = {b"PutItem", b"UpdateItem", b"TransactWriteItems", b"BatchExecuteStatement"}


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
    client = _client(endpoint, attempts)
    return client, LossyNetwork(client)


def _client(endpoint: str, attempts: int) -> "DynamoDBClient":
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
    )


class FaultyNetwork:
    """Wraps a client's connection and makes seeded trouble on it, of every kind that DynamoDB's callers meet.

    Attributes:
        rate: Which share of the requests meets a fault, 0 to 1.
        met: How often each kind of fault was met.
    """

    def __init__(self, client: Any, seed: int, rate: float) -> None:
        self.rate = rate
        self.met: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._session = client._endpoint.http_session
        client._endpoint.http_session = self

    def send(self, request: Any) -> Any:
        faults: dict[str, Callable[[Any], Any]] = {
            "throttled": self._throttled,
            "lost answer": self._lost_answer,
            "timed out": self._timed_out,
            "reset": self._reset,
            "sent twice": self._sent_twice,
        }
        match _operation(request):
            case "BatchGetItem":
                faults["left unread"] = self._left_unread
            case "BatchWriteItem":
                faults["left unwritten"] = self._left_unwritten
            case "BatchExecuteStatement":
                faults["members throttled"] = self._members_throttled
        if self._random.random() >= self.rate:
            return self._session.send(request)
        kind = self._random.choice(sorted(faults))
        self.met[kind] += 1
        return faults[kind](request)

    def _throttled(self, request: Any) -> Any:
        name = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
        return _answer(request, 400, {"__type": name, "message": "slow down"})

    def _lost_answer(self, request: Any) -> Any:
        self._session.send(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    def _timed_out(self, request: Any) -> Any:
        raise ReadTimeoutError(endpoint_url=request.url)

    def _reset(self, request: Any) -> Any:
        raise ConnectionClosedError(endpoint_url=request.url)

    def _sent_twice(self, request: Any) -> Any:
        """What botocore's own retry after a lost answer is to the server, without its pause."""
        self._session.send(request)
        return self._session.send(request)

    def _left_unread(self, request: Any) -> Any:
        asked = json.loads(request.body)["RequestItems"]
        [(table, wanted)] = asked.items()
        left = [key for key in wanted["Keys"] if self._random.random() < 0.5]
        read = [key for key in wanted["Keys"] if key not in left]
        found = []
        if read:
            answer = self._session.send(_with_body(request, {"RequestItems": {table: {**wanted, "Keys": read}}}))
            found = json.loads(answer.content)["Responses"][table]
        unread = {table: {**wanted, "Keys": left}} if left else {}
        return _answer(request, 200, {"Responses": {table: found}, "UnprocessedKeys": unread})

    def _left_unwritten(self, request: Any) -> Any:
        return _answer(request, 200, {"UnprocessedItems": json.loads(request.body)["RequestItems"]})

    def _members_throttled(self, request: Any) -> Any:
        body = json.loads(request.body)
        throttled = [self._random.random() < 0.5 for _ in body["Statements"]]
        sent = [statement for statement, stopped in zip(body["Statements"], throttled, strict=True) if not stopped]
        answers = iter(())
        if sent:
            answer = self._session.send(_with_body(request, {**body, "Statements": sent}))
            answers = iter(json.loads(answer.content)["Responses"])
        refused = {"Error": {"Code": "ThrottlingError", "Message": "slow down"}}
        return _answer(request, 200, {"Responses": [refused if stopped else next(answers) for stopped in throttled]})

    def close(self) -> None:
        self._session.close()


def faulty(endpoint: str, seed: int, rate: float) -> "tuple[DynamoDBClient, FaultyNetwork]":
    """A DynamoDB client over such a network; it retries nothing itself.

    Args:
        endpoint: The server's address.
        seed: The same one makes the same trouble for the same requests.
        rate: Which share of the requests meets a fault, 0 to 1.
    """
    client = _client(endpoint, attempts=1)
    return client, FaultyNetwork(client, seed, rate)


def _operation(request: Any) -> str:
    name: bytes = request.headers["X-Amz-Target"].split(b".")[1]
    return name.decode()


def _with_body(request: Any, body: Any) -> AWSPreparedRequest:
    """The same request with other content; DynamoDB Local looks at no signature."""
    content = json.dumps(body).encode()
    headers: Any = HeadersDict({**request.headers, "Content-Length": str(len(content))})
    return AWSPreparedRequest(request.method, request.url, headers, content, stream_output=False)


def _answer(request: Any, status: int, body: Any) -> AWSResponse:
    headers: Any = HeadersDict({"Content-Type": "application/x-amz-json-1.0"})
    return AWSResponse(request.url, status, headers, _Content(json.dumps(body).encode()))


class _Content:
    """An answer's content as urllib3 gives it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> "Iterator[bytes]":
        yield self._content
