"""Which failures a retry can cure.

A curable one goes back to the event source mapping, which tries again. An incurable one parks its customer: trying
again would only hold up all others.
"""

from botocore.exceptions import BotoCoreError, ClientError

from events.codec import UnreadableEvent
from events.customer import OutOfOrder
from projections.read_model import ReadModelBusy


def is_curable(error: Exception) -> bool:
    """Whether trying again may succeed without anybody changing the code or the data.

    Args:
        error: As raised while a customer's events were projected. What a service answered counts as curable, also a
            missing permission: it is no fault of this customer, and parking everyone in turn would mend nothing.
    """
    return isinstance(error, BotoCoreError | ClientError | ReadModelBusy)


def reason_of(error: Exception) -> str:
    """Why a customer is parked, without anything personal.

    Args:
        error: An incurable one. The text of an unexpected error stays out, as it may quote the data.
    """
    if isinstance(error, UnreadableEvent):
        return error.reason
    if isinstance(error, OutOfOrder):
        return str(error)
    return f"the fold raised {type(error).__name__}"
