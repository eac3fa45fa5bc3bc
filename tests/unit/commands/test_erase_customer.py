"""Erasing a customer."""

import json

import pytest

from commands.erase_customer import decide, finish_erasure
from events.codec import REDACTED
from events.customer import Customer, Erased
from events.history import fold
from events.store import MOST_REDACTED_AT_ONCE
from shared.http.problems import NotFound, StaleVersion
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created, erased, history, updated
from tests.unit.commands.scenario import CUSTOMER, Scenario, command

PERSONAL = ("Ada", "Lovelace", "ada@example.com", "1990-05-17", "city")


def everything(store: InMemoryEventStore) -> str:
    return json.dumps([str(event) for event in store.read_all()]) + json.dumps(store.claims)


def test_given_a_history_when_erased_then_nothing_personal_is_left_and_the_history_is() -> None:
    before = history(CUSTOMER, 3)
    scenario = Scenario().given(*before)

    assert scenario.erase(command()) == Erased(CUSTOMER, 4)

    assert not [word for word in PERSONAL if word in everything(scenario.store)]
    assert scenario.types == ["CustomerCreated", "CustomerUpdated", "CustomerUpdated", "CustomerErased"]
    kept = [(event.version, event.occurred_at, event.metadata) for event in scenario.log[:3]]
    assert kept == [(event.version, event.occurred_at, event.metadata) for event in before]
    assert scenario.store.claims == {}


def test_given_erased_when_erased_again_then_fine_and_no_new_event() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    first = scenario.erase(command())

    for context in (command(), command(seen={1}), command(seen={2})):
        assert scenario.erase(context) == first
    assert len(scenario.log) == 2


def test_given_nobody_when_erased_then_not_found() -> None:
    with pytest.raises(NotFound):
        Scenario().erase(command())


def test_given_a_newer_version_when_erased_with_an_old_one_then_stale_and_nobody_is_erased() -> None:
    scenario = Scenario().given(created(CUSTOMER), updated(CUSTOMER, 2))

    with pytest.raises(StaleVersion):
        scenario.erase(command(seen={1}))

    assert isinstance(scenario.state, Customer)


def test_given_erased_when_the_email_is_wanted_by_another_then_it_is_free() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.erase(command())

    scenario.given(created("other"))

    assert fold(scenario.store.read("other"))


def test_given_a_history_longer_than_a_transaction_when_erased_then_all_of_it_goes() -> None:
    scenario = Scenario().given(*history(CUSTOMER, MOST_REDACTED_AT_ONCE + 20))

    scenario.erase(command())

    assert [event.data for event in scenario.log[:-1]] == [REDACTED] * (MOST_REDACTED_AT_ONCE + 20)


class DiesInTheMiddle(InMemoryEventStore):
    """A log whose process is killed when it redacts outside the transaction, so many events in."""

    survives = 0

    def redact(self, customer_id, versions):  # type: ignore[no-untyped-def]
        if len(versions) == MOST_REDACTED_AT_ONCE:
            return super().redact(customer_id, versions)
        super().redact(customer_id, versions[: self.survives])
        if len(versions) > self.survives:
            raise KeyboardInterrupt
        return None


@pytest.mark.parametrize("survives", [0, 1, 7])
def test_given_a_crash_half_way_when_tried_again_then_it_is_finished(survives: int) -> None:
    store = DiesInTheMiddle()
    store.survives = survives
    scenario = Scenario(store).given(*history(CUSTOMER, MOST_REDACTED_AT_ONCE + 20))
    with pytest.raises(KeyboardInterrupt):
        scenario.erase(command("once"))
    assert scenario.state == Erased(CUSTOMER, MOST_REDACTED_AT_ONCE + 21)

    store.survives = 1000
    scenario.erase(command("once"))

    assert not [word for word in PERSONAL if word in everything(store)]
    assert finish_erasure(store, CUSTOMER) == 0


def test_a_decision_needs_only_the_state() -> None:
    customer = fold([created(CUSTOMER), updated(CUSTOMER, 2)])
    assert isinstance(customer, Customer)

    decision = decide(customer)

    assert decision
    assert decision == decide(customer)
    assert decision.redact == (1, 2)
    assert decide(Erased(CUSTOMER, 3)) is None


def test_the_erasing_event_itself_holds_nothing() -> None:
    assert erased(CUSTOMER, 2).data == "{}"
