"""The events of one customer, and the fold that makes a customer of them.

    CustomerCreated ──evolve──> Customer (version 1)

Event models are stored shapes: a field, once written, is never renamed or removed here.
"""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from events.envelope import Event


class CustomerEvent(BaseModel):
    """What every event of a customer has in common."""

    model_config = ConfigDict(frozen=True)

    schema_version: ClassVar[int]

    @classmethod
    def type(cls) -> str:
        """The event's name in the log."""
        return cls.__name__


class CustomerCreated(CustomerEvent):
    """A person became a customer."""

    schema_version: ClassVar[int] = 1

    full_name: str
    email: str
    birth: date
    city: str
    country: str


class Customer(BaseModel):
    """A customer as of one version; also the document that the API shows.

    Attributes:
        version: How many events made it.
        created_at: RFC 3339, UTC, 27 characters.
        updated_at: When its newest event occurred; likewise.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    full_name: str
    email: str
    birth: date
    city: str
    country: str
    version: int
    created_at: str
    updated_at: str

    def document(self) -> str:
        """This customer as the JSON text that is stored once and answered as it is."""
        return self.model_dump_json()


class OutOfOrder(Exception):
    """An event was applied to a state that is not the one just before it."""


def evolve(customer: Customer | None, event: Event, data: CustomerEvent) -> Customer:
    """Apply one event.

    Args:
        customer: The state before it; None before the first.
        event: Its envelope.
        data: Its decoded data.

    Raises:
        OutOfOrder: The event is not the next one of this customer.
    """
    version = customer.version if customer else 0
    if event.version != version + 1:
        raise OutOfOrder(f"{event.type} is version {event.version}, and the customer is at {version}")
    match data:
        case CustomerCreated():
            return Customer(
                id=event.customer_id,
                **data.model_dump(),
                version=event.version,
                created_at=event.occurred_at,
                updated_at=event.occurred_at,
            )
        case _:
            raise OutOfOrder(f"{event.type} has no meaning for a customer")
