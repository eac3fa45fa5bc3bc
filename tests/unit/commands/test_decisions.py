"""The pure decisions: given these events, when this command is decided, then this happens."""

from dataclasses import replace

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from commands.erase_customer import EraseCustomer
from commands.handling import Decision
from events.claims import NO_CLAIMS, ClaimChange, email_claim
from events.codec import UnreadableEvent
from events.customer import CustomerCreated, CustomerErased, CustomerUpdated, OutOfOrder
from events.envelope import Event, Unreadable
from events.store import MOST_REDACTED_AT_ONCE
from shared.http.problems import NotFound
from tests.samples import created, erased, history, updated, valid_body
from tests.unit.commands.scenario import CUSTOMER, creation, given, update

CREATED = created(CUSTOMER)
POISON = replace(updated(CUSTOMER, 2, email="new@example.com"), type="CustomerTeleported")
ADA = email_claim("ada@example.com")


def customer_created(**changes: str) -> CustomerCreated:
    return CustomerCreated.model_validate(valid_body(**changes))


def customer_updated(**changes: str) -> CustomerUpdated:
    return CustomerUpdated.model_validate(valid_body(**changes))


def test_creating_a_customer_takes_the_claim_on_the_email() -> None:
    given().when(creation(city="Paris")).then(Decision(customer_created(city="Paris"), ClaimChange(take=(ADA,))))


def test_updating_a_detail_keeps_the_claim() -> None:
    given(CREATED).when(update(city="Paris")).then(Decision(customer_updated(city="Paris")))


def test_updating_the_email_moves_the_claim() -> None:
    new = "lovelace@example.com"

    given(CREATED).when(update(email=new)).then(
        Decision(customer_updated(email=new), ClaimChange(take=(email_claim(new),), release=(ADA,)))
    )


def test_updating_the_case_of_the_email_keeps_the_claim() -> None:
    given(CREATED).when(update(email="ADA@example.com")).then(
        Decision(customer_updated(email="ADA@example.com"), NO_CLAIMS)
    )


def test_updating_nothing_changes_nothing() -> None:
    given(CREATED).when(update()).then(None)
    given(CREATED, updated(CUSTOMER, 2, city="Paris")).when(update(city="Paris")).then(None)


def test_updating_nothing_with_a_key_leaves_an_event() -> None:
    given(CREATED).when(update(keyed=True)).then(Decision(customer_updated(), changes_nothing=True))


def test_updating_an_erased_customer_is_not_found() -> None:
    given(CREATED, erased(CUSTOMER, 2)).when(update()).then_raises(NotFound)
    given(CREATED, POISON, erased(CUSTOMER, 3)).when(update()).then_raises(NotFound)


def test_updating_requires_that_the_events_can_be_folded() -> None:
    given(CREATED, POISON).when(update()).then_raises(UnreadableEvent)
    given(CREATED, updated(CUSTOMER, 3)).when(update()).then_raises(OutOfOrder)


@pytest.mark.parametrize("versions", [1, 3, 300])
def test_erasing_releases_the_email_and_redacts_as_many_events_as_fit(versions: int) -> None:
    given(*history(CUSTOMER, versions)).when(EraseCustomer()).then(
        Decision(CustomerErased(), ClaimChange(release=(ADA,)), tuple(range(1, versions + 1))[-MOST_REDACTED_AT_ONCE:])
    )


def test_erasing_an_erased_customer_changes_nothing() -> None:
    given(CREATED, erased(CUSTOMER, 2)).when(EraseCustomer()).then(None)
    given(CREATED, POISON, erased(CUSTOMER, 3)).when(EraseCustomer()).then(None)


def test_erasing_an_unreadable_history_releases_every_email_in_it_newest_first() -> None:
    given(CREATED, POISON).when(EraseCustomer()).then(
        Decision(CustomerErased(), ClaimChange(release=(email_claim("new@example.com"), ADA)), (1, 2))
    )


def test_erasing_a_history_with_a_gap_redacts_the_versions_that_exist() -> None:
    row = Unreadable(CUSTOMER, 3, "the row is not an event: KeyError")

    given(CREATED, row).when(EraseCustomer()).then(Decision(CustomerErased(), ClaimChange(release=(ADA,)), (1, 3)))


def test_erasing_names_every_email_of_an_unreadable_history() -> None:
    emails = [f"{number}@example.com" for number in range(200)]
    events: list[Event] = [POISON, *(updated(CUSTOMER, n, email=email) for n, email in enumerate(emails, start=3))]

    given(*events).when(EraseCustomer()).then(
        Decision(
            CustomerErased(),
            ClaimChange(release=tuple(map(email_claim, [*reversed(emails), "new@example.com"]))),
            tuple(range(2, 203)),
        )
    )


DETAILS = st.fixed_dictionaries(
    {"city": st.sampled_from(["London", "Paris"]), "email": st.sampled_from(["ada@example.com", "Ada@example.com"])}
)


@given_any(st.lists(DETAILS, max_size=6), DETAILS, st.booleans())
def test_an_update_is_decided_if_a_detail_is_new_or_the_command_is_keyed(
    past: list[dict[str, str]], wanted: dict[str, str], keyed: bool
) -> None:
    events = [CREATED, *(updated(CUSTOMER, n, **fields) for n, fields in enumerate(past, start=2))]
    current = past[-1] if past else {"city": "London", "email": "ada@example.com"}

    given(*events).when(update(keyed=keyed, **wanted)).then(
        Decision(customer_updated(**wanted), changes_nothing=wanted == current) if keyed or wanted != current else None
    )
