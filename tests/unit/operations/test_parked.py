"""`redrive` works on several parked customers at once, and on each of them as it would alone."""

from dataclasses import replace
from threading import Barrier, Lock
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from projections.generations import Generations
from projections.read_model import Write
from tests.samples import created
from tests.unit.operations.stack import FakeStack


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def parked(stack: FakeStack, count: int) -> list[str]:
    """Park customers, one after the other, at an event that is repaired afterwards."""
    ids = [f"c{number}" for number in range(count)]
    for customer_id in ids:
        stack.store.append(replace(created(customer_id), type="CustomerVanished"))
        stack.project(customer_id)
        stack.clock.pause(1)
        stack.store.events[customer_id, 1] = created(customer_id)
    return ids


def returned(stack: FakeStack) -> list[str]:
    """The customers whom the last command brought back, in the order in which it said so."""
    return [line.split()[0] for line in stack.printed.splitlines() if " returned" in line and line.startswith("c")]


def test_several_customers_are_redriven_at_once(stack: FakeStack) -> None:
    ids = parked(stack, 4)
    everybody, real = Barrier(4, timeout=20), stack.store.read
    seen: set[str] = set()
    lock = Lock()

    def read(customer_id: str, after_version: int = 0) -> Any:
        with lock:
            is_first = customer_id not in seen
            seen.add(customer_id)
        if is_first:
            everybody.wait()
        return real(customer_id, after_version)

    stack.store.read = read  # type: ignore[method-assign]

    assert stack.run("redrive", "--go", "--workers", "4") == 0
    assert sorted(returned(stack)) == ids
    assert all(stack.shown(customer_id) for customer_id in ids)


def test_one_worker_takes_the_longest_parked_first(stack: FakeStack) -> None:
    ids = parked(stack, 5)

    assert stack.run("redrive", "--go", "--workers", "1") == 0
    assert returned(stack) == ids


@pytest.mark.parametrize("workers", ["1", "3", "64"])
@pytest.mark.parametrize("limit", [1, 5, 100])
def test_each_customer_is_redriven_once_and_no_more_than_the_limit(stack: FakeStack, workers: str, limit: int) -> None:
    ids = parked(stack, 7)

    assert stack.run("redrive", "--go", "--workers", workers, "--limit", str(limit)) == 0

    assert sorted(returned(stack)) == ids[:limit]
    assert [row.customer_id for row in stack.read_model.parked(1)] == ids[limit:]


def test_the_generation_that_is_read_is_redriven_last(stack: FakeStack) -> None:
    stack.generations.saved = Generations(active=2, previous=1, newest=2)
    parked(stack, 6)
    order: list[int] = []
    stack.read_model.interfere = lambda write: order.append(write.row.generation)

    assert stack.run("redrive", "--go") == 0
    assert order == sorted(order)
    assert len(returned(stack)) == 12


def test_a_failure_in_one_thread_ends_the_command_and_the_next_one_does_the_rest(stack: FakeStack) -> None:
    ids = parked(stack, 8)
    real = stack.read_model.get_many

    def away(customer_ids: Any, generation: int) -> Any:
        if list(customer_ids) == ["c3"]:
            raise ReadTimeoutError(endpoint_url="dynamodb")
        return real(customer_ids, generation)

    stack.read_model.get_many = away  # type: ignore[method-assign]
    assert stack.run("redrive", "--go", "--workers", "2") == 1
    assert "c3" in {row.customer_id for row in stack.read_model.parked(1)}

    stack.read_model.get_many = real  # type: ignore[method-assign]
    assert stack.run("redrive", "--go") == 0
    assert all(stack.shown(customer_id) for customer_id in ids)


def test_a_redrive_that_is_interrupted_is_continued_by_the_next(stack: FakeStack) -> None:
    ids = parked(stack, 8)

    def interrupt(write: Write) -> None:
        if write.row.customer_id == "c4":
            raise KeyboardInterrupt

    stack.read_model.interfere = interrupt
    assert stack.run("redrive", "--go", "--workers", "2") == 130

    stack.read_model.interfere = lambda _: None
    assert stack.run("redrive", "--go") == 0
    assert all(stack.shown(customer_id) for customer_id in ids)


def test_a_dry_run_changes_nothing(stack: FakeStack) -> None:
    parked(stack, 5)
    before = dict(stack.read_model.stored)

    assert stack.run("redrive") == 0
    assert "5 would return" in stack.printed
    assert stack.read_model.stored == before


def test_nobody_is_parked(stack: FakeStack) -> None:
    stack.customer("a")

    assert stack.run("redrive", "--go") == 0
    assert "No customer is parked" in stack.printed
