"""Verification looks at every customer, whatever one of them has in the event table."""

import uuid
from collections.abc import Sequence

from events.codec import UnreadableEvent
from events.envelope import Event
from projections.generations import FIRST_GENERATION
from projections.verify import Difference, Kind, Verifier
from tests.unit.projections.world import World


class StoreWithOneBrokenCustomer:
    """The event store, where one customer's rows cannot all be read."""

    def __init__(self, world: World, broken: str) -> None:
        self._world = world
        self._broken = broken

    def read(self, customer_id: str, after_version: int = 0) -> Sequence[Event]:
        if customer_id == self._broken:
            raise UnreadableEvent(customer_id, "the row is not an event: KeyError")
        return self._world.store.read(customer_id, after_version)


def broken_world() -> tuple[Verifier, str]:
    """A customer who was projected, and whose later row is no event."""
    world, broken = World(), str(uuid.uuid4())
    world.project(*world.log(broken, 2))
    store = StoreWithOneBrokenCustomer(world, broken)
    verifier = Verifier(store, world.read_model, lambda _: None, world.now)  # type: ignore[arg-type]
    return verifier, broken


def test_a_row_with_an_unreadable_event_behind_it_is_no_orphan() -> None:
    verifier, _ = broken_world()
    assert list(verifier.orphans(FIRST_GENERATION, 0, 1)) == []


def test_an_unreadable_customer_is_not_repaired() -> None:
    verifier, broken = broken_world()
    assert not verifier.repair(Difference(broken, Kind.BEHIND, 3, 2), FIRST_GENERATION)
