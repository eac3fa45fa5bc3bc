"""One view cannot be projected for a while. The others must not wait for it."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from projections.customers import CUSTOMERS
from tests.samples import valid_body
from tests.simulation import wiring
from tests.simulation.clients import gateway_event
from tests.simulation.invariants import require
from tests.simulation.oracle import parsed

if TYPE_CHECKING:
    from tests.simulation.world import World


def views_are_apart(world: "World") -> None:
    """A new customer is in every view but the broken one, although the batch fails."""
    if len(world.views) == 1:
        return
    broken = world.random.choice(world.views)
    customer_id = _newcomer(world)
    with wiring.broken(broken), suppress(Exception):
        wiring.HANDLERS.project(_batch(world, customer_id), None)
    counting = world.invariants.counting
    counted = customer_id in dict(counting.rows_of(counting.active))
    listed = world.database.tables["read"].get((customer_id, world.invariants.active)) is not None
    there, not_there = (counted, listed) if broken == CUSTOMERS.name else (listed, counted)
    require(there and not not_there, "APART", f"{customer_id} waits in one view while {broken} cannot be projected")


def _newcomer(world: "World") -> str:
    body = valid_body(full_name="Zqx Newcomer", email="zqxnewcomer@example.com", city="Zqx", country="Zqx newland")
    response = world.request("create", gateway_event("newcomer", "customers/write", {}, "", body))
    require(response["statusCode"] == 201, "ERRORS", f"a create answers {response}")
    customer_id: str = parsed(response["body"])["id"]
    return customer_id


def _batch(world: "World", customer_id: str) -> dict[str, Any]:
    records = [record.event for shard in world.stream.shards.values() for record in shard.records]
    return {"Records": [each for each in records if _customer_of(each) == customer_id]}


def _customer_of(event: Any) -> str:
    customer_id: str = event["dynamodb"]["Keys"]["customer_id"]["S"]
    return customer_id
