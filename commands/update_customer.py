"""Update a customer: `UpdateCustomer` replaces the details and is decided into `CustomerUpdated`.

Without an Idempotency-Key, an update that changes nothing appends no event. With a key it does: a repeat is recognised
by its event alone, and without one it would undo a change that another writer made in between. `carry_out` limits how
many such events follow each other.
"""

from dataclasses import dataclass
from functools import partial

from pydantic import ConfigDict

from commands.context import Context
from commands.fields import PersonalDetails
from commands.handling import Decision, Pause, carry_out
from events.claims import move_claim
from events.customer import Customer, CustomerUpdated, State
from events.history import BrokenHistory, require_folded
from events.store import EventStore
from shared.http.problems import NotFound


class NewDetails(PersonalDetails):
    """Replace this customer's details with these."""

    # The schema's name in the API description.
    model_config = ConfigDict(title="UpdateCustomer")


@dataclass(frozen=True, slots=True)
class UpdateCustomer:
    """Replace a customer's details.

    Attributes:
        keyed: Whether the command has an Idempotency-Key.
    """

    details: PersonalDetails
    keyed: bool = False


def decide(command: UpdateCustomer, state: State | BrokenHistory) -> Decision | None:
    """Decide what replacing a customer's details changes.

    Returns:
        None if the command is not keyed and no detail is new.

    Raises:
        NotFound: The customer was erased.
        Exception: The customer's events cannot be folded.
    """
    customer = _not_erased(require_folded(state))
    details = command.details.model_dump()
    changes_nothing = customer.model_dump(include=set(details)) == details
    if changes_nothing and not command.keyed:
        return None
    claims = move_claim(customer.email, command.details.email)
    return Decision(CustomerUpdated(**details), claims, changes_nothing=changes_nothing)


def update_customer(
    command: UpdateCustomer, store: EventStore, customer_id: str, context: Context, pause: Pause
) -> Customer:
    """Carry the command out; see `carry_out` for arguments and errors.

    Returns:
        The customer as this command left them.
    """
    return _not_erased(carry_out(partial(decide, command), store, customer_id, context, pause))


def _not_erased(state: State) -> Customer:
    if not isinstance(state, Customer):
        raise NotFound("There is no customer with this id.")
    return state
