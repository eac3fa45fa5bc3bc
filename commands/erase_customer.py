"""Erase a customer: the person is forgotten, and what happened is not.

One transaction appends `CustomerErased`, releases the e-mail and takes the data out of the earlier events. A history
too long for one transaction is finished after it; if that is cut short, any later try finishes it, as an erased
customer's events are looked through every time.
"""

from commands.context import Context
from commands.handling import Decision, Pause, carry_out
from events.claims import move_claim
from events.codec import REDACTED
from events.customer import Customer, CustomerErased, State
from events.store import MOST_REDACTED_AT_ONCE, EventStore, StoreBusy
from shared.http.problems import Contended


def decide(state: State) -> Decision | None:
    """What happens when a customer is to be erased.

    Args:
        state: The customer as they are.

    Returns:
        None where they were erased already.
    """
    if not isinstance(state, Customer):
        return None
    versions = range(1, state.version + 1)
    return Decision(CustomerErased(), move_claim(state.email, None), tuple(versions[-MOST_REDACTED_AT_ONCE:]))


def erase_customer(store: EventStore, customer_id: str, context: Context, pause: Pause) -> State:
    """Carry the command out, and finish what an earlier try may have left.

    See `carry_out` for what it takes and raises; a customer who is erased already is no error, whatever was seen.

    Returns:
        The erased customer.
    """
    erased = carry_out(decide, store, customer_id, context, pause)
    try:
        finish_erasure(store, customer_id)
    except StoreBusy:
        raise Contended from None
    return erased


def finish_erasure(store: EventStore, customer_id: str) -> int:
    """Take the data out of every event of an erased customer that still has some.

    Args:
        store: The event store.
        customer_id: An erased customer.

    Returns:
        How many events had data left.
    """
    history = store.read(customer_id)
    left = [event.version for event in history if event.type != CustomerErased.type() and event.data != REDACTED]
    store.redact(customer_id, left)
    return len(left)
