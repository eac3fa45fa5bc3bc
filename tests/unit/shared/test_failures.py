"""Which failures time can cure."""

import pytest
from botocore import exceptions as core
from botocore.exceptions import ClientError

from events.store import StoreBusy
from projections.generations import GenerationsChanged, WrongStep
from projections.maintenance.rebuild import RebuildFailed
from projections.read_model import ReadModelBusy
from shared.runtime.failures import PERMANENT_CODES, is_transient
from shared.runtime.key_reads import KeysUnread


def answered(code: str, *reasons: str) -> ClientError:
    response = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
    return ClientError(response, "Query")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        answered("ThrottlingException"),
        answered("ProvisionedThroughputExceededException"),
        answered("InternalServerError"),
        answered("ResourceNotFoundException"),
        answered("AccessDeniedException"),
        answered("ExpiredTokenException"),
        answered("NeverHeardOfException"),
        answered("TransactionCanceledException", "None", "TransactionConflict"),
        core.ReadTimeoutError(endpoint_url="https://x"),
        core.EndpointConnectionError(endpoint_url="https://x"),
        core.NoCredentialsError(),
        ConnectionResetError(),
        TimeoutError(),
        MemoryError(),
        StoreBusy("x"),
        KeysUnread("x"),
        ReadModelBusy("x"),
        GenerationsChanged("x"),
        RebuildFailed("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_these_may_pass(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        *map(answered, sorted(PERMANENT_CODES)),
        answered("TransactionCanceledException", "None", "ValidationError"),
        core.ParamValidationError(report="x"),
        core.RangeError(value=1, param="p", min_value=2, max_value=3),
        WrongStep("x"),
        KeyError("x"),
        ValueError("x"),
        RecursionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_these_never_pass(error: Exception) -> None:
    assert not is_transient(error)
