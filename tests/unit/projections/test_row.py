"""A row's position in the list, and the state that it stores."""

from events.codec import decode
from events.customer import Erased, evolve
from projections.row import Row, row_of
from tests.samples import created


def row(customer_id: str | None = None, second: int = 0) -> Row:
    event = created(customer_id, second=second)
    return row_of(evolve(None, event, decode(event)), 1)


def listing_order(customer_id: str, second: int) -> str:
    listing = row(customer_id, second).listing
    assert listing
    return listing.order


def test_customers_sort_by_creation_time_before_id() -> None:
    assert listing_order("z", 1) < listing_order("a", 2)


def test_customers_created_at_the_same_instant_sort_by_id() -> None:
    assert listing_order("a", 1) < listing_order("b", 1)


def test_an_erased_customers_row_has_no_listing_and_keeps_its_version() -> None:
    erased = row_of(Erased("c-1", 4), 1)

    assert (erased.listing, erased.version, erased.state()) == (None, 4, Erased("c-1", 4))


def test_a_row_returns_the_customer_that_it_was_built_from() -> None:
    event = created()
    customer = evolve(None, event, decode(event))

    assert row_of(customer, 1).state() == customer
