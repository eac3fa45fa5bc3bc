"""Decides which failures a retry can fix.

A transient failure goes back to the event source mapping, which tries again. A permanent one parks its customer:
retrying it would only delay everyone else.
"""

from botocore.exceptions import BotoCoreError, ClientError

from events.codec import UnreadableEvent
from events.customer import OutOfOrder
from projections.read_model import ReadModelBusy


def is_transient(error: Exception) -> bool:
    """Whether a retry may succeed without a change to the code or the data.

    Every error that an AWS service returns counts as transient, even a missing permission: it is not caused by this
    customer, and parking all customers one by one would fix nothing.
    """
    return isinstance(error, BotoCoreError | ClientError | ReadModelBusy)


def park_reason(error: Exception) -> str:
    """Describe a permanent failure without personal data. The text of an unexpected error may quote the data, so only
    its type is named.
    """
    if isinstance(error, UnreadableEvent):
        return error.reason
    if isinstance(error, OutOfOrder):
        return str(error)
    return f"the fold raised {type(error).__name__}"
