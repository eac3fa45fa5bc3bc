"""What is stored on the way: the mark of a customer who returns, and the time of a checkpoint."""

from dataclasses import replace
from datetime import datetime

import pytest

from projections.generations import Generations
from projections.maintenance.progress import rebuild_job
from projections.maintenance.redrive import RedriveOutcome
from projections.read_model import Write
from projections.row import RETURNING, Parked, Row
from shared.runtime.clock import timestamp, utc_now
from tests.unit.projections.world import World, poison


@pytest.fixture
def world() -> World:
    return World()


def parked_at_the_third(world: World) -> None:
    """A customer at version 2, whose third event was unreadable and is repaired now."""
    first, second, third = world.log("a", 3)
    world.project(first, second, poison(third))
    parked = world.parked("a")
    assert parked
    assert (parked.version, parked.attempts) == (3, 1)


def writes_of(world: World) -> list[Row]:
    rows: list[Row] = []

    def watch(write: Write) -> None:
        rows.append(write.row)

    world.read_model.interfere = watch
    return rows


def test_a_customer_who_returns_is_marked_at_the_next_version_with_one_more_attempt(world: World) -> None:
    parked_at_the_third(world)
    since, rows = world.parked("a"), writes_of(world)

    [result] = world.redrive.run(1, dry=False)

    assert since
    returning, returned = rows
    assert returning.parked == Parked(4, RETURNING, since.since, 2)
    assert (returning.version, returning.listing) == (returned.version, returned.listing)
    assert (returned.version, returned.parked) == (3, None)
    assert (result.outcome, result.version, result.parked) == (RedriveOutcome.RETURNED, 3, since)


def test_every_further_run_that_finds_the_cause_unchanged_counts_an_attempt(world: World) -> None:
    parked_at_the_third(world)
    world.replace_event(poison(world.store.events["a", 3]))

    for attempts in (2, 3, 4):
        [result] = world.redrive.run(1, dry=False)
        parked = world.parked("a")
        assert parked
        assert (parked.version, parked.attempts, parked.reason) == (3, attempts, "unknown type")
        assert (result.outcome, result.parked, result.version) == (RedriveOutcome.STILL_PARKED, parked, 2)


def test_a_dry_run_says_where_the_customer_would_be_parked_and_counts_nothing(world: World) -> None:
    first, second, third, fourth = world.log("a", 4)
    world.project(first, poison(second))
    world.replace_event(poison(fourth))
    before = world.row("a")

    [result] = world.redrive.run(1, dry=True)

    assert before
    assert before.parked
    assert (result.outcome, result.version) == (RedriveOutcome.STILL_PARKED, 1)
    assert result.parked == replace(before.parked, version=4, reason="unknown type")
    assert world.row("a") == before
    assert third.version == 3


def test_a_checkpoint_of_a_rebuild_has_the_time_at_which_it_was_made(world: World) -> None:
    """`rebuild status` tells by it whether the rebuild stands still."""
    world.generations.saved = Generations(building=2, newest=2)
    world.log("a", 2)
    [at] = world.progress.load(rebuild_job(2), 1)
    before = timestamp(utc_now())

    reached = world.rebuild.step(2, at, 1)

    assert before <= reached.at <= timestamp(utc_now())
    assert datetime.fromisoformat(reached.at).tzinfo
    assert world.progress.load(rebuild_job(2), 1) == [reached]


def test_a_checkpoint_of_a_comparison_has_the_time_at_which_it_was_made(world: World) -> None:
    world.log("a", 2)
    [at] = world.progress.load("verify-1", 1)

    reached, _ = world.verifier.step(1, at, 1)

    assert reached.at == timestamp(world.now())
