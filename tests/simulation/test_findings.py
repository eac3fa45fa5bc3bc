"""What the simulation found, each as a small test."""

from commands.context import Context
from commands.create_customer import CreateCustomer, create_customer
from commands.update_customer import NewDetails, UpdateCustomer, update_customer
from events.envelope import Metadata
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import START, valid_body

CUSTOMER = "7d3f0c9e-52f1-4a5b-9c39-0f2f7f1d2a10"


def context(command: str, event: str) -> Context:
    return Context(START, event, Metadata(command, command, "user-1", command), keyed=True)


def test_a_repeated_update_that_changed_nothing_does_not_undo_what_came_after_it() -> None:
    store = InMemoryEventStore()
    details = NewDetails.model_validate(valid_body(), context={"today": START.date()})
    other = NewDetails.model_validate(valid_body(city="Paris"), context={"today": START.date()})
    same = UpdateCustomer(details, keyed=True)
    create_customer(CreateCustomer(**valid_body()), store, CUSTOMER, context("create", "e-1"))
    first = update_customer(same, store, CUSTOMER, context("key-1", "e-2"), lambda _: None)
    update_customer(UpdateCustomer(other, keyed=True), store, CUSTOMER, context("key-2", "e-3"), lambda _: None)

    again = update_customer(same, store, CUSTOMER, context("key-1", "e-4"), lambda _: None)

    assert again == first
    assert [event.version for event in store.read(CUSTOMER)] == [1, 2, 3]
