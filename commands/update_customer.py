"""Update a customer: `UpdateCustomer` replaces the details and is decided into `CustomerUpdated`.

Without an Idempotency-Key that is so only if a detail is new. With one it always is: the event is the only trace by
which a repeat is recognised, and one that comes after somebody else's change would otherwise undo it.
"""

from commands.context import Context
from commands.fields import PersonalDetails
from commands.handling import Decision, Pause, carry_out
from events.claims import move_claim
from events.customer import Customer, CustomerUpdated, State
from events.history import BrokenHistory, require_folded
from events.store import EventStore
from shared.http.problems import NotFound


class UpdateCustomer(PersonalDetails):
    """Please replace this customer's details by these."""


def decide(state: State, command: UpdateCustomer, *, keyed: bool) -> Decision | None:
    """What happens when a customer's details are replaced.

    Args:
        state: The customer as they are.
        command: The details wanted.
        keyed: Whether the command must leave an event by which its repeats are recognised.

    Returns:
        None where they are so already and nothing need be left.

    Raises:
        NotFound: The customer was erased.
    """
    customer = _not_erased(state)
    details = command.model_dump()
    if not keyed and customer.model_dump(include=set(details)) == details:
        return None
    return Decision(CustomerUpdated(**details), move_claim(customer.email, command.email))


def update_customer(
    command: UpdateCustomer, store: EventStore, customer_id: str, context: Context, pause: Pause
) -> Customer:
    """Carry the command out; see `carry_out` for what it takes and raises.

    Returns:
        The customer as this command left them.
    """

    def decided(state: State | BrokenHistory) -> Decision | None:
        return decide(require_folded(state), command, keyed=context.keyed)

    return _not_erased(carry_out(decided, store, customer_id, context, pause))


def _not_erased(state: State) -> Customer:
    if not isinstance(state, Customer):
        raise NotFound("There is no customer with this id.")
    return state
