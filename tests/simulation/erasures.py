"""Long histories, what finishes an erasure that was cut, and what may be left of an erased customer: nothing (I9)."""

import json
from typing import TYPE_CHECKING, Any

from shared.runtime.clock import timestamp
from tests.simulation.expressions import Item
from tests.simulation.invariants import MARK, require
from tests.simulation.oracle import Person

if TYPE_CHECKING:
    from tests.simulation.world import World


def prolong(world: "World", customer_id: str, versions: int) -> None:
    """Write updates that our code could have written, until a customer has a number of versions."""
    person = world.oracle.people[customer_id]
    while person.version < versions:
        world.database.put_item(TableName="events", Item=_update(person, timestamp(world.clock.utc_now())))


def _update(person: Person, now: str) -> Item:
    last, version = person.items[-1], person.version + 1
    metadata: Any = last["metadata"]["M"]
    # Written by an older release: the fingerprints of the commands before it do not travel with such an event.
    kept = {name: value for name, value in last.items() if name not in {"recent_commands", "unchanged"}}
    unique = {"S": f"long-{last['customer_id']['S']}-{version}"}
    data = {**json.loads(last["data"]["S"]), "city": f"{MARK}-{version}"}
    return {
        **kept,
        "version": {"N": str(version)},
        "event_id": unique,
        "occurred_at": {"S": now},
        "type": {"S": "CustomerUpdated"},
        "data": {"S": json.dumps(data)},
        "metadata": {"M": {**metadata, "command_id": unique, "causation_id": unique}},
    }


def finish(world: "World", customer_id: str) -> None:
    """Finish the erasure of a customer, as far as one try gets: FinishErasures, as the event bus calls it."""
    world.finisher.finish(customer_id)


def nothing_remains(world: "World") -> None:
    """I9: nothing of an erased customer is in any event, row or claim."""
    for customer_id, person in world.oracle.people.items():
        if not person.erased_at:
            continue
        world.invariants.is_forgotten(customer_id)
        rows = world.database.tables["read"].partitions.get(customer_id, {})
        for generation, row in rows.items():
            require(MARK not in repr(row), "I9", f"generation {generation} has {customer_id} after their erasure")
    erased = {name for name, person in world.oracle.people.items() if person.erased_at}
    for (claim, _), item in world.database.tables["claims"].all():
        require(item["customer_id"]["S"] not in erased, "I9", f"{claim} outlived the erasure of its customer")
