"""What operators repair, they repair in every generation that the projector feeds."""

from dataclasses import replace
from typing import Any

from events.envelope import Unreadable
from projections.generations import Generations
from tests.samples import START, history
from tests.unit.operations.stack import FakeStack


def lose(stack: FakeStack) -> None:
    """Write the message of a lost batch whose records arrived at `START`."""
    times = {"approximateArrivalOfFirstRecord": START.isoformat(), "approximateArrivalOfLastRecord": START.isoformat()}
    stack.queue.messages["m1"] = {"DDBStreamBatchInfo": {"shardId": "s", "batchSize": 1, **times}}


def versions(stack: FakeStack, customer_id: str) -> dict[int, int]:
    rows = stack.read_model.all_rows(customer_id)
    return {row.generation: row.version for row in rows}


def test_a_lost_batch_is_brought_to_every_generation_that_is_fed() -> None:
    stack = FakeStack()
    stack.generations.saved = Generations(active=2, previous=1, building=3, newest=3)
    stack.customer("a", projected=False)
    lose(stack)

    assert stack.run("redrive-failures", "--go") == 0
    assert versions(stack, "a") == {1: 1, 2: 1, 3: 1}


def test_a_lost_batch_is_looked_for_in_the_generations_that_are_not_read_too() -> None:
    stack = FakeStack()
    stack.generations.saved = Generations(active=1, building=2, newest=2)
    stack.customer("a")
    del stack.read_model.stored["a", 2]
    lose(stack)

    assert stack.run("redrive-failures", "--go") == 0
    assert versions(stack, "a") == {1: 1, 2: 1}


def test_what_can_be_read_before_an_unreadable_event_is_shown() -> None:
    """The projector of the operators' commands reads as the function's does."""
    stack = FakeStack()
    for event in history("a", 2):
        stack.store.append(event)
    stack.store.broken["a", 3] = Unreadable("a", 3, "the row is not an event: KeyError")
    lose(stack)

    assert stack.run("redrive-failures", "--go") == 0
    [row] = stack.read_model.parked(1)
    assert (row.version, row.parked and row.parked.version) == (2, 3)
    assert stack.shown("a")


def test_remove_clears_the_newest_generation_that_was_given_up() -> None:
    """A rebuild that was abandoned has the highest number of all."""
    stack = FakeStack()
    stack.customer("a")
    stack.run("rebuild", "start")
    stack.run("rebuild", "run")
    assert versions(stack, "a") == {1: 1, 2: 1}
    stack.run("rebuild", "abandon")
    stack.clock.pause(61)

    assert stack.run("rebuild", "remove") == 0
    assert versions(stack, "a") == {1: 1}
    assert stack.generations.saved.retired == ()
    assert not any(job.startswith("rebuild-2") for job, _ in stack.progress.saved)


def test_remove_clears_it_again_if_a_late_writer_filled_it() -> None:
    stack = FakeStack()
    stack.customer("a")
    stack.generations.saved = Generations(active=1, newest=2)
    row = stack.read_model.stored["a", 1]
    stack.read_model.stored["a", 2] = replace(row, generation=2)

    assert stack.run("rebuild", "remove") == 0
    assert versions(stack, "a") == {1: 1}


def test_a_row_that_is_right_is_left_as_it_is() -> None:
    stack = FakeStack()
    stack.customer("a")
    before: Any = dict(stack.read_model.stored)
    lose(stack)

    assert stack.run("redrive-failures", "--go") == 0
    assert stack.read_model.stored == before
