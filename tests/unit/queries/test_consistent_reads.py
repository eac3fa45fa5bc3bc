"""Which reads of the read table are strongly consistent: those that follow a write that the caller knows of."""

import pytest

from projections.generations import FIRST_GENERATION
from projections.read_model import Reader
from projections.row import Listing, Row
from queries.get_all_customers import GetAllCustomers, get_all_customers
from queries.get_customer import get_customer
from queries.read_your_writes import Clock, ReadAfter
from shared.http.consistency import ConsistencyToken
from tests.fakes.read_model import InMemoryGenerations, InMemoryReadModel
from tests.fakes.signing_keys import KEYS

ID = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"
OTHER = "1d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"
STILL = Clock(now=lambda: 0.0, sleep=lambda _: None)


class RecordingReadModel(InMemoryReadModel):
    """Records each single read: the customer, and whether it was consistent."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[tuple[str, bool]] = []
        for customer_id in (ID, OTHER):
            self.stored[customer_id, FIRST_GENERATION] = Row(
                customer_id, FIRST_GENERATION, 1, Listing("{}", f"2026#{customer_id}")
            )

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        self.reads.append((customer_id, consistent))
        return super().get(customer_id, generation, consistent=consistent)


@pytest.mark.parametrize(
    ("token", "reads"),
    [(None, [(ID, False)]), (ID, [(ID, True)]), (OTHER, [(OTHER, True), (ID, True)])],
    ids=["none", "own", "of another customer"],
)
def test_a_customer_is_read_consistently_after_any_write(token: str | None, reads: list[tuple[str, bool]]) -> None:
    """The token of another customer names a write of the caller too, and what that write caused must be seen."""
    rows = RecordingReadModel()
    after = ReadAfter(ConsistencyToken(token, 1), 2) if token else None

    get_customer(ID, Reader(rows, InMemoryGenerations()), after, STILL)

    assert rows.reads == reads


def test_the_row_that_a_list_waits_for_is_read_consistently() -> None:
    rows = RecordingReadModel()
    after = ReadAfter(ConsistencyToken(ID, 1), 2)

    get_all_customers(GetAllCustomers(), Reader(rows, InMemoryGenerations()), KEYS, after, STILL)

    assert rows.reads == [(ID, True)]
