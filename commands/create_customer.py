"""Create a customer: `CreateCustomer` is decided into `CustomerCreated` and appended.

The event itself is the idempotency record: the customer's id derives from the caller and the Idempotency-Key, and the
request's hash stands in the event's metadata. So a repeat finds the first try's event in its way, atomically and for
ever, without another store or another write.
"""

from commands.context import Context
from commands.fields import PersonalDetails
from commands.handling import append_or_refuse
from events.claims import move_claim
from events.codec import decode, encode
from events.customer import Customer, CustomerCreated, evolve
from events.envelope import Event
from events.store import EventStore, VersionConflict
from shared.http.problems import Gone
from shared.runtime.clock import timestamp


class CreateCustomer(PersonalDetails):
    """Please make this person a customer."""


def decide(command: CreateCustomer) -> CustomerCreated:
    """What happens when a new customer is asked for."""
    return CustomerCreated(**command.model_dump())


def create_customer(command: CreateCustomer, store: EventStore, customer_id: str, context: Context) -> Customer:
    """Append the decision, or find that an earlier try did.

    Args:
        command: Valid by its type.
        store: Where the event goes.
        customer_id: A new one, or the one that derives from the Idempotency-Key.
        context: Who asks, when, and under which ids.

    Returns:
        The customer at version 1, as the first try made it.

    Raises:
        FieldTaken: The e-mail is another customer's.
        KeyReused: The Idempotency-Key came before with other content.
        Gone: An earlier try of this command made a customer who has since been erased.
        Contended: Too many write at once; nothing was written.
        VersionConflict: The id is taken by another command, which no derived or random id ever is.
    """
    data = decide(command)
    event = encode(
        data,
        customer_id=customer_id,
        version=1,
        event_id=context.event_id,
        occurred_at=timestamp(context.now),
        metadata=context.metadata,
    )
    try:
        append_or_refuse(store, event, move_claim(None, command.email))
    except VersionConflict as conflict:
        if conflict.stored is None or not context.caused(conflict.stored):
            raise
        event = conflict.stored
    return _as_created(event)


def _as_created(event: Event) -> Customer:
    customer = evolve(None, event, decode(event))
    if not isinstance(customer, Customer):
        raise Gone("The customer that this request made was erased. Send a new Idempotency-Key to make another one.")
    return customer
