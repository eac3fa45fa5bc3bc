"""Each command against a stack in memory: what it does, says and returns."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from events.history import fold
from projections.generations import Generations
from projections.maintenance.progress import Plan, SegmentProgress, save_plan
from projections.projector import Projector
from projections.read_model import Write
from projections.row import row_of
from shared.runtime.clock import timestamp
from tests.samples import START, created, updated
from tests.unit.operations.stack import FakeStack


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def poison(stack: FakeStack, customer_id: str) -> None:
    stack.store.events[customer_id, 1] = replace(created(customer_id), type="CustomerVanished")
    stack.project(customer_id)


def mend(stack: FakeStack, customer_id: str) -> None:
    stack.store.events[customer_id, 1] = created(customer_id)


def after_a_switch(stack: FakeStack) -> None:
    assert stack.run("rebuild", "all") == 0


def test_verify_is_content_with_what_is_right(stack: FakeStack) -> None:
    stack.customer("a")

    assert stack.run("verify") == 0
    assert "1 customers compared, no difference" in stack.printed


def test_verify_names_each_difference_and_repair_mends_it(stack: FakeStack) -> None:
    for customer_id in "abc":
        stack.customer(customer_id)
    del stack.read_model.stored["a", 1]
    stack.store.append(updated("b", 2))

    assert stack.run("verify", "--json") == 1
    found = [json.loads(line) for line in stack.printed.splitlines()]
    named = {row["customer_id"]: (row["kind"], row["expected"], row["found"]) for row in found if "kind" in row}
    assert named == {"a": ("missing", 1, 0), "b": ("behind", 2, 1)}

    assert stack.run("verify", "--repair") == 0
    assert stack.run("verify") == 0


def test_verify_finds_rows_without_any_event_and_leaves_them(stack: FakeStack) -> None:
    stack.customer("a")
    del stack.store.events["a", 1]

    assert stack.run("verify", "--repair") == 1
    assert "ahead" in stack.printed
    assert ("a", 1) in stack.read_model.stored


def test_redrive_is_dry_then_returns_whom_it_can_and_then_changes_nothing(stack: FakeStack) -> None:
    poison(stack, "a")
    assert stack.run("redrive", "--go") == 1
    assert "still parked" in stack.printed
    mend(stack, "a")
    before = dict(stack.read_model.stored)

    assert stack.run("redrive") == 0
    assert "would return" in stack.printed
    assert stack.read_model.stored == before

    assert stack.run("redrive", "--go") == 0
    assert stack.shown("a")
    history = list(stack.read_model.history)
    assert stack.run("redrive", "--go") == 0
    assert stack.read_model.history == history


def test_redrive_asks_to_be_run_again_where_a_write_fails(stack: FakeStack) -> None:
    poison(stack, "a")
    mend(stack, "a")
    stack.read_model.failing = {"a"}

    assert stack.run("redrive", "--go") == 1
    assert "try again" in stack.printed


def test_parked_customers_are_listed_with_their_reason(stack: FakeStack) -> None:
    poison(stack, "a")

    assert stack.run("parked") == 0
    assert "unknown type CustomerVanished" in stack.printed
    assert "1 customer(s) parked in generation 1." in stack.printed


def test_status_shows_every_generation(stack: FakeStack) -> None:
    stack.generations.saved = Generations(active=3, building=4, verified=True, previous=2, retired=(1,), newest=4)

    assert stack.run("status", "--json") == 0
    rows = [json.loads(line) for line in stack.printed.splitlines()]
    assert [(row["generation"], row["role"]) for row in rows[:-1]] == [
        (3, "active"),
        (4, "building"),
        (2, "previous"),
        (1, "retired"),
    ]
    assert rows[-1]["lost_batches"] == 0


def test_a_rebuild_goes_from_start_to_switch(stack: FakeStack) -> None:
    stack.customer("a")
    stack.customer("b")

    for step in ("start", "run", "verify", "switch"):
        assert stack.run("rebuild", step) == 0
    assert stack.generations.saved.active == 2
    assert stack.shown("a")


def test_a_run_ends_with_what_it_did_as_programs_read_it(stack: FakeStack) -> None:
    poison(stack, "a")
    stack.customer("b")
    stack.run("rebuild", "start")

    assert stack.run("rebuild", "run", "--json") == 1
    assert json.loads(stack.printed.splitlines()[-1]) == {"generation": 2, "customers": 2, "events": 2, "parked": 1}


def test_a_rebuild_goes_on_with_the_segments_that_it_was_begun_with(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    stack.tools = replace(stack.tools, count_events=lambda: 1_000_000)

    stack.run("rebuild", "status", "--json")

    assert json.loads(stack.printed)["segments"] == 4


def test_status_tells_a_run_that_stands_still(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    stack.progress.save("rebuild-2", SegmentProgress(0, events=1, at=timestamp(stack.clock.now())))

    stack.clock.seconds += 29
    assert stack.run("rebuild", "status") == 0
    assert "last moved 0:00:29 ago." in stack.printed
    assert "STALLED" not in stack.printed
    stack.clock.seconds += 1
    stack.run("rebuild", "status")
    assert "STALLED: make customers ARGS='rebuild run' goes on from here." in stack.printed


def watched(stack: FakeStack, *moments: Callable[[], object]) -> None:
    """A stack of which somebody else fills a generation, something at every look."""
    left = iter(moments)

    def pause(seconds: float) -> None:
        stack.clock.pause(seconds)
        next(left)()

    stack.tools = replace(stack.tools, pause=pause)


def test_a_rebuild_that_somebody_else_runs_can_be_watched_to_its_end(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    first, *rest = [SegmentProgress(segment, customers=50, events=100, done=True) for segment in range(4)]
    stack.tools = replace(stack.tools, count_events=lambda: 400)
    save_plan(stack.progress, 2, Plan(4, 400))

    def filled(*segments: SegmentProgress) -> None:
        for each in segments:
            stack.progress.save("rebuild-2", each)

    watched(stack, lambda: filled(first), lambda: filled(*rest))

    assert stack.run("rebuild", "watch", "--json") == 0

    readings, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()], json.loads(stack.printed)
    assert [(each["percent"], each["events_a_second"], each["seconds_left"]) for each in readings] == [
        (0.0, 0.0, None),
        (25.0, 100.0, 3.0),
        (100.0, 200.0, 0.0),
    ]
    assert (last["percent"], last["customers"], last["events"]) == (100.0, 200, 400)


def test_whoever_watches_is_told_that_it_stands_still_and_that_it_was_given_up(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    given_up = stack.generations.load().abandon(stack.clock.now())
    watched(stack, *[lambda: None] * 30, lambda: stack.generations.save(given_up))

    assert stack.run("rebuild", "watch") == 1

    told = capsys.readouterr()
    assert "STALLED: nothing moves" in told.out
    assert told.err.startswith("customers: Generation 2 is no longer being built")


def test_a_watched_rebuild_that_parks_somebody_ends_with_1(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    for segment in range(4):
        stack.progress.save("rebuild-2", SegmentProgress(segment, problems=1, done=True))

    assert stack.run("rebuild", "watch") == 1


def test_a_run_does_only_what_is_not_done(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    for segment in range(4):
        stack.progress.save("rebuild-2", SegmentProgress(segment, done=True))

    assert stack.run("rebuild", "run") == 0
    assert ("a", 2) not in stack.read_model.stored


def test_verify_refuses_what_is_not_filled(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")

    assert stack.run("rebuild", "verify") == 1
    assert "run it to its end first" in capsys.readouterr().err
    assert not stack.generations.saved.verified


def test_parked_customers_stand_against_switching_unless_accepted(stack: FakeStack) -> None:
    poison(stack, "a")
    stack.customer("b")

    assert stack.run("rebuild", "all") == 1
    assert stack.generations.saved.active == 1
    assert stack.run("rebuild", "all", "--accept-parked") == 0
    assert stack.generations.saved.active == 2


def test_a_different_row_stands_against_switching(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    stack.run("rebuild", "run")
    del stack.read_model.stored["a", 2]

    assert stack.run("rebuild", "verify", "--accept-parked") == 1
    assert not stack.generations.saved.verified


def test_rollback_waits_until_the_switch_has_settled(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.customer("a")
    after_a_switch(stack)

    assert stack.run("rebuild", "rollback") == 1
    assert capsys.readouterr().err.startswith("customers: The last switch is less than a minute old")
    stack.clock.pause(61)
    assert stack.run("rebuild", "rollback") == 0
    assert stack.generations.saved.active == 1
    assert stack.shown("a")


def test_remove_deletes_retired_rows_alone_once_nobody_feeds_them(stack: FakeStack) -> None:
    stack.customer("a")
    after_a_switch(stack)
    stack.run("rebuild", "retire")

    assert stack.run("rebuild", "remove") == 1
    stack.clock.pause(61)
    assert stack.run("rebuild", "remove", "--rate", "10") == 0
    assert set(stack.read_model.stored) == {("a", 2)}
    assert stack.generations.saved.retired == ()
    assert stack.run("rebuild", "remove") == 0


def test_remove_leaves_no_checkpoint_of_what_was_given_up(stack: FakeStack) -> None:
    stack.customer("a")
    after_a_switch(stack)
    stack.run("rebuild", "retire")
    stack.clock.pause(61)
    after_a_switch(stack)
    stack.progress.save("verify-2", SegmentProgress(0, done=True))
    stack.run("rebuild", "retire")
    stack.clock.pause(61)
    assert {work for work, _ in stack.progress.saved} == {f"rebuild-{n}{s}" for n in (2, 3) for s in ("", "-plan")} | {
        "verify-2"
    }

    assert stack.run("rebuild", "remove") == 0

    assert stack.generations.saved.active == 3
    assert {work for work, _ in stack.progress.saved} == {"rebuild-3", "rebuild-3-plan"}


def test_remove_sweeps_what_a_late_writer_left_in_a_generation_removed_before(stack: FakeStack) -> None:
    """Nobody can stop a process that stood still between its look at the record and its write."""
    stack.customer("a")
    after_a_switch(stack)
    stack.run("rebuild", "retire")
    stack.clock.pause(61)
    stack.run("rebuild", "remove")
    stack.run("rebuild", "start")
    stack.project("a")
    live = dict(stack.read_model.stored)
    assert set(live) == {("a", 2), ("a", 3)}
    late = row_of(fold(stack.store.read("a")), 1)  # type: ignore[arg-type]
    stack.read_model.write([Write(late, None)])
    stack.progress.save("rebuild-1", SegmentProgress(0))

    assert stack.run("rebuild", "remove", "--json") == 0

    assert json.loads(stack.printed) == {"generation": 1, "removed": 1}
    assert stack.read_model.stored == live
    assert ("rebuild-1", 0) not in stack.progress.saved
    assert ("rebuild-3-plan", 0) in stack.progress.saved


def parked_behind(stack: FakeStack, customer_id: str, other: int) -> None:
    """Shown at version 2, and parked at version 1 in another generation that is fed."""
    stack.customer(customer_id)
    event = updated(customer_id, 2)
    stack.store.append(event)
    projector = Projector(stack.read_model, stack.store.read, stack.clock.now)
    projector.project([replace(event, type="CustomerVanished")], other)
    stack.project(customer_id)
    versions = [
        stack.read_model.stored[customer_id, number].version for number in (stack.generations.load().active, other)
    ]
    assert versions == [2, 1]


def test_nobody_is_switched_to_an_older_row_even_if_parked_customers_are_accepted(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    poison(stack, "as before")
    stack.run("rebuild", "start")
    stack.run("rebuild", "run")
    parked_behind(stack, "b", other=2)

    assert stack.run("rebuild", "verify", "--accept-parked") == 0
    assert stack.run("rebuild", "switch", "--json") == 1
    assert json.loads(stack.printed) == {"customer_id": "b", "shown": 2, "then": 1}
    told = capsys.readouterr().err
    assert "an older version of 1 parked customer(s): b." in told
    assert told.count("\n") == 1
    assert stack.generations.saved.active == 1

    # In generation 2 alone, as the other one is beyond help; nothing stands in the way of the switch then.
    assert stack.run("redrive", "--go", "--generation", "2") == 1
    assert stack.run("rebuild", "switch") == 0
    assert stack.generations.saved.active == 2


def test_nor_is_anybody_rolled_back_to_an_older_row(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.customer("a")
    after_a_switch(stack)
    parked_behind(stack, "b", other=1)
    stack.clock.pause(61)

    assert stack.run("rebuild", "rollback") == 1
    assert "run 'redrive --go' first" in capsys.readouterr().err
    assert stack.generations.saved.active == 2

    assert stack.run("redrive", "--go") == 0
    assert stack.run("rebuild", "rollback") == 0


def test_all_refuses_at_once_what_it_could_not_switch_to_in_the_end(stack: FakeStack) -> None:
    after_a_switch(stack)

    assert stack.run("rebuild", "all") == 1
    assert stack.generations.saved.building is None


def test_a_run_writes_no_faster_than_its_rate(stack: FakeStack) -> None:
    for number in range(40):
        stack.customer(f"c{number}")
    stack.run("rebuild", "start")
    stack.clock.waits.clear()

    assert stack.run("rebuild", "run", "--rate", "20", "--workers", "1") == 0
    # Two units each: 80, of which the bucket has 20 at once.
    assert sum(stack.clock.waits) == pytest.approx(3.0)


@pytest.mark.parametrize("step", ["run", "status", "watch", "verify", "switch", "rollback", "retire", "abandon"])
def test_a_wrong_step_is_told_in_one_sentence(stack: FakeStack, step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert stack.run("rebuild", step) == 1
    told = capsys.readouterr().err
    assert told.startswith("customers: No ")
    assert told.count("\n") == 1


def a_lost_batch(stack: FakeStack) -> None:
    times = {"approximateArrivalOfFirstRecord": START.isoformat(), "approximateArrivalOfLastRecord": START.isoformat()}
    stack.queue.messages["m1"] = {"DDBStreamBatchInfo": {"shardId": "s", "batchSize": 1, **times}}


@pytest.mark.parametrize("body", [{}, {"DDBStreamBatchInfo": {"shardId": "s"}}, "hello", {"DDBStreamBatchInfo": None}])
def test_a_message_that_lambda_did_not_write_stays_and_hinders_no_other(stack: FakeStack, body: Any) -> None:
    stack.customer("a", projected=False)
    stack.queue.messages["strange"] = body
    a_lost_batch(stack)

    assert stack.run("redrive-failures", "--go") == 1
    assert "1 message(s) are none that Lambda writes" in stack.printed
    assert stack.shown("a")
    assert set(stack.queue.messages) == {"strange"}
    assert "strange" not in stack.queue.hidden


def test_the_customers_of_a_lost_batch_are_found_by_its_time_and_brought_up_to_date(stack: FakeStack) -> None:
    stack.customer("a", projected=False)
    far = created("far", second=3600)
    stack.store.append(far)
    a_lost_batch(stack)

    assert stack.run("redrive-failures") == 0
    assert "1 behind" in stack.printed
    assert (stack.shown("a"), set(stack.queue.messages), stack.queue.hidden) == (None, {"m1"}, set())

    assert stack.run("redrive-failures", "--go") == 0
    assert stack.shown("a")
    assert stack.shown("far") is None
    assert not stack.queue.messages


def test_a_poison_event_of_a_lost_batch_is_parked_visibly_and_its_message_goes(stack: FakeStack) -> None:
    stack.store.events["a", 1] = replace(created("a"), type="CustomerVanished")
    a_lost_batch(stack)

    assert stack.run("redrive-failures", "--go") == 0
    assert [row.customer_id for row in stack.read_model.parked(1)] == ["a"]
    assert not stack.queue.messages


def test_a_message_stays_while_somebody_of_it_is_not_right(stack: FakeStack) -> None:
    stack.customer("a", projected=False)
    stack.read_model.failing = {"a"}
    a_lost_batch(stack)

    assert stack.run("redrive-failures", "--go") == 1
    assert (set(stack.queue.messages), stack.queue.hidden) == ({"m1"}, set())
