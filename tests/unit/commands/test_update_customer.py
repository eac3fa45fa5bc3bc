"""Updating a customer."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.update_customer import UpdateCustomer, decide
from events.claims import email_claim
from events.customer import Customer, CustomerUpdated
from events.history import fold
from events.store import StoreBusy, VersionConflict
from shared.http.problems import Contended, FieldTaken, KeyReused, NotFound, StaleVersion
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created, erased, updated, valid_body
from tests.unit.commands.scenario import CUSTOMER, Scenario, command

if TYPE_CHECKING:
    from events.envelope import Event

CREATED = created(CUSTOMER)


def test_given_created_when_updated_then_a_new_version_with_the_new_details() -> None:
    scenario = Scenario().given(CREATED)

    customer = scenario.update(command(), city="Paris")

    assert scenario.types == ["CustomerCreated", "CustomerUpdated"]
    assert (customer.city, customer.version, customer.created_at) == ("Paris", 2, CREATED.occurred_at)
    assert scenario.state == customer


def test_given_nothing_new_when_updated_then_no_event_and_the_customer_as_it_is() -> None:
    scenario = Scenario().given(CREATED)

    assert scenario.update(command()).version == 1
    assert scenario.types == ["CustomerCreated"]


def test_given_nothing_new_when_updated_with_a_key_then_an_event_by_which_to_recognise_it() -> None:
    scenario = Scenario().given(CREATED)

    customer = scenario.update(command("once", keyed=True))

    assert scenario.types == ["CustomerCreated", "CustomerUpdated"]
    assert scenario.log[1].metadata.command_id == "once"
    assert scenario.log[1].data == CREATED.data
    assert (customer, customer.version) == (scenario.state, 2)
    assert scenario.store.claims == {email_claim("ada@example.com"): CUSTOMER}


def test_given_nothing_was_new_when_tried_again_after_another_change_then_the_first_answer_and_no_undoing() -> None:
    scenario = Scenario().given(CREATED)
    first = scenario.update(command("once", keyed=True))
    scenario.update(command(), city="Paris")

    assert scenario.update(command("once", keyed=True)) == first
    assert isinstance(scenario.state, Customer)
    assert (scenario.state.city, len(scenario.log)) == ("Paris", 3)


def test_given_nothing_new_when_updated_with_a_key_onto_the_version_seen_then_the_next_version() -> None:
    scenario = Scenario().given(CREATED)

    first = scenario.update(command("once", seen={1}, keyed=True))

    assert first.version == 2
    assert scenario.update(command("once", seen={1}, keyed=True)) == first
    with pytest.raises(StaleVersion):
        scenario.update(command("another", seen={1}, keyed=True))


def test_given_nobody_when_updated_then_not_found() -> None:
    with pytest.raises(NotFound):
        Scenario().update(command())


def test_given_erased_when_updated_then_not_found_and_nothing_comes_back() -> None:
    scenario = Scenario().given(CREATED, erased(CUSTOMER, 2))

    for seen in (None, {1}, {2}):
        with pytest.raises(NotFound):
            scenario.update(command(seen=seen), city="Paris")
    assert len(scenario.log) == 2


def test_given_a_newer_version_when_updated_with_an_old_one_then_stale_with_the_current_etag() -> None:
    scenario = Scenario().given(CREATED, updated(CUSTOMER, 2))

    with pytest.raises(StaleVersion) as raised:
        scenario.update(command(seen={1}), city="Paris")

    assert raised.value.headers["ETag"] == '"2"'
    assert len(scenario.log) == 2


def test_given_the_version_seen_when_updated_then_done() -> None:
    scenario = Scenario().given(CREATED, updated(CUSTOMER, 2))

    assert scenario.update(command(seen={1, 2}), city="Paris").version == 3


def test_given_done_when_tried_again_with_the_same_etag_then_the_same_answer_and_no_412() -> None:
    scenario = Scenario().given(CREATED)
    first = scenario.update(command("once", seen={1}), city="Paris")
    scenario.update(command(), city="Rome")

    assert scenario.update(command("once", seen={1}), city="Paris") == first
    assert len(scenario.log) == 3


def test_given_done_when_the_key_comes_with_other_content_then_refused() -> None:
    scenario = Scenario().given(CREATED)
    scenario.update(command("once"), city="Paris")

    with pytest.raises(KeyReused):
        scenario.update(command("once", content="other"), city="Rome")


def test_given_another_email_when_updated_then_the_claim_moves() -> None:
    scenario = Scenario().given(CREATED)

    scenario.update(command(), email="ada.l@example.com")

    assert scenario.store.claims == {email_claim("ada.l@example.com"): CUSTOMER}


def test_given_the_same_email_in_other_letters_when_updated_then_the_claim_stays() -> None:
    scenario = Scenario().given(CREATED)

    assert scenario.update(command(), email="ADA@example.com").email == "ADA@example.com"
    assert scenario.store.claims == {email_claim("ada@example.com"): CUSTOMER}


def test_given_the_email_is_taken_when_updated_then_refused_and_nothing_changed() -> None:
    scenario = Scenario().given(CREATED, created("other", email="taken@example.com"))

    with pytest.raises(FieldTaken):
        scenario.update(command(), email="taken@example.com")

    assert scenario.types == ["CustomerCreated"]
    assert scenario.store.claims[email_claim("ada@example.com")] == CUSTOMER


class Rival(InMemoryEventStore):
    """A log into which somebody else writes just before us, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def append(self, events, expected_version, claims=..., redact=()):  # type: ignore[no-untyped-def]
        if self.times and expected_version:
            self.times -= 1
            version = expected_version + 1
            super().append([updated(CUSTOMER, version, city=f"rival {version}")], expected_version)
        super().append(events, expected_version, redact=redact)


