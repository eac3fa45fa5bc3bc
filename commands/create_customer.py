"""Create a customer: `CreateCustomer` is decided into `CustomerCreated` and appended.

The event itself is the idempotency record. The customer's id derives from the caller and the Idempotency-Key, and the
event's metadata contains the request's hash. So a repeat conflicts with the first attempt's event, atomically and
forever, without another store or another write.
"""

from commands.context import Context
from commands.fields import PersonalDetails
from commands.handling import Decision, append_or_refuse, event_of, refuse_newer_events
from events.claims import move_claim
from events.codec import decode
from events.customer import Customer, CustomerCreated, evolve
from events.envelope import Event
from events.store import EventStore, VersionConflict
from shared.http.problems import Gone


class CreateCustomer(PersonalDetails):
    """Create a customer with these details."""


def decide(command: CreateCustomer, state: None) -> Decision:  # noqa: ARG001 - the signature of every decision
    """Decide what creating a customer changes.

    Args:
        command: The new customer's details.
        state: Always None. A customer who already exists is found when the event is appended.
    """
    return Decision(CustomerCreated(**command.model_dump()), move_claim(None, command.email))


def create_customer(command: CreateCustomer, store: EventStore, customer_id: str, context: Context) -> Customer:
    """Append the decision, or find that an earlier attempt already did.

    Args:
        customer_id: A new id, or the id that derives from the Idempotency-Key.

    Returns:
        The customer at version 1, as the first attempt created it.

    Raises:
        FieldTaken: Another customer has the e-mail address.
        KeyReused: The Idempotency-Key was used before with different content.
        Gone: An earlier attempt created the customer, who has been erased since.
        Contended: There are too many concurrent writes. Nothing was written.
        NewerRelease: A newer release carried out an earlier attempt.
        VersionConflict: The id belongs to another command, which never happens with derived or random ids.
    """
    decision = decide(command, None)
    event = event_of(decision, customer_id, 1, context)
    try:
        append_or_refuse(store, event, decision)
    except VersionConflict as conflict:
        if conflict.stored is None or not context.caused(conflict.stored):
            raise
        event = conflict.stored
    return _as_created(event)


def _as_created(event: Event) -> Customer:
    with refuse_newer_events():
        customer = evolve(None, event, decode(event))
    if not isinstance(customer, Customer):
        raise Gone(
            "The customer that this request created has been erased. Send a new Idempotency-Key to create another one."
        )
    return customer
