"""Decides which failures time can cure, for all that repeats work: the projector, the publisher and the rebuild.

A transient failure may pass without a change to code or data: a throttled table, a lost response, a missing permission
that an operator restores. It goes back to whatever delivers the work, for as long as it takes. A permanent failure
returns at every try, so trying again only delays the work behind it: it is set aside where an operator sees it.
"""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, ValidationError

from shared.runtime.errors import TransientFailure

# The service rejects what the request contains, so it will reject it again. DynamoDB developer guide, "Error handling
# with DynamoDB": the errors that are not to be retried, without those of a permission, a table or a quota. API
# reference: "BatchStatementError" for one statement, "PutEvents" and "PutEventsResultEntry" for an event; a request to
# EventBridge that is too large gets 413.
PERMANENT_CODES: Final = frozenset(
    {
        "ValidationException", "ValidationError", "SerializationException", "ItemCollectionSizeLimitExceeded",
        "ItemCollectionSizeLimitExceededException", "InvalidArgument", "MalformedDetail", "RequestEntityTooLarge",
        "413",
    }
)  # fmt: skip


def is_transient(error: BaseException) -> bool:
    """Whether a retry may succeed without a change to the code or the data.

    An error of a service counts as transient, even a missing permission or table: one request did not cause it, so
    setting that request aside would fix nothing. It is permanent only if the service rejects what the request contains.
    So is every error that is neither a service's nor the machine's: our code raised it, and would raise it again.
    """
    if isinstance(error, ClientError):
        return not _codes(error.response) & PERMANENT_CODES
    if isinstance(error, ParamValidationError | ValidationError):
        return False
    # OSError includes lost connections; memory depends on what else the function does.
    return isinstance(error, BotoCoreError | TransientFailure | OSError | MemoryError)


def _codes(response: Mapping[str, Any]) -> frozenset[str]:
    """The codes of an error and, for a cancelled transaction, of its items."""
    reasons = response.get("CancellationReasons") or ()
    return frozenset({response["Error"]["Code"], *(reason.get("Code") for reason in reasons)})
