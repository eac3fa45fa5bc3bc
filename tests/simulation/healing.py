"""What must hold once nothing fails any more: everything acknowledged can be read, and nothing else."""

from typing import TYPE_CHECKING, Final

from tests.simulation.erasures import nothing_remains
from tests.simulation.expressions import Item
from tests.simulation.invariants import require
from tests.simulation.oracle import claim_of

if TYPE_CHECKING:
    from tests.simulation.world import World

_MOST_STEPS: Final = 20_000
_SETTLED_SECONDS: Final = 120.0
# A whole rebuild takes as long as the rest of a seed's healing.
_REBUILT: Final = 0.3


def heal(world: "World") -> None:
    """Stop all faults, drain the stream, and check the projection before and after any repair."""
    world.faults.stop()
    world.clock.advance(_SETTLED_SECONDS)
    world.arrive()
    world.mapping.restart()
    world.answers.calm = True
    world.callers.finish()
    drain(world)
    world.finisher.finish_all()
    world.invariants.log_is_whole()
    world.invariants.claims_are_exact()
    erased = {name for name, person in world.oracle.people.items() if person.erased_at}
    check_projection(world, (parked(world) - erased) | world.dead_lettered | world.stream.forgotten)
    redrive(world)
    if world.random.random() < _REBUILT:
        rebuild(world)


def redrive(world: "World") -> None:
    """I7: once the causes are fixed every customer comes back, and a second redrive changes nothing."""
    world.poisoner.cure(deploy=True)
    drain(world)
    world.operators.redrive_failures()
    world.operators.redrive_all()
    require(not parked(world), "I7", f"{sorted(parked(world))} are still parked after a redrive")
    check_projection(world, world.stream.forgotten)
    written = world.invariants.rows_written
    world.operators.redrive_all()
    require(world.invariants.rows_written == written, "I7", "a second redrive changed something")
    world.operators.repair_all()
    check_projection(world, set())
    nothing_remains(world)
    world.claims_operator.restore()
    world.operators.backfill_all()
    world.subscribers.finish()


def rebuild(world: "World") -> None:
    """A new generation equals the old one, and nothing of the old one is left."""
    generations = world.operators.generations
    if generations.load().building is None:
        generations.save(generations.load().start_rebuild())
    events = len(world.oracle.commands)
    world.operators.finish(_MOST_STEPS)
    require(len(world.oracle.commands) == events, "I6", "a rebuild published events")
    check_projection(world, set())
    left = {generation for items in _rows(world) for generation in items}
    require(left <= {world.invariants.active}, "GARBAGE", f"rows of generations {sorted(left)} are left")


def parked(world: "World") -> set[str]:
    """Customers that an operator sees as parked."""
    return {row.customer_id for row in world.operators.rows.parked(world.invariants.active)}


def _rows(world: "World") -> list[dict[int, Item]]:
    partitions = world.database.tables["read"].partitions
    return [items for customer_id, items in partitions.items() if not customer_id.startswith("#")]


def drain(world: "World") -> None:
    """Let the mapping catch up and everything settle."""
    require(world.mapping.drain(_MOST_STEPS), "STUCK", "the mapping does not come to the end of the stream")
    world.clock.advance(_SETTLED_SECONDS)


def check_projection(world: "World", excused: set[str]) -> None:
    """I5: every row is the fold of its customer's events, and the list shows exactly the existing customers."""
    rows = world.database.tables["read"]
    listed = world.readers.all(limit=25)
    for customer_id, person in world.oracle.people.items():
        row = rows.get((customer_id, world.invariants.active))
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
    check_addresses(world, excused)


def check_addresses(world: "World", excused: set[str]) -> None:
    """Each address that any customer ever had finds the one who has it now, or nobody."""
    people = world.oracle.people.values()
    addresses = {claim_of(each["email"]): each["email"] for person in people for each in person.documents if each}
    for claim, email in addresses.items():
        expected, found = world.oracle.holders.get(claim, ""), world.searchers.holder(email)
        if not {expected, found} & excused:
            require(found == expected, "SEARCH", f"the address of {expected or 'nobody'} finds {found or 'nobody'}")
