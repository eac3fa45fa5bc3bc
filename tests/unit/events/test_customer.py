"""The fold of a customer."""

import json
from dataclasses import replace

import pytest

from events.codec import REDACTED, decode
from events.customer import Customer, CustomerEvent, Erased, OutOfOrder, evolve
from events.envelope import Event, Unreadable
from events.history import fold, states
from tests.samples import PERSON, created, erased, history, updated


def test_created_makes_a_customer_at_version_1() -> None:
    customer = fold([created("c-1", second=3)])

    assert isinstance(customer, Customer)
    assert json.loads(customer.document()) == {
        "id": "c-1",
        **PERSON,
        "version": 1,
        "created_at": "2026-05-17T09:30:03.000000Z",
        "updated_at": "2026-05-17T09:30:03.000000Z",
    }


def test_updated_replaces_the_details_and_keeps_the_beginning() -> None:
    customer = fold([created("c-1"), updated("c-1", 2, city="Paris")])

    assert isinstance(customer, Customer)
    assert (customer.city, customer.version) == ("Paris", 2)
    assert (customer.created_at, customer.updated_at) == ("2026-05-17T09:30:00.000000Z", "2026-05-17T09:30:02.000000Z")


def test_erased_is_all_that_is_left() -> None:
    assert fold([*history("c-1", 2), erased("c-1", 3)]) == Erased("c-1", 3)


def test_nothing_brings_an_erased_customer_back() -> None:
    assert fold([created("c-1"), erased("c-1", 2), updated("c-1", 3)]) == Erased("c-1", 3)


def test_an_erasure_needs_no_other_event_to_be_read() -> None:
    strange = replace(updated("c-1", 2), type="CustomerTeleported")
    no_event = Unreadable("c-1", 3, "the row is not an event: KeyError")

    assert [*states([created("c-1"), strange, no_event, erased("c-1", 5), replace(strange, version=6)])] == [
        Erased("c-1", version) for version in (1, 2, 3, 5, 6)
    ]
    assert fold([strange, no_event], Erased("c-1", 1)) == Erased("c-1", 3)


@pytest.mark.parametrize("redacted", [{1}, {2}, {1, 2}, {1, 2, 3}])
def test_a_history_that_is_redacted_in_part_or_whole_is_an_erased_one(redacted: set[int]) -> None:
    """Readers may see an erasure half done."""
    events = [*history("c-1", 3), erased("c-1", 4)]
    seen = [replace(event, data=REDACTED) if event.version in redacted else event for event in events]

    assert fold(seen) == Erased("c-1", 4)
    assert fold(seen[:-1]) == Erased("c-1", 3)


def test_an_event_applies_only_onto_the_version_before_it() -> None:
    first = created("c-1")
    customer = fold([first])

    for event in (first, updated("c-1", 3)):
        with pytest.raises(OutOfOrder, match=f"version {event.version}, and the customer is at 1"):
            evolve(customer, event, decode(event))


@pytest.mark.parametrize("events", [[updated("c-1", 1)], [created("c-1"), created("c-1", version=2)]])
def test_an_event_that_makes_no_sense_is_refused(events: list[Event]) -> None:
    with pytest.raises(OutOfOrder, match="makes no sense"):
        fold(events)


def test_an_event_without_a_meaning_is_refused_rather_than_passed_over() -> None:
    class CustomerTeleported(CustomerEvent):
        pass

    with pytest.raises(OutOfOrder, match="makes no sense"):
        evolve(None, created(), CustomerTeleported())
