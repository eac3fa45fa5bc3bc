"""What must hold once nothing fails any more: everything acknowledged can be read, and nothing else."""

from typing import TYPE_CHECKING, Final

from tests.simulation.invariants import require

if TYPE_CHECKING:
    from tests.simulation.world import World

_MOST_STEPS: Final = 20_000
_SETTLED_SECONDS: Final = 120.0


def heal(world: "World") -> None:
    """Stop all faults, drain the stream, and check the projection before any repair."""
    world.faults.stop()
    while world.late:
        world.late.pop()()
    world.mapping.restart()
    world.answers.calm = True
    world.callers.finish()
    drain(world)
    world.invariants.log_is_whole()
    world.invariants.claims_are_exact()
    check_projection(world, excused=excused(world))


def drain(world: "World") -> None:
    """Let the mapping catch up, and everything settle."""
    require(world.mapping.drain(_MOST_STEPS), "STUCK", "the mapping does not come to the end of the stream")
    world.clock.advance(_SETTLED_SECONDS)


def excused(world: "World") -> set[str]:
    """Customers whose rows may be behind, because the operator was told or the stream lost their records."""
    poisoned = {name for name, person in world.oracle.people.items() if person.poisoned_at}
    return poisoned | world.dead_lettered | world.stream.forgotten


def check_projection(world: "World", excused: set[str], generation: int = 1) -> None:
    """I5: every row is the fold of its customer's events, and the list shows exactly the customers there are."""
    rows = world.database.tables["read"]
    listed = world.readers.all(limit=25)
    for customer_id, person in world.oracle.people.items():
        row = rows.get((customer_id, generation))
        version = int(row["version"]["N"]) if row else 0
        if customer_id in excused:
            continue
        require(version == person.version, "I5", f"{customer_id} is at {version}, and their events at {person.version}")
        shown = listed.pop(customer_id, 0)
        expected = 0 if person.erased_at else person.version
        require(shown == expected, "PAGES", f"the list has {customer_id} at {shown} instead of {expected}")
        if person.erased_at:
            require(row and "document" not in row, "I8", f"the row of {customer_id} outlived their erasure")
    strangers = sorted(set(listed) - excused)
    require(not strangers, "PAGES", f"the list shows {strangers}")
