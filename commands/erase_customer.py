"""Erase a customer: the personal data is removed, and the history of events remains.

One transaction appends `CustomerErased`, releases the e-mail address and redacts the earlier events. A history that is
too long for one transaction is redacted to the end afterwards. If that is interrupted, any later attempt finishes it,
because each attempt checks all events of the erased customer.

An unreadable event, or a history that cannot be folded, does not prevent an erasure. It needs only the versions of the
events and the addresses in them.
"""

from dataclasses import dataclass
from functools import partial

from commands.context import Context
from commands.handling import Decision, Pause, carry_out
from events.claims import move_claim, release_all
from events.customer import CustomerErased, Erased, State
from events.history import BrokenHistory, unredacted
from events.store import EventStore, StoreBusy
from shared.http.problems import Contended


@dataclass(frozen=True, slots=True)
class EraseCustomer:
    """Erase a customer's personal data."""


def decide(command: EraseCustomer, state: State | BrokenHistory) -> Decision | None:  # noqa: ARG001 - see create_customer
    """Decide what erasing a customer changes.

    Returns:
        None if the customer is already erased.
    """
    if isinstance(state, Erased):
        return None
    if isinstance(state, BrokenHistory):
        # It is unknown which address is current. The store leaves those alone that another customer holds now.
        return Decision(CustomerErased(), release_all(state.emails), state.versions)
    return Decision(CustomerErased(), move_claim(state.email, None), tuple(range(1, state.version + 1)))


def erase_customer(
    command: EraseCustomer, store: EventStore, customer_id: str, context: Context, pause: Pause
) -> State:
    """Carry the command out and finish what an earlier attempt may have left; see `carry_out` for arguments and errors.

    Erasing an erased customer again is no error, whatever version the caller has seen.

    Returns:
        The erased customer.
    """
    erased = carry_out(partial(decide, command), store, customer_id, context, pause)
    try:
        finish_erasure(store, customer_id)
    except StoreBusy:
        raise Contended from None
    return erased


def finish_erasure(store: EventStore, customer_id: str) -> int:
    """Redact every event of an erased customer that still has data.

    Returns:
        The number of events that had data left.
    """
    remaining = unredacted(store.read(customer_id))
    store.redact(customer_id, remaining)
    return len(remaining)
