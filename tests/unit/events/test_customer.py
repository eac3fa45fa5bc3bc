"""The fold of a customer."""

import json

import pytest

from events.codec import decode
from events.customer import CustomerEvent, OutOfOrder, evolve
from tests.samples import created


def test_created_makes_a_customer_at_version_1() -> None:
    event = created("c-1", second=3)

    customer = evolve(None, event, decode(event))

    assert json.loads(customer.document()) == {
        "id": "c-1",
        "full_name": "Ada Lovelace",
        "email": "ada@example.com",
        "birth": "1990-05-17",
        "city": "London",
        "country": "United Kingdom",
        "version": 1,
        "created_at": "2026-05-17T09:30:03.000000Z",
        "updated_at": "2026-05-17T09:30:03.000000Z",
    }


def test_an_event_applies_only_onto_the_version_before_it() -> None:
    event = created("c-1")
    customer = evolve(None, event, decode(event))

    with pytest.raises(OutOfOrder, match="version 1, and the customer is at 1"):
        evolve(customer, event, decode(event))
    later = created("c-1", version=3)
    with pytest.raises(OutOfOrder, match="version 3, and the customer is at 1"):
        evolve(customer, later, decode(later))


def test_an_event_without_a_meaning_is_refused_rather_than_passed_over() -> None:
    class CustomerTeleported(CustomerEvent):
        schema_version = 1

    with pytest.raises(OutOfOrder, match="no meaning"):
        evolve(None, created(), CustomerTeleported())
