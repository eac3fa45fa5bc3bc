"""Create a customer: `CreateCustomer` is decided into `CustomerCreated` and appended."""

from pydantic import BaseModel, ConfigDict

from commands.context import Context
from commands.fields import Birth, City, Country, Email, FullName
from events.codec import encode
from events.customer import Customer, CustomerCreated, evolve
from events.store import EventStore
from shared.runtime.clock import timestamp


class CreateCustomer(BaseModel):
    """Please make this person a customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    full_name: FullName
    email: Email
    birth: Birth
    city: City
    country: Country


def decide(command: CreateCustomer) -> CustomerCreated:
    """What happens when a new customer is asked for."""
    return CustomerCreated(**command.model_dump())


def create_customer(command: CreateCustomer, store: EventStore, customer_id: str, context: Context) -> Customer:
    """Append the decision.

    Args:
        command: Valid by its type.
        store: Where the event goes.
        customer_id: A new one.
        context: Who asks, when, and under which ids.

    Returns:
        The customer at version 1.

    Raises:
        VersionConflict: The id is taken.
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
    store.append([event], expected_version=0)
    return evolve(None, event, data)
