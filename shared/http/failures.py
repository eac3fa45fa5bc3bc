"""Maps exceptions to problems. This is the only place that does."""

from typing import Final

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from shared.http.problems import Problem, Unavailable, Unexpected
from shared.runtime.signing import KeysUnavailable

# DynamoDB docs, "Error handling": these are temporary, and the client has already retried.
_TEMPORARY: Final = frozenset(
    {"InternalServerError", "LimitExceededException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
     "ServiceUnavailable", "ThrottlingException", "TransactionInProgressException"}
)  # fmt: skip


def problem_of(error: Exception) -> Problem:
    """The problem to respond with.

    Returns:
        The error itself if it is a problem; `Unavailable` if an AWS service did not respond or is overloaded; otherwise
        `Unexpected`.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPClientError | NoConnection | KeysUnavailable):
        return Unavailable()
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _TEMPORARY:
        return Unavailable()
    return Unexpected()