def test_given_a_rival_when_updated_without_if_match_then_decided_again() -> None:
    scenario = Scenario(Rival(3)).given(CREATED)

    customer = scenario.update(command(), city="Paris")

    assert (customer.version, customer.city) == (5, "Paris")
    assert len(scenario.pauses) == 3


def test_given_a_rival_when_updated_with_if_match_then_stale_and_not_overwritten() -> None:
    scenario = Scenario(Rival(1)).given(CREATED)

    with pytest.raises(StaleVersion):
        scenario.update(command(seen={1}), city="Paris")

    assert isinstance(scenario.state, Customer)
    assert scenario.state.city == "rival 2"


def test_given_rivals_without_end_when_updated_then_an_honest_give_up() -> None:
    with pytest.raises(Contended):
        Scenario(Rival(1000)).given(CREATED).update(command(), city="Paris")


def test_given_a_busy_store_when_updated_then_contended() -> None:
    class Busy(InMemoryEventStore):
        def append(self, events, expected_version, claims=..., redact=()):  # type: ignore[no-untyped-def]
            if expected_version:
                raise StoreBusy
            super().append(events, expected_version, redact=redact)

    with pytest.raises(Contended):
        Scenario(Busy()).given(CREATED).update(command(), city="Paris")


def test_given_the_answer_was_lost_when_tried_again_then_the_first_ones_answer() -> None:
    """The store wrote and then reported a conflict that was our own, or died: the history knows."""

    class Amnesiac(InMemoryEventStore):
        def append(self, events, expected_version, claims=..., redact=()):  # type: ignore[no-untyped-def]
            super().append(events, expected_version, redact=redact)
            if expected_version:
                raise VersionConflict(CUSTOMER, expected_version + 1)

    scenario = Scenario(Amnesiac()).given(CREATED)

    customer = scenario.update(command("once", seen={1}), city="Paris")

    assert (customer.version, scenario.types) == (2, ["CustomerCreated", "CustomerUpdated"])


DETAILS = st.fixed_dictionaries(
    {"city": st.sampled_from(["London", "Paris"]), "email": st.sampled_from(["ada@example.com", "Ada@example.com"])}
)


@given(st.lists(DETAILS, max_size=6), DETAILS, st.booleans())
def test_a_decision_is_pure_and_says_something_when_something_is_new_or_is_to_be_recognised(
    past: list[dict[str, str]], wanted: dict[str, str], keyed: bool
) -> None:
    events: list[Event] = [CREATED, *(updated(CUSTOMER, n, **fields) for n, fields in enumerate(past, start=2))]
    state = fold(events)
    assert isinstance(state, Customer)
    body = UpdateCustomer.model_validate(valid_body(**wanted))

    decision = decide(state, body, keyed=keyed)

    assert decision == decide(state, body, keyed=keyed)
    is_new = any(getattr(state, name) != value for name, value in wanted.items())
    assert (decision is not None) == (is_new or keyed)
    if decision:
        assert isinstance(decision.data, CustomerUpdated)
        assert decision.data.model_dump() == body.model_dump()
        assert decision.claims.take == decision.claims.release == ()
