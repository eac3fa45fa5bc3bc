"""Erasing a customer."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from commands.finish_erasures import Finish
from events import history as events_history
from events.claims import email_claim
from events.codec import REDACTED, UnreadableEvent
from events.customer import Customer, Erased, OutOfOrder
from events.envelope import Event, Recorded, Unreadable
from events.history import fold
from events.store import MOST_REDACTED_AT_ONCE, MOST_RELEASED_AT_ONCE
from shared.http.problems import NewerRelease, NotFound, StaleVersion
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created, erased, history, updated
from tests.unit.commands.scenario import CUSTOMER, Scenario, attempt

PERSONAL = ("Ada", "Lovelace", "ada@example.com", "1990-05-17", "city")


def everything(store: InMemoryEventStore) -> str:
    return json.dumps([str(record) for record in store.stored(CUSTOMER)]) + json.dumps(store.claims)


def test_given_a_history_when_erased_then_no_personal_data_remains_and_the_events_do() -> None:
    before = history(CUSTOMER, 3)
    scenario = Scenario().given(*before)

    assert scenario.erase(attempt()) == Erased(CUSTOMER, 4)

    assert not [word for word in PERSONAL if word in everything(scenario.store)]
    assert scenario.types == ["CustomerCreated", "CustomerUpdated", "CustomerUpdated", "CustomerErased"]
    kept = [(event.version, event.occurred_at, event.metadata) for event in scenario.log[:3]]
    assert scenario.store.noted == {CUSTOMER: scenario.log[3].occurred_at}
    assert kept == [(event.version, event.occurred_at, event.metadata) for event in before]
    assert scenario.store.claims == {}


def test_given_erased_when_erased_again_then_success_and_no_new_event() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    first = scenario.erase(attempt())

    for context in (attempt(), attempt(seen={1}), attempt(seen={2})):
        assert scenario.erase(context) == first
    assert len(scenario.log) == 2


def test_given_no_customer_when_erased_then_not_found() -> None:
    with pytest.raises(NotFound):
        Scenario().erase(attempt())


def test_given_a_newer_version_when_erased_with_an_old_etag_then_stale_and_not_erased() -> None:
    scenario = Scenario().given(created(CUSTOMER), updated(CUSTOMER, 2))

    with pytest.raises(StaleVersion):
        scenario.erase(attempt(seen={1}))

    assert isinstance(scenario.state, Customer)


def test_given_erased_when_another_customer_takes_the_email_then_it_is_free() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.erase(attempt())

    scenario.given(created("other"))

    assert fold(scenario.store.read("other"))


def test_given_a_history_longer_than_a_transaction_when_erased_then_every_event_is_redacted() -> None:
    scenario = Scenario().given(*history(CUSTOMER, MOST_REDACTED_AT_ONCE + 20))

    scenario.erase(attempt())

    assert [event.data == REDACTED for event in scenario.log[:-1]] == [False] * 20 + [True] * MOST_REDACTED_AT_ONCE
    assert scenario.finish() == Finish(20, done=True)
    assert [event.data for event in scenario.log[:-1]] == [REDACTED] * (MOST_REDACTED_AT_ONCE + 20)
    assert scenario.store.noted == {}


def test_given_events_left_over_when_read_then_their_data_is_withheld() -> None:
    scenario = Scenario().given(*history(CUSTOMER, MOST_REDACTED_AT_ONCE + 20))

    scenario.erase(attempt())

    for records in (
        scenario.store.read(CUSTOMER),
        scenario.store.read_page().records,
        scenario.store.read_page(limit=5).records,
    ):
        assert {record.data for record in records} <= {REDACTED, "{}"}
        assert records[0].is_sealed


def test_given_erased_when_erased_again_then_it_is_noted_again() -> None:
    """Something may have brought data back since, such as a repair from a backup."""
    scenario = Scenario().given(*history(CUSTOMER, 3))
    scenario.erase(attempt())
    scenario.finish()
    put(scenario.store, updated(CUSTOMER, 2))

    scenario.erase(attempt())

    assert scenario.store.noted
    assert scenario.finish() == Finish(1, done=True)


def test_given_erased_when_a_changed_put_with_a_used_key_is_sent_then_not_found() -> None:
    """The hash that would show that the content differs is gone with the data."""
    scenario = Scenario().given(created(CUSTOMER))
    scenario.update(attempt("once", keyed=True), city="Paris")
    scenario.erase(attempt())

    for content in ("same", "other"):
        with pytest.raises(NotFound):
            scenario.update(attempt("once", content=content, keyed=True), city="Rome")


def test_given_a_request_hash_when_erased_then_it_is_gone_with_the_data() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.update(attempt("once", content="a hash", keyed=True), city="Paris")

    scenario.erase(attempt(content=""))

    assert [event.metadata.request_hash for event in scenario.log] == ["", "", ""]
    assert [event.metadata.command_id for event in scenario.log[:2]] == ["req-1", "once"]


def unknown_type(event: Event) -> Recorded:
    return replace(event, type="CustomerMoved")


def unknown_schema(event: Event) -> Recorded:
    return replace(event, schema_version=7)


def unreadable_data(event: Event) -> Recorded:
    return replace(event, data=event.data.replace('"birth":"', '"birth":"born '))


def invalid_json(event: Event) -> Recorded:
    return replace(event, data=event.data[:-3])


def out_of_order(event: Event) -> Recorded:
    return replace(event, type="CustomerCreated")


def too_deep(event: Event) -> Recorded:
    """A parser that follows it runs out of stack."""
    return replace(event, data=f'{{"email": {"[" * 5000}{"]" * 5000}}}')


def not_an_event(event: Event) -> Recorded:
    return Unreadable(event.customer_id, event.version, "the row is not an event: KeyError", event.data)


def only_a_key(event: Event) -> Recorded:
    return Unreadable(event.customer_id, event.version, "the row is not an event: KeyError")


BROKEN: list[Callable[[Event], Recorded]] = [
    unknown_type, unknown_schema, unreadable_data, invalid_json, too_deep, out_of_order, not_an_event, only_a_key
]  # fmt: skip


def put(store: InMemoryEventStore, record: Recorded) -> None:
    """Write a row, bypassing our code."""
    if isinstance(record, Event):
        store.events[record.customer_id, record.version] = record
    else:
        store.broken[record.customer_id, record.version] = record


def remaining_in(store: InMemoryEventStore) -> str:
    records = store.stored(CUSTOMER)
    return json.dumps([(record.data, str(record)) for record in records]) + json.dumps(store.claims)


@pytest.mark.parametrize("broken", BROKEN)
def test_given_an_unreadable_event_when_erased_then_no_personal_data_remains(
    broken: Callable[[Event], Recorded],
) -> None:
    scenario = Scenario().given(created(CUSTOMER), updated(CUSTOMER, 2))
    put(scenario.store, broken(updated(CUSTOMER, 3)))
    put(scenario.store, updated(CUSTOMER, 4))

    assert scenario.erase(attempt("once")) == Erased(CUSTOMER, 5)

    records = scenario.store.stored(CUSTOMER)
    assert [record.data for record in records] == [REDACTED] * 4 + ["{}"]
    assert not [word for word in PERSONAL if word in remaining_in(scenario.store)]
    assert scenario.store.claims == {}
    for again in (attempt("once"), attempt(), attempt(seen={2})):
        assert scenario.erase(again) == Erased(CUSTOMER, 5)
    assert len(scenario.store.read(CUSTOMER)) == 5


@pytest.mark.parametrize("broken", BROKEN)
def test_given_erased_with_an_unreadable_event_when_updated_then_not_found(
    broken: Callable[[Event], Recorded],
) -> None:
    scenario = Scenario().given(created(CUSTOMER))
    put(scenario.store, broken(updated(CUSTOMER, 2)))
    with pytest.raises((UnreadableEvent, OutOfOrder, NewerRelease)):
        scenario.update(attempt(), city="Paris")
    scenario.erase(attempt())

    with pytest.raises(NotFound):
        scenario.update(attempt(), city="Paris")


def test_given_an_unreadable_first_event_when_erased_then_it_is_redacted_too() -> None:
    scenario = Scenario()
    put(scenario.store, unreadable_data(created(CUSTOMER)))

    assert scenario.erase(attempt()) == Erased(CUSTOMER, 2)
    assert not [word for word in PERSONAL if word in remaining_in(scenario.store)]


def test_given_a_missing_event_when_erased_then_the_others_are_redacted() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    put(scenario.store, updated(CUSTOMER, 3))

    assert scenario.erase(attempt()) == Erased(CUSTOMER, 4)
    assert [(record.version, record.data) for record in scenario.store.stored(CUSTOMER)] == [
        (1, REDACTED), (3, REDACTED), (4, "{}")
    ]  # fmt: skip


def test_given_a_fold_that_raises_when_erased_then_nothing_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario().given(created(CUSTOMER))

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(events_history, "evolve", breaks)

    assert scenario.erase(attempt()) == Erased(CUSTOMER, 2)
    assert scenario.store.claims == {}


def test_given_an_unreadable_event_when_erased_then_only_the_customers_own_address_is_released() -> None:
    """A newer version of our code wrote the event and moved the claim. Another customer now has the old address."""
    scenario = Scenario().given(created(CUSTOMER, email="old@example.com"))
    put(scenario.store, unknown_type(updated(CUSTOMER, 2, email="ada@example.com")))
    scenario.store.claims = {email_claim("ada@example.com"): CUSTOMER, email_claim("old@example.com"): "heir"}

    scenario.erase(attempt())

    assert scenario.store.claims == {email_claim("old@example.com"): "heir"}


def test_given_a_long_history_with_an_unreadable_event_when_erased_then_every_event_is_redacted() -> None:
    scenario = Scenario().given(*history(CUSTOMER, MOST_REDACTED_AT_ONCE + 20))
    put(scenario.store, not_an_event(updated(CUSTOMER, 3)))

    scenario.erase(attempt())
    scenario.finish()

    records = scenario.store.stored(CUSTOMER)
    assert [record.data for record in records[:-1]] == [REDACTED] * (MOST_REDACTED_AT_ONCE + 20)


def test_given_an_unreadable_event_when_erased_with_an_old_etag_then_stale() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    put(scenario.store, unknown_type(updated(CUSTOMER, 2)))

    with pytest.raises(StaleVersion):
        scenario.erase(attempt(seen={1}))
    assert scenario.erase(attempt(seen={2})) == Erased(CUSTOMER, 3)


def test_given_an_unreadable_history_with_many_addresses_when_erased_then_the_newest_are_released() -> None:
    emails = [f"{number}@example.com" for number in range(1, 30)]
    scenario = Scenario().given(*(created(CUSTOMER, email=email) for email in emails[:1]))
    scenario.given(*(updated(CUSTOMER, n, email=email) for n, email in enumerate(emails[1:], start=2)))
    put(scenario.store, unknown_type(updated(CUSTOMER, 30, email=emails[-1])))

    scenario.erase(attempt())

    released = emails[-MOST_RELEASED_AT_ONCE:]
    assert scenario.store.claims == {email_claim(email): CUSTOMER for email in emails if email not in released}


def test_the_erasure_event_has_no_data() -> None:
    assert erased(CUSTOMER, 2).data == "{}"
