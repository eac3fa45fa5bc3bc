"""Lost batches at size: merged times, one reading of the event table, one look at each customer."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Unreadable
from operations.jobs.lost_batch import LostBatch
from operations.jobs.windows import EVERY_WINDOW, MARGIN, Windows
from projections.maintenance.verify import Verifier
from tests.samples import START, created, updated
from tests.unit.operations.stack import FakeStack


def batch(first: int, last: int) -> LostBatch:
    return LostBatch("m", "s", START + timedelta(seconds=first), START + timedelta(seconds=last), 1)


@given(
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 900)), min_size=1, max_size=8), st.integers(-600, 10_000)
)
def test_merged_times_contain_exactly_what_one_of_the_batches_may_contain(
    times: Sequence[tuple[int, int]], second: int
) -> None:
    batches = [batch(first, first + length) for first, length in times]
    windows, margin = Windows(batches), MARGIN.total_seconds()
    matching = [
        each for each, (first, length) in zip(batches, times, strict=True)
        if first - margin <= second <= first + length + margin
    ]  # fmt: skip

    found = windows.may_contain(created("a", second=second))

    assert (found is not None) == bool(matching)
    assert {windows.of(each) for each in matching} <= {found}


def test_an_unreadable_record_may_have_been_in_any_batch() -> None:
    windows = Windows([batch(0, 1), batch(5000, 5001)])

    assert len(windows) == 2
    assert windows.touched_by([Unreadable("a", 1, "broken"), created("a")]) == {EVERY_WINDOW}


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def lost(stack: FakeStack, number: int, second: int = 0) -> None:
    at = (START + timedelta(seconds=second)).isoformat()
    times = {"approximateArrivalOfFirstRecord": at, "approximateArrivalOfLastRecord": at}
    stack.queue.messages[f"m{number}"] = {"DDBStreamBatchInfo": {"shardId": "s", "batchSize": 1, **times}}


def test_a_customer_of_many_lost_batches_is_looked_at_once_in_each_view(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        stack.customer(f"c{number}", projected=False)
    for number in range(360):
        lost(stack, number, number)
    looks: Counter[str] = Counter()
    real = Verifier.differing

    def differing(self: Any, histories: Any, generation: int, **options: Any) -> Any:
        looks.update(list(histories))
        return real(self, histories, generation, **options)

    monkeypatch.setattr(Verifier, "differing", differing)

    assert stack.run("redrive-failures", "--go") == 0

    assert looks == Counter({f"c{number}": len(stack.stack.every_view) for number in range(30)})
    assert not stack.queue.messages
    assert all(stack.shown(f"c{number}") for number in range(30))


def test_a_customer_whose_events_span_pages_is_looked_at_as_a_whole(stack: FakeStack) -> None:
    """The event of the lost batch is not on the page where the customer begins."""
    stack.store.append(created("a"))
    stack.project("a")
    for version in range(2, 700):
        stack.store.append(updated("a", version))
    # The version is the second of the event, and page 1 ends with version 500.
    lost(stack, 1, 690 + int(MARGIN.total_seconds()))

    assert stack.run("redrive-failures", "--go") == 0

    row = stack.read_model.get("a", 1)
    assert row
    assert row.version == 699
    assert "1 right" in stack.printed


def test_the_message_of_one_time_stays_while_that_of_another_is_done(stack: FakeStack) -> None:
    stack.customer("a", projected=False)
    stack.store.append(created("b", second=4000))
    stack.read_model.failing = {"b"}
    lost(stack, 1)
    lost(stack, 2, 4000)

    assert stack.run("redrive-failures", "--go") == 1

    assert set(stack.queue.messages) == {"m2"}
    assert stack.shown("a")
