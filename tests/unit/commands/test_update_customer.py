"""Updating a customer."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from commands.handling import MOST_UNCHANGED
from events import recent_commands
from events.claims import NO_CLAIMS, ClaimChange, email_claim
from events.customer import Customer
from events.envelope import Event, Recorded
from events.recent_commands import MOST_REMEMBERED
from events.store import StoreBusy, VersionConflict
from shared.http.problems import Contended, FieldTaken, KeyReused, NotFound, StaleVersion
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created, erased, history, updated
from tests.unit.commands.scenario import CUSTOMER, Scenario, attempt

CREATED = created(CUSTOMER)
HISTORY = history(CUSTOMER, 12)


def test_given_created_when_updated_then_a_new_version_with_the_new_details() -> None:
    scenario = Scenario().given(CREATED)

    customer = scenario.update(attempt(), city="Paris")

    assert scenario.types == ["CustomerCreated", "CustomerUpdated"]
    assert (customer.city, customer.version, customer.created_at) == ("Paris", 2, CREATED.occurred_at)
    assert scenario.state == customer


def test_given_nothing_new_when_updated_then_no_event_and_the_customer_unchanged() -> None:
    scenario = Scenario().given(CREATED)

    assert scenario.update(attempt()).version == 1
    assert scenario.types == ["CustomerCreated"]


def test_given_nothing_new_when_updated_with_a_key_then_an_event_that_identifies_the_command() -> None:
    scenario = Scenario().given(CREATED)

    customer = scenario.update(attempt("once", keyed=True))

    assert scenario.types == ["CustomerCreated", "CustomerUpdated"]
    assert scenario.log[1].metadata.command_id == "once"
    assert scenario.log[1].data == CREATED.data
    assert (customer, customer.version) == (scenario.state, 2)
    assert scenario.store.claims == {email_claim("ada@example.com"): CUSTOMER}


def test_given_a_keyed_update_when_repeated_after_another_change_then_the_first_response_and_no_undo() -> None:
    scenario = Scenario().given(CREATED)
    first = scenario.update(attempt("once", keyed=True))
    scenario.update(attempt(), city="Paris")

    assert scenario.update(attempt("once", keyed=True)) == first
    assert isinstance(scenario.state, Customer)
    assert (scenario.state.city, len(scenario.log)) == ("Paris", 3)


def test_given_nothing_new_when_updated_with_a_key_and_the_current_etag_then_the_next_version() -> None:
    scenario = Scenario().given(CREATED)

    first = scenario.update(attempt("once", seen={1}, keyed=True))

    assert first.version == 2
    assert scenario.update(attempt("once", seen={1}, keyed=True)) == first
    with pytest.raises(StaleVersion):
        scenario.update(attempt("another", seen={1}, keyed=True))


def test_given_no_customer_when_updated_then_not_found() -> None:
    with pytest.raises(NotFound):
        Scenario().update(attempt())


def test_given_erased_when_updated_then_not_found_and_no_event() -> None:
    scenario = Scenario().given(CREATED, erased(CUSTOMER, 2))

    for seen in (None, {1}, {2}):
        with pytest.raises(NotFound):
            scenario.update(attempt(seen=seen), city="Paris")
    assert len(scenario.log) == 2


def test_given_a_newer_version_when_updated_with_an_old_etag_then_stale_with_the_current_etag() -> None:
    scenario = Scenario().given(CREATED, updated(CUSTOMER, 2))

    with pytest.raises(StaleVersion) as raised:
        scenario.update(attempt(seen={1}), city="Paris")

    assert raised.value.headers["ETag"] == '"2"'
    assert len(scenario.log) == 2


def test_given_the_current_etag_when_updated_then_updated() -> None:
    scenario = Scenario().given(CREATED, updated(CUSTOMER, 2))

    assert scenario.update(attempt(seen={1, 2}), city="Paris").version == 3


def test_given_updated_when_repeated_with_the_same_etag_then_the_same_response_and_no_412() -> None:
    scenario = Scenario().given(CREATED)
    first = scenario.update(attempt("once", seen={1}), city="Paris")
    scenario.update(attempt(), city="Rome")

    assert scenario.update(attempt("once", seen={1}), city="Paris") == first
    assert len(scenario.log) == 3


def test_given_updated_when_the_key_is_sent_with_different_content_then_refused() -> None:
    scenario = Scenario().given(CREATED)
    scenario.update(attempt("once"), city="Paris")

    with pytest.raises(KeyReused):
        scenario.update(attempt("once", content="other", keyed=True), city="Rome")


def test_given_another_email_when_updated_then_the_claim_moves() -> None:
    scenario = Scenario().given(CREATED)

    scenario.update(attempt(), email="ada.l@example.com")

    assert scenario.store.claims == {email_claim("ada.l@example.com"): CUSTOMER}


def test_given_the_same_email_in_another_case_when_updated_then_the_claim_stays() -> None:
    scenario = Scenario().given(CREATED)

    assert scenario.update(attempt(), email="ADA@example.com").email == "ADA@example.com"
    assert scenario.store.claims == {email_claim("ada@example.com"): CUSTOMER}


def test_given_the_email_is_taken_when_updated_then_refused_and_nothing_changed() -> None:
    scenario = Scenario().given(CREATED, created("other", email="taken@example.com"))

    with pytest.raises(FieldTaken):
        scenario.update(attempt(), email="taken@example.com")

    assert scenario.types == ["CustomerCreated"]
    assert scenario.store.claims[email_claim("ada@example.com")] == CUSTOMER


def changes(scenario: Scenario, number: int) -> None:
    for n in range(number):
        scenario.update(attempt(), city=f"City {n}")


def test_given_as_many_changes_as_are_remembered_when_repeated_with_the_key_then_the_first_response() -> None:
    scenario = Scenario().given(CREATED)
    first = scenario.update(attempt("once", keyed=True), city="Paris")
    changes(scenario, MOST_REMEMBERED)

    assert scenario.update(attempt("once", keyed=True), city="Paris") == first
    with pytest.raises(KeyReused):
        scenario.update(attempt("once", content="other", keyed=True), city="Rome")
    assert len(scenario.log) == 2 + MOST_REMEMBERED


def test_given_more_changes_than_are_remembered_when_repeated_with_the_key_then_a_new_command() -> None:
    scenario = Scenario().given(CREATED)
    scenario.update(attempt("once", keyed=True), city="Paris")
    changes(scenario, MOST_REMEMBERED + 1)

    assert scenario.update(attempt("once", keyed=True), city="Paris").version == MOST_REMEMBERED + 4


def test_given_events_of_an_older_release_when_repeated_with_the_key_then_the_first_response() -> None:
    """They carry neither the time of the creation nor the commands before them."""
    old = [replace(event, metadata=replace(event.metadata, command_id=f"c-{event.version}")) for event in HISTORY]
    scenario = Scenario().given(*old)

    again = scenario.update(attempt("c-7", content="", keyed=True), city="city 7")

    assert (again.version, again.city, again.created_at) == (7, "city 7", old[0].occurred_at)
    customer = scenario.update(attempt("new"), city="Paris")
    assert (customer.version, customer.created_at) == (len(old) + 1, old[0].occurred_at)
    assert scenario.log[-1].created_at == old[0].occurred_at
    assert scenario.update(attempt("c-9", content="", keyed=True), city="city 9").version == 9


def test_given_another_command_with_the_same_fingerprint_when_sent_then_not_taken_for_a_repeat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recent_commands, "fingerprint", lambda _: "same")
    scenario = Scenario().given(CREATED)
    changes(scenario, 3)

    assert scenario.update(attempt("new", keyed=True), city="Paris").version == 5
    assert scenario.update(attempt("new", keyed=True), city="Paris").version == 5


def test_given_a_long_history_when_updated_then_only_a_few_events_are_read() -> None:
    class Counting(InMemoryEventStore):
        reads = 0

        def latest(self, customer_id: str) -> Recorded | None:
            self.reads += 1
            return super().latest(customer_id)

        def get(self, customer_id: str, version: int) -> Recorded | None:
            self.reads += 1
            return super().get(customer_id, version)

        def read(self, customer_id: str, after_version: int = 0) -> list[Recorded]:
            raise AssertionError("the history is read")

    store = Counting()
    scenario = Scenario(store).given(CREATED)
    changes(scenario, 100)
    for context in (attempt(), attempt("once", keyed=True), attempt("once", keyed=True), attempt(seen={103})):
        store.reads = 0
        scenario.update(context, city=f"Paris {context.metadata.command_id}")
        assert store.reads <= 2


def test_given_many_keyed_updates_that_change_nothing_then_the_history_stops_growing() -> None:
    scenario = Scenario().given(CREATED)

    answers = [scenario.update(attempt(f"key-{n}", keyed=True)) for n in range(3 * MOST_UNCHANGED)]

    assert len(scenario.log) == 1 + MOST_UNCHANGED
    assert answers[-1] == scenario.state
    scenario.update(attempt("change", keyed=True), city="Paris")
    scenario.update(attempt("key-again", keyed=True), city="Paris")
    assert [event.unchanged for event in scenario.log[-3:]] == [MOST_UNCHANGED, 0, 1]


def test_given_an_unreadable_event_before_the_newest_when_updated_then_updated() -> None:
    """The newest event carries the whole person."""
    scenario = Scenario().given(CREATED)
    scenario.store.events[CUSTOMER, 2] = replace(updated(CUSTOMER, 2), type="CustomerMoved")
    scenario.store.events[CUSTOMER, 3] = updated(CUSTOMER, 3, city="Oslo")

    customer = scenario.update(attempt(), city="Paris")

    assert (customer.version, customer.city, customer.created_at) == (4, "Paris", CREATED.occurred_at)


class Rival(InMemoryEventStore):
    """A store to which another writer appends just before us, a number of times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def append(self, event: Event, claims: ClaimChange = NO_CLAIMS, redact: Sequence[int] = ()) -> None:
        if self.times and event.version > 1:
            self.times -= 1
            super().append(updated(CUSTOMER, event.version, city=f"rival {event.version}"))
        super().append(event, redact=redact)


