"""Erasing a customer."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from commands.erase_customer import MOST_RELEASED, decide, finish_erasure
from events import history as events_history
from events.claims import email_claim
from events.codec import REDACTED, UnreadableEvent
from events.customer import Customer, Erased, OutOfOrder
from events.envelope import Event, Recorded, Unreadable
from events.history import BrokenHistory, fold
from events.store import MOST_REDACTED_AT_ONCE
from shared.http.problems import NotFound, StaleVersion
from tests.event_log import every_event
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created, erased, history, updated
from tests.unit.commands.scenario import CUSTOMER, Scenario, command

PERSONAL = ("Ada", "Lovelace", "ada@example.com", "1990-05-17", "city")


def everything(store: InMemoryEventStore) -> str:
    return json.dumps([str(event) for event in every_event(store)]) + json.dumps(store.claims)


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


def unknown_type(event: Event) -> Recorded:
    return replace(event, type="CustomerMoved")


def unknown_schema(event: Event) -> Recorded:
    return replace(event, schema_version=7)


def unreadable_data(event: Event) -> Recorded:
    return replace(event, data=event.data.replace('"birth":"', '"birth":"born '))


def no_json(event: Event) -> Recorded:
    return replace(event, data=event.data[:-3])


def out_of_order(event: Event) -> Recorded:
    return replace(event, type="CustomerCreated")


def no_event(event: Event) -> Recorded:
    return Unreadable(event.customer_id, event.version, "the row is not an event: KeyError", event.data)


def nothing_but_a_key(event: Event) -> Recorded:
    return Unreadable(event.customer_id, event.version, "the row is not an event: KeyError")


BROKEN: list[Callable[[Event], Recorded]] = [
    unknown_type, unknown_schema, unreadable_data, no_json, out_of_order, no_event, nothing_but_a_key
]  # fmt: skip


def put(store: InMemoryEventStore, record: Recorded) -> None:
    """Something past our code."""
    if isinstance(record, Event):
        store.events[record.customer_id, record.version] = record
    else:
        store.broken[record.customer_id, record.version] = record


def left_in(store: InMemoryEventStore) -> str:
    records = store.read(CUSTOMER)
    return json.dumps([(record.data, str(record)) for record in records]) + json.dumps(store.claims)


@pytest.mark.parametrize("broken", BROKEN)
def test_given_an_event_that_cannot_be_read_when_erased_then_nothing_personal_is_left(
    broken: Callable[[Event], Recorded],
) -> None:
    scenario = Scenario().given(created(CUSTOMER), updated(CUSTOMER, 2))
    put(scenario.store, broken(updated(CUSTOMER, 3)))
    put(scenario.store, updated(CUSTOMER, 4))

    assert scenario.erase(command("once")) == Erased(CUSTOMER, 5)

    records = scenario.store.read(CUSTOMER)
    assert [record.data for record in records] == [REDACTED] * 4 + ["{}"]
    assert not [word for word in PERSONAL if word in left_in(scenario.store)]
    assert scenario.store.claims == {}
    for again in (command("once"), command(), command(seen={2})):
        assert scenario.erase(again) == Erased(CUSTOMER, 5)
    assert len(scenario.store.read(CUSTOMER)) == 5


@pytest.mark.parametrize("broken", BROKEN)
def test_given_erased_beside_an_event_that_cannot_be_read_when_updated_then_not_found(
    broken: Callable[[Event], Recorded],
) -> None:
    scenario = Scenario().given(created(CUSTOMER))
    put(scenario.store, broken(updated(CUSTOMER, 2)))
    with pytest.raises((UnreadableEvent, OutOfOrder)):
        scenario.update(command(), city="Paris")
    scenario.erase(command())

    with pytest.raises(NotFound):
        scenario.update(command(), city="Paris")


def test_given_the_first_event_cannot_be_read_when_erased_then_it_goes_too() -> None:
    scenario = Scenario()
    put(scenario.store, unreadable_data(created(CUSTOMER)))

    assert scenario.erase(command()) == Erased(CUSTOMER, 2)
    assert not [word for word in PERSONAL if word in left_in(scenario.store)]


def test_given_an_event_is_missing_when_erased_then_what_there_is_goes() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    put(scenario.store, updated(CUSTOMER, 3))

    assert scenario.erase(command()) == Erased(CUSTOMER, 4)
    assert [(record.version, record.data) for record in scenario.store.read(CUSTOMER)] == [
        (1, REDACTED), (3, REDACTED), (4, "{}")
    ]  # fmt: skip


def test_given_a_fold_that_raises_when_erased_then_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario().given(created(CUSTOMER))

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(events_history, "evolve", breaks)

    assert scenario.erase(command()) == Erased(CUSTOMER, 2)
    assert scenario.store.claims == {}


def test_given_an_event_that_cannot_be_read_when_erased_then_its_address_is_free_and_nobody_elses() -> None:
    """A newer version of our code wrote it, and moved the claim; the address before may be another's by now."""
    scenario = Scenario().given(created(CUSTOMER, email="old@example.com"))
    put(scenario.store, unknown_type(updated(CUSTOMER, 2, email="ada@example.com")))
    scenario.store.claims = {email_claim("ada@example.com"): CUSTOMER, email_claim("old@example.com"): "heir"}

    scenario.erase(command())

    assert scenario.store.claims == {email_claim("old@example.com"): "heir"}


def test_given_a_long_history_with_an_event_that_cannot_be_read_when_erased_then_all_of_it_goes() -> None:
    scenario = Scenario().given(*history(CUSTOMER, MOST_REDACTED_AT_ONCE + 20))
    put(scenario.store, no_event(updated(CUSTOMER, 3)))

    scenario.erase(command())

    records = scenario.store.read(CUSTOMER)
    assert [record.data for record in records[:-1]] == [REDACTED] * (MOST_REDACTED_AT_ONCE + 20)


def test_given_an_event_that_cannot_be_read_when_erased_with_an_old_version_then_stale() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    put(scenario.store, unknown_type(updated(CUSTOMER, 2)))

    with pytest.raises(StaleVersion):
        scenario.erase(command(seen={1}))
    assert scenario.erase(command(seen={2})) == Erased(CUSTOMER, 3)


def test_a_transaction_holds_all_that_a_decision_asks_for() -> None:
    emails = tuple(f"{number}@example.com" for number in range(200))

    decision = decide(BrokenHistory(CUSTOMER, tuple(range(1, 300)), emails, OutOfOrder()))

    assert decision
    assert decision.redact == tuple(range(210, 300))
    assert decision.claims.release == tuple(map(email_claim, emails[:MOST_RELEASED]))
    # DynamoDB API reference, "TransactWriteItems".
    assert 1 + len(decision.redact) + len(decision.claims.release) == 100


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
