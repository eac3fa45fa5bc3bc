"""Which problem an exception is: the one place where errors become answers."""

from typing import Final

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from shared.http.problems import Problem, Unavailable, Unexpected

# DynamoDB docs, "Error handling": these pass by themselves, and the client has already tried a few times.
_PASSING: Final = frozenset(
    {"InternalServerError", "LimitExceededException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
     "ServiceUnavailable", "ThrottlingException", "TransactionInProgressException"}
)  # fmt: skip


def problem_of(error: Exception) -> Problem:
    """The problem to answer with.

    Args:
        error: Whatever a use case raised.

    Returns:
        The error itself where it is a problem; Unavailable where a service behind us did not answer or is overloaded;
        Unexpected for all else.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPClientError | NoConnection):
        return Unavailable()
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _PASSING:
        return Unavailable()
    return Unexpected()
