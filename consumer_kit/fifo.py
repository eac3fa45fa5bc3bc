"""What a message to a FIFO queue must have besides. Messages to a standard queue need nothing."""

from typing import Any, Final

_FIFO: Final = ".fifo"
# The group of messages that do not name a customer.
_NO_CUSTOMER: Final = "no-customer"


def parameters(queue_url: str, customer_id: str, unique: str) -> dict[str, Any]:
    """Return the further arguments of SendMessage.

    Args:
        queue_url: The URL of the queue; that of a FIFO queue ends in `.fifo`.
        customer_id: The messages of one customer stay in order; empty if the message names none.
        unique: Differs for every message that must arrive: SQS drops a message whose text it has seen in the last five
            minutes. At most 128 letters, digits and punctuation characters.
    """
    if not queue_url.endswith(_FIFO):
        return {}
    return {"MessageGroupId": customer_id or _NO_CUSTOMER, "MessageDeduplicationId": unique}
