"""Commands meet events that a newer release appended: a write is refused for now, and an erasure goes through."""

import json
from dataclasses import replace
from http import HTTPStatus

import pytest

from commands.create_customer import CreateCustomer, create_customer
from events.customer import Erased
from events.envelope import Event, Unreadable
from events.history import readable
from shared.http.problems import NewerRelease
from tests.samples import created, erased, updated, valid_body
from tests.unit.commands.scenario import CUSTOMER, Scenario, attempt

PHONE = "+44 20 7946 0000"


def newer_schema(event: Event) -> Event:
    data = json.dumps({**json.loads(event.data), "phone": PHONE})
    return replace(event, schema_version=event.schema_version + 1, data=data)


def newer_type(event: Event) -> Event:
    return replace(event, type="CustomerMoved")


@pytest.fixture(params=[newer_schema, newer_type])
def scenario(request: pytest.FixtureRequest) -> Scenario:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.store.append(request.param(updated(CUSTOMER, 2)))
    return scenario


def test_a_change_is_refused_until_this_release_is_replaced_and_nothing_is_lost(scenario: Scenario) -> None:
    before = scenario.log

    with pytest.raises(NewerRelease) as refused:
        scenario.update(attempt(), city="Paris")

    assert refused.value.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert refused.value.headers["Retry-After"]
    assert scenario.log == before


def test_a_change_onto_a_version_that_was_seen_is_refused_in_the_same_way(scenario: Scenario) -> None:
    with pytest.raises(NewerRelease):
        scenario.update(attempt(seen={2}), city="Paris")


def test_an_unreadable_event_before_it_does_not_change_the_answer(scenario: Scenario) -> None:
    scenario.store.broken[CUSTOMER, 1] = Unreadable(CUSTOMER, 1, "the row is not an event: KeyError")

    with pytest.raises(NewerRelease):
        scenario.update(attempt(), city="Paris")


def test_the_repeat_of_a_change_that_the_newer_release_made() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.update(attempt("key", keyed=True), city="Paris")
    made = scenario.log[-1]
    scenario.store.events[CUSTOMER, 2] = newer_schema(made)

    with pytest.raises(NewerRelease):
        scenario.update(attempt("key", keyed=True), city="Paris")
    scenario.store.append(updated(CUSTOMER, 3))
    with pytest.raises(NewerRelease):
        scenario.update(attempt("key", keyed=True), city="Paris")


def test_the_repeat_of_a_creation_that_the_newer_release_made() -> None:
    scenario = Scenario()
    create_customer(CreateCustomer.model_validate(valid_body()), scenario.store, CUSTOMER, attempt("key", keyed=True))
    scenario.store.events[CUSTOMER, 1] = newer_schema(readable(scenario.store.stored(CUSTOMER)[0]))

    with pytest.raises(NewerRelease):
        create_customer(
            CreateCustomer.model_validate(valid_body()), scenario.store, CUSTOMER, attempt("key", keyed=True)
        )


def test_an_erasure_goes_through_and_leaves_nothing(scenario: Scenario) -> None:
    assert scenario.erase(attempt()) == Erased(CUSTOMER, 3)
    scenario.finish()

    assert PHONE not in str(scenario.log)
    assert not scenario.store.claims


def test_an_erasure_by_the_newer_release_is_an_erasure() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.store.append(replace(erased(CUSTOMER, 2), schema_version=2, data='{"reason":"asked"}'))

    assert scenario.erase(attempt()) == Erased(CUSTOMER, 2)
