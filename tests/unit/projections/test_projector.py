"""The projector: the version gate and the filling of gaps, for events in any order and any number."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.customer import Customer, Erased
from events.envelope import Event
from projections.generations import FIRST_GENERATION
from projections.projector import ProjectionReport, Projector
from projections.read_model import Write
from tests.event_log import append_all, events_of
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.read_model import InMemoryReadModel
from tests.samples import created, erased, history


class World:
    """An event store, a read model, and the projector between them."""

    def __init__(self) -> None:
        self.store = InMemoryEventStore()
        self.read_model = InMemoryReadModel()
        self.reads: list[str] = []
        self.projector = Projector(self.read_model, self._read)

    def _read(self, customer_id: str) -> Sequence[Event]:
        self.reads.append(customer_id)
        return events_of(self.store, customer_id)

    def log(self, customer_id: str, versions: int) -> list[Event]:
        """Append a customer's first events."""
        events = history(customer_id, versions)
        append_all(self.store, events)
        return events

    def project(self, *events: Event) -> ProjectionReport:
        return self.projector.project(events, FIRST_GENERATION)

    def version(self, customer_id: str) -> int:
        row = self.read_model.get(customer_id, FIRST_GENERATION)
        return row.version if row else 0

    def city(self, customer_id: str) -> str:
        row = self.read_model.get(customer_id, FIRST_GENERATION)
        assert row
        customer = row.state()
        assert isinstance(customer, Customer)
        return customer.city


@pytest.fixture
def world() -> World:
    return World()


def test_an_event_becomes_a_row(world: World) -> None:
    [one] = world.log("c-1", 1)

    report = world.project(one)

    assert (report.stale, report.healed, report.failed) == (0, 0, {})
    assert world.read_model.history == [("c-1", 1)]
    assert world.reads == []


def test_several_events_of_a_customer_in_one_batch_take_one_write(world: World) -> None:
    events = world.log("c-1", 5)

    world.project(*events)

    assert world.city("c-1") == "city 5"
    assert world.read_model.history == [("c-1", 5)]


def test_an_older_event_changes_nothing(world: World) -> None:
    one, two = world.log("c-1", 2)
    world.project(one, two)

    report = world.project(one)

    assert report.stale == 1
    assert world.read_model.history == [("c-1", 2)]
    assert world.city("c-1") == "city 2"


def test_the_same_batch_again_changes_nothing(world: World) -> None:
    events = world.log("c-1", 3)
    world.project(*events)

    world.project(*events)

    assert world.read_model.history == [("c-1", 3)]


def test_a_gap_is_filled_from_the_event_table(world: World) -> None:
    _, _, three = world.log("c-1", 3)

    report = world.project(three)

    assert report.healed == 1
    assert world.read_model.history == [("c-1", 3)]
    assert world.reads == ["c-1"]


def test_each_gap_of_a_batch_is_counted(world: World) -> None:
    events = [world.log(customer_id, 3)[-1] for customer_id in ("c-1", "c-2")]

    assert world.project(*events).healed == 2


def test_an_event_that_a_batch_has_twice_is_no_gap(world: World) -> None:
    [one] = world.log("c-1", 1)

    assert world.project(one, one).healed == 0
    assert world.reads == []


def test_a_gap_is_filled_no_further_than_the_event_that_showed_it(world: World) -> None:
    """The active generation is fed last, and must not have events that the others do not have yet."""
    _, two, three = world.log("c-1", 3)

    assert world.project(two).healed == 1
    assert world.city("c-1") == "city 2"
    assert world.project(three).healed == 0
    assert world.city("c-1") == "city 3"


def test_an_event_that_a_gap_skipped_is_stale_when_it_arrives(world: World) -> None:
    one, two, three = world.log("c-1", 3)
    world.project(one, three)

    assert world.project(two).stale == 1
    assert world.city("c-1") == "city 3"


def test_a_gap_that_the_event_table_cannot_fill_parks_the_customer(world: World) -> None:
    report = world.project(created("c-1", version=3))

    assert report.parked["c-1"].reason == "the event table lacks version 3"
    assert world.version("c-1") == 0


