"""An erasure clears the customer's rows in generations that are not fed: retired, abandoned or left over."""

import pytest

from events.customer import Erased
from projections.projector import Projector
from projections.read_model import Write
from projections.row import Parked, Row, row_of
from tests.samples import erased, updated
from tests.unit.projections.world import World

PARKED = Parked(2, "reason", "2026-05-17T09:30:00.000000Z", 1)


@pytest.fixture
def world() -> World:
    """A customer in the fed generation 3 and in three others."""
    world = World()
    events = world.log("c", 2)
    for generation in (1, 2, 3, 7):
        world.project(*events[: 1 if generation == 1 else 2], generation=generation)
    row = world.row("c", 2)
    assert row
    world.read_model.stored["c", 2] = Row("c", 2, row.version, row.listing, PARKED)
    return world


def test_every_row_of_an_erased_customer_is_cleared(world: World) -> None:
    end = world.append(erased("c", 3))

    assert world.projector.clear_elsewhere([end], fed=(3,)) == {}

    cleared = {generation: world.row("c", generation) for generation in (1, 2, 7)}
    assert cleared == {generation: row_of(Erased("c", 3), generation) for generation in (1, 2, 7)}
    assert world.version("c", 3) == 2
    assert world.row("c", 4) is None


def test_clearing_again_writes_nothing(world: World) -> None:
    end = world.append(erased("c", 3))
    world.projector.clear_elsewhere([end], fed=(3,))
    written = len(world.read_model.history)

    world.projector.clear_elsewhere([end], fed=(3,))

    assert len(world.read_model.history) == written


def test_other_events_clear_nothing(world: World) -> None:
    assert world.projector.clear_elsewhere([updated("c", 3)], fed=(3,)) == {}
    assert world.row("c", 7) is not None
    assert world.version("c", 7) == 2


def test_a_row_that_another_writer_changes_meanwhile_is_read_again(world: World) -> None:
    end, model = world.append(erased("c", 3)), world.read_model
    late = [row_of(Erased("c", 2), 1)]

    def interferes(write: Write) -> None:
        if late and write.row.generation == 1:
            model.stored["c", 1] = Row("c", 1, 2, model.stored["c", 7].listing, None)
            late.pop()

    model.interfere = interferes
    world.projector.clear_elsewhere([end], fed=(3,))

    assert world.row("c", 1) == row_of(Erased("c", 3), 1)


def test_a_row_that_cannot_be_written_is_reported_for_a_retry(world: World) -> None:
    end = world.append(erased("c", 3))
    world.read_model.failing = {"c"}

    assert Projector(world.read_model, world.store.read).clear_elsewhere([end], fed=(3,)) == {
        "c": "not cleared in every generation"
    }
