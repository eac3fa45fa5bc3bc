"""Why a customer is parked.

A failure that `shared.runtime.failures` calls transient goes back to the event source mapping, which tries again. A
permanent one parks its customer: retrying it would only delay everyone else.
"""

from events.codec import UnreadableEvent
from events.customer import OutOfOrder


class RowRefused(Exception):
    """DynamoDB refuses the row that an event leads to at every try, for example because it is larger than 400 KB."""

    def __init__(self) -> None:
        super().__init__("the read table refuses the row")


def park_reason(error: Exception) -> str:
    """Describe a permanent failure without personal data. The text of an unexpected error may quote the data, so only
    its type is named.
    """
    if isinstance(error, UnreadableEvent):
        return error.reason
    if isinstance(error, OutOfOrder | RowRefused):
        return str(error)
    return f"the fold raised {type(error).__name__}"
