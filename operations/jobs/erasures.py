"""Finishes erasures that were cut: the one way from the commands to the redaction of events."""

from commands.finish_erasures import finish_erasure
from events.store import StoreBusy
from operations.stack import Stack


def finish(stack: Stack, customer_id: str) -> bool:
    """Redact what is left of an erased customer's events. This is safe to repeat, and beside the erasure itself.

    Returns:
        Whether nothing is left.
    """
    try:
        finish_erasure(stack.store, stack.erasures, customer_id, lambda: True)
    except StoreBusy:
        return False
    return True
