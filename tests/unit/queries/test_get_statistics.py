"""The counts of a view, and waiting until they contain a write."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from events.envelope import Event
from projections.counting_projector import CountingProjector
from projections.countries import COUNTRIES
from projections.customers import CUSTOMERS
from projections.generations import FIRST_GENERATION, Generations
from projections.projector import Projector
from projections.read_model import Reader
from projections.row import Parked
from queries.get_statistics import MOST_GROUPS, CountsReader, get_statistics
from queries.read_your_writes import Clock, ReadAfter
from shared.http.consistency import ConsistencyToken
from shared.http.problems import NotFound, NotYetReadable
from tests.fakes.counted_rows import InMemoryCountedRows
from tests.fakes.event_store import InMemoryEventStore
from tests.fakes.read_model import InMemoryGenerations, InMemoryReadModel
from tests.samples import created, erased, updated

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"
OTHER_ID = "1d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"


class World:
    """Both views, each projected by hand."""

    def __init__(self) -> None:
        self.store = InMemoryEventStore()
        self.counts = InMemoryCountedRows(self.store.latest)
        self.generations = InMemoryGenerations()
        self.customers = InMemoryReadModel()
        self.slept = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def append(self, *events: Event) -> None:
        for event in events:
            self.store.append(event)

    def project_customers(self, *events: Event) -> None:
        Projector(self.customers, self.store.read, view=CUSTOMERS).project(events, FIRST_GENERATION)

    def count(self, *events: Event, generation: int = FIRST_GENERATION) -> None:
        CountingProjector(self.counts, self.store, COUNTRIES).project(events, generation)

    def ask(self, after: tuple[str, int] | None = None, name: str = "countries", seconds: int = 2) -> Any:
        read_after = ReadAfter(ConsistencyToken(*after), seconds) if after else None
        readers = {"countries": CountsReader(COUNTRIES, self.counts, self.generations)}
        customers = Reader(self.customers, InMemoryGenerations())
        return json.loads(get_statistics(name, readers, customers, read_after, Clock(lambda: self.slept, self._sleep)))

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.on_sleep()


@pytest.fixture
def world() -> World:
    return World()


def test_nobody_is_counted_at_first(world: World) -> None:
    assert world.ask() == {
        "view": "countries",
        "customers": 0,
        "changed_at": None,
        "groups": [],
        "others": {"groups": 0, "customers": 0},
    }


def test_the_largest_group_is_first_and_equal_ones_are_sorted_by_name(world: World) -> None:
    countries = ["Peru", " PERU", "Chile", "Angola"]
    events = [
        created(f"{number}d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77", country=country)
        for number, country in enumerate(countries)
    ]
    world.append(*events)
    world.count(*events)
    shown = world.ask()
    assert [(each["group"], each["customers"]) for each in shown["groups"]] == [
        ("peru", 2),
        ("angola", 1),
        ("chile", 1),
    ]
    assert shown["customers"] == 4
    assert shown["changed_at"] == max(event.occurred_at for event in events)


def test_a_group_whose_last_customer_left_is_not_shown(world: World) -> None:
    events = [created(ID, country="Peru"), erased(ID, version=2)]
    world.append(events[0])
    world.count(events[0])
    world.append(events[1])
    world.count(events[1])
    shown = world.ask()
    assert (shown["customers"], shown["groups"]) == (0, [])


def test_an_answer_is_bounded(world: World) -> None:
    for number in range(MOST_GROUPS + 2):
        world.counts.counters[FIRST_GENERATION, f"land {number:03}"] = MOST_GROUPS + 2 - number
    shown = world.ask()
    assert len(shown["groups"]) == MOST_GROUPS
    assert shown["others"] == {"groups": 2, "customers": 3}
    assert shown["customers"] == sum(range(1, MOST_GROUPS + 3))


def test_the_active_generation_of_this_view_is_read(world: World) -> None:
    event = created(ID, country="Peru")
    world.append(event)
    world.count(event, generation=2)
    assert world.ask()["customers"] == 0
    world.generations.save(replace(Generations(), active=2, newest=2))
    assert world.ask()["customers"] == 1


@pytest.mark.parametrize("name", ["cities", "", "customers"])
def test_unknown_statistics_are_not_found(world: World, name: str) -> None:
    with pytest.raises(NotFound, match="There are: countries"):
        world.ask(name=name)


def test_a_write_that_is_not_counted_yet_is_waited_for(world: World) -> None:
    event = created(ID, country="Peru")
    world.append(event)
    world.on_sleep = lambda: world.count(event)
    assert world.ask(after=(ID, 1))["customers"] == 1
    assert 0 < world.slept < 1


def test_a_write_that_is_not_counted_in_time_is_a_503(world: World) -> None:
    event = created(ID, country="Peru")
    world.append(event)
    world.project_customers(event)
    with pytest.raises(NotYetReadable):
        world.ask(after=(ID, 1))
    assert world.slept == pytest.approx(2)


def test_a_write_that_leaves_the_customer_in_the_group_is_not_waited_for_once_the_customers_show_it(
    world: World,
) -> None:
    first = created(ID, country="Peru")
    second = updated(ID, 2, country="peru")
    world.append(first, second)
    world.count(first, second)
    world.counts.stored[ID, FIRST_GENERATION] = replace(world.counts.stored[ID, FIRST_GENERATION], version=1)
    world.project_customers(first)
    with pytest.raises(NotYetReadable):
        world.ask(after=(ID, 2), seconds=0)
    world.project_customers(second)
    assert world.ask(after=(ID, 2), seconds=0)["customers"] == 1


def test_a_move_that_only_the_customers_show_is_waited_for(world: World) -> None:
    first = created(ID, country="Peru")
    second = updated(ID, 2, country="Chile")
    world.append(first)
    world.count(first)
    world.append(second)
    world.project_customers(first, second)
    with pytest.raises(NotYetReadable):
        world.ask(after=(ID, 2), seconds=0)
    world.count(second)
    assert [each["group"] for each in world.ask(after=(ID, 2), seconds=0)["groups"]] == ["chile"]


def test_a_customer_who_is_parked_in_the_view_does_not_count_as_readable(world: World) -> None:
    first = created(ID, country="Peru")
    second = updated(ID, 2, country="Peru")
    world.append(first)
    world.count(first)
    world.append(second)
    world.project_customers(first, second)
    row = world.counts.stored[ID, FIRST_GENERATION]
    world.counts.stored[ID, FIRST_GENERATION] = replace(row, parked=Parked(2, "cannot be read", "2026", 1))
    with pytest.raises(NotYetReadable):
        world.ask(after=(ID, 2), seconds=0)


def test_an_erasure_is_waited_for(world: World) -> None:
    first = created(ID, country="Peru")
    world.append(first)
    world.count(first)
    world.project_customers(first)
    second = erased(ID, version=2)
    world.append(second)
    world.project_customers(second)
    with pytest.raises(NotYetReadable):
        world.ask(after=(ID, 2), seconds=0)
    world.count(second)
    assert world.ask(after=(ID, 2), seconds=0)["customers"] == 0


def test_another_customer_s_write_does_not_hide_this_one(world: World) -> None:
    events = [created(ID, country="Peru"), created(OTHER_ID, country="Peru")]
    world.append(*events)
    world.count(events[1])
    with pytest.raises(NotYetReadable):
        world.ask(after=(ID, 1), seconds=0)
