"""The fold of a customer."""

import json
from dataclasses import replace

import pytest

from events.codec import REDACTED, decode
from events.customer import Customer, CustomerEvent, Erased, OutOfOrder, evolve
from events.envelope import Event, Unreadable
from events.history import fold, states
from tests.samples import PERSON, created, erased, history, updated


def test_created_results_in_a_customer_at_version_1() -> None:
    customer = fold([created("c-1", second=3)])

    assert isinstance(customer, Customer)
    assert json.loads(customer.document()) == {
        "id": "c-1",
        **PERSON,
        "version": 1,
        "created_at": "2026-05-17T09:30:03.000000Z",
        "updated_at": "2026-05-17T09:30:03.000000Z",
    }


class LaterCustomer(Customer):
    """A customer of a release with one more field, which need not be given."""

    nickname: str | None = None


def test_a_document_has_no_field_without_a_value() -> None:
    """Whether this release knows the field or not, so that both releases write the same row."""
    fields = {"id": "c-1", **PERSON, "version": 1, "created_at": "then", "updated_at": "now"}

    assert json.loads(LaterCustomer.model_validate(fields).document()) == fields
    assert json.loads(Customer.model_validate({**fields, "nickname": None, "title": "Dr"}).document()) == {
        **fields,
        "title": "Dr",
    }


def test_updated_replaces_the_details_and_keeps_created_at() -> None:
    customer = fold([created("c-1"), updated("c-1", 2, city="Paris")])

    assert isinstance(customer, Customer)
    assert (customer.city, customer.version) == ("Paris", 2)
    assert (customer.created_at, customer.updated_at) == ("2026-05-17T09:30:00.000000Z", "2026-05-17T09:30:02.000000Z")


def test_erased_removes_everything_else() -> None:
    assert fold([*history("c-1", 2), erased("c-1", 3)]) == Erased("c-1", 3)


def test_nothing_brings_an_erased_customer_back() -> None:
    assert fold([created("c-1"), erased("c-1", 2), updated("c-1", 3)]) == Erased("c-1", 3)


def test_an_erased_history_is_folded_without_reading_its_events() -> None:
    unknown = replace(updated("c-1", 2), type="CustomerTeleported")
    bad_row = Unreadable("c-1", 3, "the row is not an event: KeyError")

    assert [*states([created("c-1"), unknown, bad_row, erased("c-1", 5), replace(unknown, version=6)])] == [
        Erased("c-1", version) for version in (1, 2, 3, 5, 6)
    ]
    assert fold([unknown, bad_row], Erased("c-1", 1)) == Erased("c-1", 3)


@pytest.mark.parametrize("redacted", [{1}, {2}, {1, 2}, {1, 2, 3}])
def test_a_partly_or_fully_redacted_history_is_erased(redacted: set[int]) -> None:
    """A reader may see an unfinished erasure."""
    events = [*history("c-1", 3), erased("c-1", 4)]
    seen = [replace(event, data=REDACTED) if event.version in redacted else event for event in events]

    assert fold(seen) == Erased("c-1", 4)
    assert fold(seen[:-1]) == Erased("c-1", 3)


def test_an_event_applies_only_onto_the_version_before_it() -> None:
    first = created("c-1")
    customer = fold([first])

    for event in (first, updated("c-1", 3)):
        with pytest.raises(OutOfOrder, match=f"version {event.version} does not follow version 1"):
            evolve(customer, event, decode(event))


@pytest.mark.parametrize("events", [[updated("c-1", 1)], [created("c-1"), created("c-1", version=2)]])
def test_an_event_that_is_not_valid_in_its_state_is_refused(events: list[Event]) -> None:
    with pytest.raises(OutOfOrder, match="is not valid at version"):
        fold(events)


def test_an_unknown_event_is_refused_and_not_ignored() -> None:
    class CustomerTeleported(CustomerEvent):
        pass

    with pytest.raises(OutOfOrder, match="is not valid at version"):
        evolve(None, created(), CustomerTeleported())
