"""What must hold once nothing fails any more: everything acknowledged can be read, and nothing else."""

from typing import TYPE_CHECKING, Final

from tests.simulation.apart import views_are_apart
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
    views_are_apart(world)
    drain(world)
    world.finisher.finish_all()
    world.invariants.log_is_whole()
    world.invariants.claims_are_exact()
    erased = {name for name, person in world.oracle.people.items() if person.erased_at}
    lost = world.dead_lettered | world.stream.forgotten
    check_projection(world, (parked(world) - erased) | lost)
    check_counts(world, (parked_in_counts(world) - erased) | lost)
    redrive(world)
    if world.random.random() < _REBUILT:
        rebuild(world)


def redrive(world: "World") -> None:
    """I7: once the causes are fixed every customer comes back, and a second redrive changes nothing."""
    world.poisoner.cure(deploy=True)
    drain(world)
    world.operators.redrive_failures()
    for operators in world.every_operator:
        operators.redrive_all()
    left = parked(world) | parked_in_counts(world)
    require(not left, "I7", f"{sorted(left)} are still parked after a redrive")
    check_projection(world, world.stream.forgotten)
    check_counts(world, world.stream.forgotten)
    written = _rows_written(world)
    for operators in world.every_operator:
        operators.redrive_all()
    require(_rows_written(world) == written, "I7", "a second redrive changed something")
    for operators in world.every_operator:
        operators.repair_all()
    check_projection(world, set())
    check_counts(world, set())
    nothing_remains(world)
    world.claims_operator.restore()
    world.operators.backfill_all()
    world.subscribers.finish()


def rebuild(world: "World") -> None:
    """A new generation equals the old one, and nothing of the old one is left."""
    events = len(world.oracle.commands)
    for operators in world.every_operator:
        generations = operators.generations
        if generations.load().building is None:
            generations.save(generations.load().start_rebuild())
        operators.finish(_MOST_STEPS)
    require(len(world.oracle.commands) == events, "I6", "a rebuild published events")
    check_projection(world, set())
    check_counts(world, set())
    world.invariants.counting.only_active_is_left()
    left = {generation for items in _rows(world) for generation in items}
    require(left <= {world.invariants.active}, "GARBAGE", f"rows of generations {sorted(left)} are left")


def parked(world: "World") -> set[str]:
    """Customers that an operator sees as parked."""
    found = {row.customer_id for row in world.operators.rows.parked(world.invariants.active)}
    require(found <= set(world.oracle.people), "I7", f"{sorted(found)} are parked, and not all of them are customers")
    return found


def parked_in_counts(world: "World") -> set[str]:
    """Customers that an operator of the view that counts sees as parked: those whose rows say so."""
    counting, found = world.invariants.counting, set[str]()
    for operators in world.every_operator[1:]:
        found |= {row.customer_id for row in operators.rows.parked(counting.active)}
        require(found == counting.parked(), "I7", f"{sorted(found)} are parked, and not {sorted(counting.parked())}")
    return found


def check_counts(world: "World", excused: set[str]) -> None:
    """I5 of the view that counts: its rows are right, and a caller reads their sums."""
    if len(world.views) > 1:
        world.invariants.counting.check_rows(excused)
        expected, found = world.invariants.counting.counts(), world.statisticians.counts()
        require(found == expected, "COUNTS", f"the statistics are {found} instead of {expected}")


def _rows_written(world: "World") -> int:
    return world.invariants.rows_written + world.invariants.counting.rows_written


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
