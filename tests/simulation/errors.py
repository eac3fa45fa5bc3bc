"""The errors that a DynamoDB client raises, in botocore's own classes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

_URL: Final = "https://dynamodb.example.com"


class Exceptions:
    """`client.exceptions`: a class for each error code, created on first use."""

    def __getattr__(self, code: str) -> type[ClientError]:
        made = type(code, (ClientError,), {})
        setattr(self, code, made)
        return made


EXCEPTIONS: Final = Exceptions()


def refused(code: str, operation: str, **beside: Any) -> ClientError:
    """An error response of DynamoDB."""
    made: type[ClientError] = getattr(EXCEPTIONS, code)
    answer: Any = {"Error": {"Code": code, "Message": "simulated"}, **beside}
    return made(answer, operation)


def cancelled(reasons: Sequence[Mapping[str, Any]]) -> ClientError:
    """A cancelled transaction."""
    return refused("TransactionCanceledException", "TransactWriteItems", CancellationReasons=list(reasons))


def trouble(kind: str, operation: str) -> Exception:
    """What the client finally raises for a fault of one kind."""
    match kind:
        case "throttle":
            return refused("ProvisionedThroughputExceededException", operation)
        case "unavailable":
            return refused("InternalServerError", operation)
        case "reset_before":
            return EndpointConnectionError(endpoint_url=_URL)
        case "timeout_before" | "late_effect":
            return ReadTimeoutError(endpoint_url=_URL)
        case _:
            return ConnectionClosedError(endpoint_url=_URL)
