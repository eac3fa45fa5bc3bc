"""The customers of lost batches are brought up to date many at once, with the guarantees of the projector."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from operations.jobs.failure_queue import HIDDEN_SECONDS
from operations.jobs.lost_customers import CUSTOMERS_TOGETHER
from projections.generations import Generations
from projections.read_model import Write, WriteResult
from tests.samples import START, updated
from tests.unit.operations.stack import FakeStack

if TYPE_CHECKING:
    from events.envelope import Recorded

TWO_GENERATIONS = Generations(active=2, previous=1, newest=2)


@pytest.fixture
def stack() -> FakeStack:
    stack = FakeStack()
    stack.generations.saved = TWO_GENERATIONS
    return stack


def lost(stack: FakeStack, *customers: str) -> None:
    """Write the message of a lost batch, in which these customers had their first event."""
    for customer_id in customers:
        stack.customer(customer_id, projected=False)
    at = (START + timedelta(seconds=1)).isoformat()
    times = {"approximateArrivalOfFirstRecord": at, "approximateArrivalOfLastRecord": at}
    stack.queue.messages["m1"] = {"DDBStreamBatchInfo": {"shardId": "s", "batchSize": 1, **times}}


def people(count: int) -> list[str]:
    return [f"c{number}" for number in range(count)]


def test_the_customers_of_a_page_are_read_and_written_together(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(stack, *people(2 * CUSTOMERS_TOGETHER))
    calls: Counter[str] = Counter()

    def counted(target: Any, name: str) -> None:
        real = getattr(target, name)

        def call(*args: Any, **options: Any) -> Any:
            calls[name] += bool(args[0])
            return real(*args, **options)

        monkeypatch.setattr(target, name, call)

    counted(stack.store, "read")
    counted(stack.read_model, "write")
    counted(stack.read_model, "get_many")

    assert stack.run("redrive-failures", "--go", "--workers", "1") == 0

    # 4 segments of about 50 customers, 2 generations; rows are read for the writes and for the comparison.
    assert calls["write"] == 4 * 2
    assert calls["get_many"] == 4 * 2 * 2
    assert calls["read"] == 0
    assert all(stack.shown(customer_id) for customer_id in people(2 * CUSTOMERS_TOGETHER))


def test_a_customer_is_never_ahead_in_the_generation_that_is_read(stack: FakeStack) -> None:
    lost(stack, *people(300))
    ahead: list[str] = []

    def look(write: Write) -> None:
        row = write.row
        before = stack.read_model.get(row.customer_id, 1)
        if row.generation == 2 and (before is None or before.version < row.version):
            ahead.append(row.customer_id)

    stack.read_model.interfere = look

    assert stack.run("redrive-failures", "--go") == 0
    assert ahead == []
    assert len(stack.read_model.stored) == 600


def fail_in(stack: FakeStack, generation: int, customer_id: str) -> None:
    real = stack.read_model.write

    def write(writes: Sequence[Write]) -> list[WriteResult]:
        bad = [(each.row.generation, each.row.customer_id) == (generation, customer_id) for each in writes]
        return [WriteResult.FAILED if is_bad else real([each])[0] for is_bad, each in zip(bad, writes, strict=True)]

    stack.read_model.write = write  # type: ignore[method-assign]


def test_a_customer_who_fails_in_an_earlier_generation_is_not_written_in_the_one_that_is_read(stack: FakeStack) -> None:
    lost(stack, "a", "b")
    fail_in(stack, 1, "a")

    assert stack.run("redrive-failures", "--go") == 1

    assert {key for key in stack.read_model.stored if key[0] == "a"} == set()
    assert {key for key in stack.read_model.stored if key[0] == "b"} == {("b", 1), ("b", 2)}
    assert "1 right, 1 left" in stack.printed
    assert set(stack.queue.messages) == {"m1"}


def test_a_customer_who_is_right_in_one_generation_alone_is_left(stack: FakeStack) -> None:
    lost(stack, "a", "b")
    fail_in(stack, 2, "a")

    assert stack.run("redrive-failures", "--go") == 1

    assert {key for key in stack.read_model.stored if key[0] == "a"} == {("a", 1)}
    assert "1 right, 1 left" in stack.printed
    assert set(stack.queue.messages) == {"m1"}


def test_those_whom_no_write_reaches_are_confirmed_together(stack: FakeStack) -> None:
    """A confirmation takes seconds, so one for each customer would make an outage longer."""
    lost(stack, *people(40))
    stack.read_model.failing = set(people(40))

    assert stack.run("redrive-failures", "--go", "--workers", "1") == 1

    assert len(stack.clock.waits) <= 4 * 2 * 3  # segments, generations, comparisons after the first
    assert "40 left" in stack.printed


def wrong_content(stack: FakeStack) -> None:
    row = stack.read_model.stored["a", 1]
    assert row.listing
    listing = replace(row.listing, document=row.listing.document.replace("Ada", "Eve"))
    stack.read_model.stored["a", 1] = replace(row, listing=listing)


def no_place_in_the_list(stack: FakeStack) -> None:
    stack.read_model.stored["a", 1] = replace(stack.read_model.stored["a", 1], misplaced=True)


@pytest.mark.parametrize("damage", [wrong_content, no_place_in_the_list])
def test_a_row_that_no_event_corrects_is_repaired_too(stack: FakeStack, damage: Any) -> None:
    lost(stack, "a")
    stack.project("a")
    before = dict(stack.read_model.stored)
    damage(stack)
    assert stack.read_model.stored != before

    assert stack.run("redrive-failures", "--go") == 0
    assert stack.read_model.stored == before


def the_stream_projects_while_we_wait(stack: FakeStack, customer_id: str) -> None:
    """Let our own writes of a customer fail until the first pause, in which the stream's projector is successful."""
    stack.read_model.failing = {customer_id}
    real = stack.clock.pause

    def pause(seconds: float) -> None:
        real(seconds)
        stack.read_model.failing = set()
        stack.project(customer_id)

    stack.stack = replace(stack.stack, pause=pause)


