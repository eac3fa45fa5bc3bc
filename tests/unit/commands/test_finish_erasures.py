"""Finishing an erasure: from wherever an earlier run was cut."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from commands.finish_erasures import Finish, NotErased, finish_erasure
from events.codec import REDACTED
from events.store import MOST_REDACTED_AT_ONCE
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created, history, updated
from tests.unit.commands.scenario import CUSTOMER, Scenario, attempt

LONG = MOST_REDACTED_AT_ONCE + 250


class DiesInTheMiddle(InMemoryEventStore):
    """A store whose process is killed at a redaction, after the transaction's own.

    Attributes:
        survives: How many calls of `redact` succeed first.
    """

    survives = 0

    def redact(self, customer_id: str, versions: Sequence[int], in_metadata: object = ()) -> None:
        if not self.survives:
            raise KeyboardInterrupt
        self.survives -= 1
        super().redact(customer_id, versions)


@pytest.mark.parametrize("survives", [0, 1, 2])
def test_a_run_that_is_cut_is_continued_by_the_next(survives: int) -> None:
    store = DiesInTheMiddle()
    store.survives = survives
    scenario = Scenario(store).given(*history(CUSTOMER, LONG))
    scenario.erase(attempt())
    with pytest.raises(KeyboardInterrupt):
        scenario.finish()
    assert store.noted

    store.survives = 1000

    assert scenario.finish() == Finish(250 - 100 * survives, done=True)
    assert {event.data for event in scenario.log[:-1]} == {REDACTED}
    assert store.noted == {}


def test_a_run_that_is_short_of_time_stops_and_keeps_the_note() -> None:
    scenario = Scenario().given(*history(CUSTOMER, LONG))
    scenario.erase(attempt())

    assert finish_erasure(scenario.store, scenario.store, CUSTOMER, lambda: False) == Finish(100, done=False)
    assert scenario.store.noted
    assert scenario.finish() == Finish(150, done=True)


def test_a_second_run_changes_nothing() -> None:
    scenario = Scenario().given(*history(CUSTOMER, LONG))
    scenario.erase(attempt())
    scenario.finish()

    assert scenario.finish() == Finish(0, done=True)


@pytest.mark.parametrize("versions", [0, 1, LONG])
def test_a_customer_who_is_not_erased_keeps_every_event(versions: int) -> None:
    """Anyone who may put events on the bus can name any customer."""
    before = history(CUSTOMER, versions) if versions else []
    scenario = Scenario().given(*before)

    with pytest.raises(NotErased):
        scenario.finish()

    assert scenario.log == before


def test_events_that_something_wrote_behind_an_erasure_are_redacted_too() -> None:
    scenario = Scenario().given(created(CUSTOMER))
    scenario.erase(attempt())
    late = updated(CUSTOMER, 3)
    scenario.store.events[CUSTOMER, 3] = replace(late, metadata=replace(late.metadata, request_hash="hash"))

    assert scenario.finish() == Finish(1, done=True)
    assert (scenario.log[2].data, scenario.log[2].metadata.request_hash) == (REDACTED, "")