def test_given_a_rival_when_updated_without_if_match_then_decided_again() -> None:
    scenario = Scenario(Rival(3)).given(CREATED)

    customer = scenario.update(attempt(), city="Paris")

    assert (customer.version, customer.city) == (5, "Paris")
    assert len(scenario.pauses) == 3


def test_given_a_rival_when_updated_with_if_match_then_stale_and_not_overwritten() -> None:
    scenario = Scenario(Rival(1)).given(CREATED)

    with pytest.raises(StaleVersion):
        scenario.update(attempt(seen={1}), city="Paris")

    assert isinstance(scenario.state, Customer)
    assert scenario.state.city == "rival 2"


def test_given_endless_rivals_when_updated_then_contended() -> None:
    with pytest.raises(Contended):
        Scenario(Rival(1000)).given(CREATED).update(attempt(), city="Paris")


def test_given_a_busy_store_when_updated_then_contended() -> None:
    class Busy(InMemoryEventStore):
        def append(self, event: Event, claims: ClaimChange = NO_CLAIMS, redact: Sequence[int] = ()) -> None:
            if event.version > 1:
                raise StoreBusy
            super().append(event, redact=redact)

    with pytest.raises(Contended):
        Scenario(Busy()).given(CREATED).update(attempt(), city="Paris")


def test_given_a_lost_response_when_repeated_then_the_first_response() -> None:
    """The store wrote the event and then reported a conflict with it. The history shows that it is ours."""

    class Amnesiac(InMemoryEventStore):
        def append(self, event: Event, claims: ClaimChange = NO_CLAIMS, redact: Sequence[int] = ()) -> None:
            super().append(event, redact=redact)
            if event.version > 1:
                raise VersionConflict(CUSTOMER, event.version)

    scenario = Scenario(Amnesiac()).given(CREATED)

    customer = scenario.update(attempt("once", seen={1}), city="Paris")

    assert (customer.version, scenario.types) == (2, ["CustomerCreated", "CustomerUpdated"])
