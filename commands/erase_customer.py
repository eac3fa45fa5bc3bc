"""Erase a customer: the personal data is removed, and the history of events remains.

One transaction appends `CustomerErased`, releases the e-mail address, redacts the newest events and notes that the
erasure is not finished. `FinishErasures` redacts the rest and removes the note (commands/finish_erasures.py). From the
transaction on, nothing that reads events gets the data of the others (`events.history.sealed`).

An unreadable event, or a history that cannot be folded, does not prevent an erasure. It needs only the versions of the
events and the addresses in them.
"""

from dataclasses import dataclass

from commands.context import Context
from commands.handling import Decision, Pause, carry_out
from events.claims import move_claim, release_all
from events.customer import CustomerErased, Erased, State
from events.history import BrokenHistory
from events.store import MOST_REDACTED_AT_ONCE, EventStore, StoreBusy
from shared.http.problems import Contended
from shared.runtime.clock import timestamp


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
    first = max(1, state.version + 1 - MOST_REDACTED_AT_ONCE)
    return Decision(CustomerErased(), move_claim(state.email, None), tuple(range(first, state.version + 1)))


def erase_customer(
    command: EraseCustomer, store: EventStore, customer_id: str, context: Context, pause: Pause
) -> State:
    """Carry the command out; see `carry_out` for arguments and errors.

    Erasing an erased customer again is no error, whatever version the caller has seen. It has the customer's events
    looked at once more, because something may have brought data back since, such as a repair from a backup.

    Returns:
        The erased customer.
    """

    def decided(state: State | BrokenHistory) -> Decision | None:
        decision = decide(command, state)
        if decision is None:
            _note_again(store, customer_id, context)
        return decision

    return carry_out(decided, store, customer_id, context, pause)


def _note_again(store: EventStore, customer_id: str, context: Context) -> None:
    try:
        store.note_erasure(customer_id, timestamp(context.now))
    except StoreBusy:
        raise Contended from None
