"""The whole state machine under random results, splits, crashes and outages: it loses, skips and reorders nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import FunctionReturned, InvokeResult
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.positions import TRIM_HORIZON, ShardCheckpoint
from local.event_source_mapping.response import PartialFailure, Success, interpret
from tests.unit.event_source_mapping.fakes import (
    ERROR,
    NOW,
    QUEUE,
    SUCCESS,
    THROTTLED,
    FakeCheckpoints,
    FakeFunction,
    FakeStream,
    World,
    failed_at,
    record,
)

FILTER = '{"dynamodb": {"Keys": {"customer_id": {"S": [{"anything-but": "filtered"}]}}}}'


@dataclass
class Truth:
    """What really happened, as seen by the function."""

    acknowledged: set[int] = field(default_factory=set)
    delivered_first: list[int] = field(default_factory=list)

    def note(self, batch: RecordBatch, answer: InvokeResult, *, reports: bool) -> None:
        self.delivered_first += [record.order for record in batch.records if record.order not in self.delivered_first]
        if isinstance(answer, FunctionReturned):
            verdict = interpret(answer.payload, batch, reports_failures=reports)
            below = int(verdict.at) if isinstance(verdict, PartialFailure) else float("inf")
            if isinstance(verdict, Success | PartialFailure):
                self.acknowledged |= {record.order for record in batch.records if record.order < below}


class WatchedCheckpoints(FakeCheckpoints):
    """Refuses to move backward, or past a record that was neither processed, discarded nor filtered."""

    def __init__(self, accounted: Callable[[], set[int]], shards: dict[str, set[int]]) -> None:
        super().__init__()
        self._accounted = accounted
        self._shards = shards

    def save(self, shard_id: str, checkpoint: ShardCheckpoint) -> None:
        before = self.saved[shard_id].position.order if shard_id in self.saved else -1
        assert checkpoint.position.order >= before, "the checkpoint moved backward"
        passed = {number for number in self._shards[shard_id] if number <= checkpoint.position.order}
        assert passed <= self._accounted(), "the checkpoint passed a record that is not accounted for"
        assert not checkpoint.done or self._shards[shard_id] <= self._accounted(), "a shard was done too early"
        super().save(shard_id, checkpoint)


def answer_of(kind: str, at: int, batch: RecordBatch) -> InvokeResult:
    named = batch.records[at % len(batch.records)].order
    answers: dict[str, InvokeResult] = {
        "success": SUCCESS,
        "error": ERROR,
        "throttled": THROTTLED,
        "partial": failed_at(named),
        "two": failed_at(named, batch.records[-1].order),
        "unusable": failed_at(named, ""),
    }
    return answers[kind]


KINDS = st.sampled_from(["success", "success", "error", "throttled", "partial", "two", "unusable"])
ITEMS = st.lists(st.sampled_from(["a", "b", "c", "filtered"]), max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    parent=ITEMS,
    child=ITEMS,
    answers=st.lists(st.tuples(KINDS, st.integers(0, 11)), max_size=40),
    crashes=st.sets(st.integers(0, 80), max_size=6),
    redelivered=st.sets(st.integers(0, 40), max_size=4),
    outages=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
    batch_size=st.integers(1, 6),
    max_retries=st.sampled_from([-1, 0, 1, 2]),
    max_record_age=st.sampled_from([-1, 60]),
    bisect=st.booleans(),
    reports=st.booleans(),
    window=st.sampled_from([0.0, 1.0]),
    restart_count=st.booleans(),
    halve=st.booleans(),
)
def test_every_record_is_accounted_for_and_no_item_is_reordered(
    *,
    parent: list[str],
    child: list[str],
    answers: list[tuple[str, int]],
    crashes: set[int],
    redelivered: set[int],
    outages: tuple[int, int, int],
    batch_size: int,
    max_retries: int,
    max_record_age: int,
    bisect: bool,
    reports: bool,
    window: float,
    restart_count: bool,
    halve: bool,
) -> None:
    old = [record(number, item, NOW - number % 3 * 40) for number, item in enumerate(parent, start=1)]
    new = [record(number, item) for number, item in enumerate(child, start=100)]
    truth = Truth()
    script = list(answers)

    def rule(batch: RecordBatch) -> InvokeResult:
        answer = answer_of(*script.pop(0), batch) if script else SUCCESS
        truth.note(batch, answer, reports=reports)
        return answer

    stream = FakeStream(s=old)
    stream.split("s", child=new)
    stream.closed.add("child")
    stream.away = outages[0]
    stream.page_size = 5
    invocations = iter(range(10_000))
    world = World(
        stream=stream,
        function=FakeFunction(rule=rule),
        policy=PollingPolicy(restart_count_on_progress=restart_count, halve_when_first_fails=halve),
        redeliver=lambda _: next(invocations) in redelivered,
        batch_size=batch_size,
        max_retries=max_retries,
        max_record_age=max_record_age,
        bisect=bisect,
        reports_failures=reports,
        window=window,
        destination=QUEUE,
        patterns=(FILTER,),
    )
    everything = old + new
    filtered = {record.order for record, item in zip(everything, parent + child, strict=True) if item == "filtered"}

    def accounted() -> set[int]:
        ranges = world.destination.ranges
        named = {record.order for record in everything for first, last in ranges if first <= record.order <= last}
        return truth.acknowledged | named | filtered

    shards = {"s": {record.order for record in old}, "child": {record.order for record in new}}
    world.checkpoints = WatchedCheckpoints(accounted, shards)
    world.destination.away, world.checkpoints.broken = outages[1:]
    world.restart()

    for step in range(5_000):
        if step in crashes:
            world.restart()
        due = world.driver.step()
        world.clock.time = max(world.clock.time, due)
        if world.checkpoints.saved.get("child", ShardCheckpoint(TRIM_HORIZON)).done:
            break
    else:
        raise AssertionError("the stream was never drained")

    assert accounted() >= {record.order for record in everything}
    assert truth.delivered_first == sorted(truth.delivered_first)
    assert not filtered & set(truth.delivered_first)