def test_a_customer_whom_the_stream_brings_up_to_date_meanwhile_is_right(stack: FakeStack) -> None:
    lost(stack, "a")
    the_stream_projects_while_we_wait(stack, "a")

    assert stack.run("redrive-failures", "--go") == 0
    assert "1 right" in stack.printed


def test_a_customer_who_is_parked_meanwhile_is_visible_and_so_done(stack: FakeStack) -> None:
    lost(stack, "a")
    stack.store.events["a", 1] = replace(stack.store.events["a", 1], type="CustomerVanished")
    the_stream_projects_while_we_wait(stack, "a")

    assert stack.run("redrive-failures", "--go") == 0
    assert "1 parked" in stack.printed


def test_an_outage_leaves_the_messages_and_the_next_run_does_the_rest(stack: FakeStack) -> None:
    lost(stack, *people(20))
    real = stack.read_model.get_many

    def away(*_: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="dynamodb")

    stack.read_model.get_many = away  # type: ignore[assignment,method-assign]
    assert stack.run("redrive-failures", "--go") == 1
    assert "20 left" in stack.printed
    assert set(stack.queue.messages) == {"m1"}

    stack.read_model.get_many = real  # type: ignore[method-assign]
    assert stack.run("redrive-failures", "--go") == 0
    assert not stack.queue.messages


def test_a_run_that_is_interrupted_is_continued_by_the_next(stack: FakeStack) -> None:
    lost(stack, *people(250))
    written: list[str] = []

    def interrupt(write: Write) -> None:
        written.append(write.row.customer_id)
        if len(written) == 200:
            raise KeyboardInterrupt

    stack.read_model.interfere = interrupt
    assert stack.run("redrive-failures", "--go", "--workers", "1") != 0
    assert (set(stack.queue.messages), stack.queue.hidden) == ({"m1"}, set())
    done = len(stack.read_model.history)

    stack.read_model.interfere = lambda _: None
    assert stack.run("redrive-failures", "--go") == 0
    assert 199 <= done < 500
    assert len(stack.read_model.history) == 500, "nobody is written twice"


def test_the_messages_stay_hidden_however_long_one_page_takes(stack: FakeStack) -> None:
    lost(stack, *people(1600))

    def take_time(_: Write) -> None:
        # 100 customers in two generations take longer than a third of the time for which a message is hidden.
        stack.clock.seconds += HIDDEN_SECONDS / 3 / (2 * CUSTOMERS_TOGETHER)

    stack.read_model.interfere = take_time

    assert stack.run("redrive-failures", "--go", "--workers", "1") == 0
    assert len(stack.queue.extended) >= 1600 // CUSTOMERS_TOGETHER - 4


def test_an_event_that_arrives_while_the_page_is_handled_is_shown(stack: FakeStack) -> None:
    """The page was read before it. The comparison that follows the writes finds it."""
    lost(stack, "a")
    real = stack.read_model.write
    arrived: list[Recorded] = []

    def write(writes: Any) -> list[WriteResult]:
        if not arrived:
            arrived.append(updated("a", 2))
            stack.store.append(updated("a", 2))
        return real(writes)

    stack.read_model.write = write  # type: ignore[method-assign]

    assert stack.run("redrive-failures", "--go") == 0
    assert [row.version for row in stack.read_model.all_rows("a")] in ([1, 1], [2, 2])
