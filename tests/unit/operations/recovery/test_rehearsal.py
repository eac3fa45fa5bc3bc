"""The tables are lost at a random moment and recovered by the operators' commands, as the guide has them in order.

Nothing that was acknowledged before the restored moment is missing, everyone erased stays erased, and both kinds of
consumers end with what the service has.
"""

from collections import Counter
from functools import cache

import pytest

from commands import erase_customer, finish_erasures
from events import store
from events.claims import email_claim
from events.codec import REDACTED, recorded
from events.customer import Customer
from events.envelope import Event
from events.history import is_left_over
from tests.unit.operations.recovery.disaster import ONE, TABLES, Acknowledged, World, as_option

SEEDS = range(24)
# What has to happen in some of the rehearsals, so that they prove anything about it.
WANTED = {
    "damaged", "deleted", "everything", "lost", "erased again", "had no events, erased", "rest of the data removed",
    "versions given out again", "skipped of an older epoch", "forgotten by a consumer",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """An erasure redacts one event at once, so that a loss can cut it."""
    monkeypatch.setattr(store, "MOST_REDACTED_AT_ONCE", 1)
    monkeypatch.setattr(erase_customer, "MOST_REDACTED_AT_ONCE", 1)
    monkeypatch.setattr(finish_erasures, "_REDACTED_AT_ONCE", 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stack_that_lost_its_events_comes_back(seed: int) -> None:
    rehearse(seed)


def test_the_rehearsals_meet_what_they_are_for() -> None:
    met = sum(map(rehearse, SEEDS), Counter[str]())

    assert {kind for kind in WANTED if met[kind] < 3} == set(), met


@cache
def rehearse(seed: int) -> Counter[str]:
    """Lose the tables once or twice, and recover them. Returns what happened, and how often."""
    world = World(seed)
    for epoch in range(2, 3 + seed % 2):
        live(world, world.random.randrange(60, 160))
        until = lose(world)
        known = list(world.acknowledged)
        world.met["lost"] += sum(each.time > until for each in known)
        recover(world, until, epoch)
        has_all_that_was_acknowledged(world, known, until)
        everyone_erased_is_forgotten(world, known)
        world.acknowledged = [each for each in known if each.time <= until or each.customer is None]
        live(world, 60)

    settle(world)
    consumers_have_what_the_service_has(world)
    everyone_erased_is_forgotten(world, world.acknowledged)
    return world.met


def live(world: World, steps: int) -> None:
    for _ in range(steps):
        world.step()


def lose(world: World) -> float:
    """Lose the events, with or without the other tables. Returns the moment that can be restored."""
    kind = world.random.choice(("damaged", "deleted", "everything"))
    world.met[kind] += 1
    world.clock.advance(1)
    match kind:
        case "damaged":
            until = world.moment_before()
            world.damage()
            return until
        case "deleted":
            world.client.lose(world.event_table)
        case _:
            for name in {**TABLES, "EventTable": world.event_table}.values():
                world.client.lose(name)
    return world.clock.time


def recover(world: World, until: float, epoch: int) -> None:
    """The steps of docs/how-to/recover-from-disaster.md."""
    damaged = world.event_table in world.database.tables
    assert world.run("recover", "close") == 0
    assert world.run("recover", "restore", *(["--to", as_option(until)] if damaged else [])) == 0
    assert world.run("recover", "point") == 0
    assert world.run("recover", "check") == 0, world.printed
    assert (world.event_table, world.cloud.values["Epoch"]) == (f"events-{epoch}", str(epoch))
    assert world.run("recover", "erase", "--go", *ONE) == 0, world.printed
    world.met.update({kind: world.printed.count(kind) for kind in WANTED})
    assert world.run("verify", "claims", "--repair", *ONE) == 0, world.printed
    assert world.run("verify", "erasures", *ONE) == 0, world.printed
    assert world.run("rebuild", "all", *ONE) == 0, world.printed
    assert world.run("rebuild", "retire") == 0
    world.clock.advance(61)
    assert world.run("rebuild", "remove") == 0
    live(world, 20)
    assert world.run("verify", *ONE) in (0, 1)
    world.backfill()
    assert world.run("recover", "open") == 0


def has_all_that_was_acknowledged(world: World, known: list[Acknowledged], until: float) -> None:
    before = [each for each in known if each.time <= until]
    erased = {each.customer_id for each in known if each.customer is None}
    newest = {each.customer_id: each.customer for each in before}
    stack = world.stack()
    for each in before:
        version = each.customer.version if each.customer else None
        stored = stack.store.get(each.customer_id, version) if version else stack.store.latest(each.customer_id)
        assert isinstance(stored, Event)
        if each.customer and each.customer_id not in erased:
            assert stored.occurred_at == each.customer.updated_at
            assert each.customer.full_name in stored.data
    claims = {item["claim"]["S"]: item["customer_id"]["S"] for _, item in world.database.tables["claims"].all()}
    living = {id_: each for id_, each in newest.items() if each and id_ not in erased}
    assert claims == {email_claim(each.email): id_ for id_, each in living.items()}
    settle_projection(world)
    assert shown(world) == {id_: each.document() for id_, each in living.items()}


def everyone_erased_is_forgotten(world: World, known: list[Acknowledged]) -> None:
    erased = {each.customer_id for each in known if each.customer is None}
    for customer_id in erased:
        items = world.database.tables[world.event_table].partitions[customer_id].values()
        records = [recorded(item) for item in items]
        assert records, "the erasure itself"
        assert not any(map(is_left_over, records))
        assert {record.data for record in records} <= {REDACTED, "{}"}
    assert not erased & shown(world).keys()
    logged = {key for key, _ in world.database.tables["erasure-log"].all()}
    assert {(customer_id, 0) for customer_id in erased} <= logged


def settle_projection(world: World) -> None:
    for _ in range(50):
        world.project(100)
        world.finish_erasures()


def settle(world: World) -> None:
    """Let everything arrive, and let the consumers forget whom the service lost."""
    world.drain()
    epoch = int(world.cloud.values["Epoch"])
    for follower in world.followers.values():
        for customer_id in follower.inbox.left_behind(epoch):
            assert follower.consumer.forget(customer_id, epoch)
            world.met["forgotten by a consumer"] += 1


def shown(world: World) -> dict[str, str]:
    """Each customer whom queries show, and the document."""
    active = world.stack().generations.load().active
    return {
        key[0]: item["document"]["S"]
        for key, item in world.database.tables["read"].all()
        if key[1] == active and "document" in item
    }


def consumers_have_what_the_service_has(world: World) -> None:
    documents = {id_: Customer.model_validate_json(document) for id_, document in shown(world).items()}
    names = {id_: customer.full_name for id_, customer in documents.items()}
    for name, follower in world.followers.items():
        assert {id_: details["full_name"] for id_, details in follower.details.items()} == names, name
        states = [follower.inbox.load(id_) for id_ in documents]
        assert [state.version for state in states] == [documents[state.customer_id].version for state in states]
        assert not any(state.held or state.erased for state in states)