def test_one_customers_failure_does_not_affect_the_others(world: World) -> None:
    [bad], [good], [busy] = world.log("bad", 1), world.log("good", 1), world.log("busy", 1)
    world.read_model.failing = {"busy"}

    report = world.project(replace(bad, type="CustomerTeleported"), good, busy)

    assert report.failed == {"busy": "write failed"}
    assert set(report.parked) == {"bad"}
    assert (world.version("good"), world.version("bad"), world.version("busy")) == (1, 0, 0)


def test_a_row_that_another_writer_advances_meanwhile_never_goes_back(world: World) -> None:
    one, two, three = world.log("c-1", 3)

    def other_writer(_: Write) -> None:
        world.read_model.interfere = lambda _: None
        world.projector.project([one, two, three], FIRST_GENERATION)

    world.read_model.interfere = other_writer

    report = world.project(one)

    assert world.version("c-1") == 3
    assert report.failed == {}
    assert [version for _, version in world.read_model.history] == [3]
    # The write that met a conflict took them.
    assert report.units == world.read_model.units


def test_repeated_conflicts_are_reported_as_failed(world: World) -> None:
    first, *_, last = world.log("c-1", 30)
    world.project(first)

    def advance_row(write: Write) -> None:
        key = ("c-1", FIRST_GENERATION)
        assert write.replaces
        world.read_model.stored[key] = replace(world.read_model.stored[key], version=write.replaces.version + 1)

    world.read_model.interfere = advance_row

    assert world.project(last).failed == {"c-1": "conflict"}


def test_an_erased_customer_is_no_longer_shown(world: World) -> None:
    events = world.log("c-1", 2)
    world.project(*events)
    erasure = erased("c-1", 3)
    world.store.append(erasure, redact=[1, 2])

    world.project(erasure)

    row = world.read_model.get("c-1", FIRST_GENERATION)
    assert row
    assert row.state() == Erased("c-1", 3)
    assert world.read_model.page(FIRST_GENERATION, 10, None) == []


def test_a_redelivered_old_record_never_shows_the_person_again(world: World) -> None:
    events = world.log("c-1", 2)
    erasure = erased("c-1", 3)
    world.store.append(erasure, redact=[1, 2])
    world.project(erasure)

    assert world.project(*events).stale == 2
    assert world.read_model.page(FIRST_GENERATION, 10, None) == []


def test_a_customer_erased_before_their_first_projection_is_never_shown(world: World) -> None:
    _, two = world.log("c-1", 2)
    world.store.append(erased("c-1", 3), redact=[1, 2])

    world.project(two)

    assert world.version("c-1") == 2
    assert world.read_model.page(FIRST_GENERATION, 10, None) == []


def test_the_report_lists_the_events_that_are_now_readable(world: World) -> None:
    one, two, three = world.log("c-1", 3)
    world.project(one)

    assert world.project(one, two, three).projected == [two, three]


def test_a_row_that_todays_code_cannot_read_is_folded_from_the_events(world: World) -> None:
    *before, last = world.log("c-1", 3)
    world.project(*before)
    row = world.read_model.stored["c-1", FIRST_GENERATION]
    assert row.listing
    other = replace(row, listing=replace(row.listing, document='{"id": "c-1"}'))
    world.read_model.stored["c-1", FIRST_GENERATION] = other

    report = world.project(last)

    assert (report.healed, report.parked) == (1, {})
    assert world.city("c-1") == "city 3"


Delivery = tuple[int, int]


class TestAnyDelivery:
    """Random repeats, gaps and disorder."""

    CUSTOMERS: ClassVar = ["c-1", "c-2", "c-3"]

    @given(st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=8), max_size=12))
    def test_rows_end_as_the_fold_of_the_events_and_never_go_back(self, batches: list[list[Delivery]]) -> None:
        world = World()
        logs = [world.log(customer_id, 6) for customer_id in self.CUSTOMERS]
        delivered = dict.fromkeys(self.CUSTOMERS, 0)
        for batch in batches:
            before = {customer_id: world.version(customer_id) for customer_id in self.CUSTOMERS}
            events = [logs[customer][version] for customer, version in batch]
            assert world.project(*events).failed == {}
            for event in events:
                delivered[event.customer_id] = max(delivered[event.customer_id], event.version)
            for customer_id in self.CUSTOMERS:
                assert world.version(customer_id) >= max(before[customer_id], delivered[customer_id])
        for customer_id in self.CUSTOMERS:
            if version := world.version(customer_id):
                assert world.city(customer_id) == f"city {version}"
