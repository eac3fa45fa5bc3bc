"""Reading one customer."""

import pytest

from events.codec import decode
from events.customer import Erased, evolve
from projections.generations import FIRST_GENERATION
from projections.row import row_of
from queries.get_customer import get_customer
from queries.read_your_writes import Clock
from shared.http.problems import NotFound
from tests.fakes.read_model import InMemoryReadModel, reader_over
from tests.samples import created

NEVER_WAITS = Clock(now=lambda: 0.0, sleep=lambda _: None)
ID = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"


def test_a_customer_is_found_by_id() -> None:
    read_model = InMemoryReadModel()
    event = created(ID)
    row = row_of(evolve(None, event, decode(event)), FIRST_GENERATION)
    read_model.stored[ID, FIRST_GENERATION] = row

    assert get_customer(ID, reader_over(read_model), None, NEVER_WAITS) == (row.listing, 1)


def test_the_id_is_found_in_capitals_too() -> None:
    read_model = InMemoryReadModel()
    event = created(ID)
    read_model.stored[ID, FIRST_GENERATION] = row_of(evolve(None, event, decode(event)), FIRST_GENERATION)

    listing, _ = get_customer(ID.upper(), reader_over(read_model), None, NEVER_WAITS)

    assert f'"id":"{ID}"' in listing.document.replace(" ", "")


def test_an_erased_customer_is_not_found() -> None:
    read_model = InMemoryReadModel()
    read_model.stored[ID, FIRST_GENERATION] = row_of(Erased(ID, 2), FIRST_GENERATION)

    with pytest.raises(NotFound):
        get_customer(ID, reader_over(read_model), None, NEVER_WAITS)


@pytest.mark.parametrize("customer_id", [ID, "", "nope", ID.upper(), ID + "0", "#active-generation", "x" * 5000, "🙂"])
def test_an_unknown_or_malformed_id_is_not_found(customer_id: str) -> None:
    with pytest.raises(NotFound):
        get_customer(customer_id, reader_over(InMemoryReadModel()), None, NEVER_WAITS)
