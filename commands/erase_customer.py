"""Erase a customer: the person is forgotten, and what happened is not.

One transaction appends `CustomerErased`, releases the e-mail and takes the data out of the earlier events. A history
too long for one transaction is finished after it; if that is cut short, any later try finishes it, as an erased
customer's events are looked through every time.

An event that cannot be read, or a history that cannot be folded, does not stand in the way: what is needed is the
events' versions, and the addresses that stand in them.
"""

from typing import Final

from commands.context import Context
from commands.handling import Decision, Pause, carry_out
from events.claims import ClaimChange, email_claim, move_claim
from events.codec import REDACTED
from events.customer import CustomerErased, Erased, State
from events.history import BrokenHistory, is_erasure
from events.store import MOST_REDACTED_AT_ONCE, EventStore, StoreBusy
from shared.http.problems import Contended

# With the events that are redacted and the new one, what a transaction of 100 items holds.
MOST_RELEASED: Final = 9


def decide(state: State | BrokenHistory) -> Decision | None:
    """What happens when a customer is to be erased.

    Args:
        state: The customer as they are, or what can be told of them.

    Returns:
        None where they were erased already.
    """
    if isinstance(state, Erased):
        return None
    if isinstance(state, BrokenHistory):
        # Which address is theirs now nobody knows: those that are another's by now the store leaves alone.
        claims = tuple(dict.fromkeys(map(email_claim, state.emails)))
        return Decision(
            CustomerErased(), ClaimChange(release=claims[:MOST_RELEASED]), state.versions[-MOST_REDACTED_AT_ONCE:]
        )
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
    left = [record.version for record in history if not is_erasure(record) and record.data != REDACTED]
    store.redact(customer_id, left)
    return len(left)
