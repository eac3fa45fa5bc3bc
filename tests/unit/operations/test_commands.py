"""Each command on a stack in memory: what it does, prints and returns."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from events.codec import REDACTED
from events.history import fold
from events.store import StoreBusy
from projections.generations import Generations
from projections.maintenance.progress import Plan, SegmentProgress, save_plan
from projections.projector import Projector
from projections.read_model import Write
from projections.row import row_of
from shared.runtime.clock import timestamp
from tests.samples import PERSON, START, created, erased, updated
from tests.unit.operations.stack import FakeStack


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def poison(stack: FakeStack, customer_id: str) -> None:
    stack.store.events[customer_id, 1] = replace(created(customer_id), type="CustomerVanished")
    stack.project(customer_id)


def fix(stack: FakeStack, customer_id: str) -> None:
    stack.store.events[customer_id, 1] = created(customer_id)


def after_a_switch(stack: FakeStack) -> None:
    assert stack.run("rebuild", "all") == 0


def test_verify_finds_no_difference_in_a_correct_projection(stack: FakeStack) -> None:
    stack.customer("a")

    assert stack.run("verify") == 0
    assert "1 customers compared, no difference" in stack.printed


def test_verify_lists_each_difference_and_repairs_it_on_request(stack: FakeStack) -> None:
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


def test_verify_finds_rows_without_events_and_does_not_change_them(stack: FakeStack) -> None:
    stack.customer("a")
    del stack.store.events["a", 1]

    assert stack.run("verify", "--repair") == 1
    assert "ahead" in stack.printed
    assert ("a", 1) in stack.read_model.stored


@pytest.mark.parametrize("command", ["verify --repair", "verify", "redrive --go", "parked"])
@pytest.mark.parametrize(("number", "problem"), [(7, "does not exist"), (5, "does not exist"), (1, "was given up")])
def test_a_generation_that_is_not_fed_is_refused(
    stack: FakeStack, capsys: pytest.CaptureFixture[str], command: str, number: int, problem: str
) -> None:
    """A repair would write rows there that nothing removes or erases."""
    stack.generations.saved = Generations(active=3, building=4, previous=2, newest=4)
    stack.store.append(created("a"))

    assert stack.run(*command.split(), "--generation", str(number)) == 1

    refusal = capsys.readouterr().err
    assert f"Generation {number} {problem}" in refusal
    assert "choose one of 2, 3, 4, or leave out --generation" in refusal
    assert stack.read_model.stored == {}


@pytest.mark.parametrize("number", [2, 3, 4])
def test_every_generation_that_is_fed_can_be_repaired(stack: FakeStack, number: int) -> None:
    stack.generations.saved = Generations(active=3, building=4, previous=2, newest=4)
    stack.store.append(created("a"))

    assert stack.run("verify", "--repair", "--generation", str(number)) == 0
    assert ("a", number) in stack.read_model.stored


def test_a_generation_given_up_during_a_repair_gets_no_rows(stack: FakeStack) -> None:
    stack.generations.saved = Generations(active=1, building=2, newest=2)
    stack.store.append(created("a"))
    real = stack.clock.pause

    def abandon(seconds: float) -> None:
        real(seconds)
        stack.generations.saved = Generations(active=1, newest=2, retired=(2,))

    object.__setattr__(stack.stack, "pause", abandon)

    assert stack.run("verify", "--repair", "--generation", "2") == 1
    assert stack.read_model.stored == {}


def test_verify_finishes_a_cut_erasure_on_request(stack: FakeStack) -> None:
    stack.customer("a")
    stack.store.append(erased("a", 2))
    stack.project("a")

    assert stack.run("verify") == 1
    assert "1 unredacted" in stack.printed
    assert PERSON["full_name"] not in stack.printed

    assert stack.run("verify", "--repair") == 0
    assert stack.store.events["a", 1].data == REDACTED
    assert stack.run("verify") == 0


def test_a_redaction_that_the_store_refuses_leaves_the_difference(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.customer("a")
    stack.store.append(erased("a", 2))
    stack.project("a")

    def refuse(*_: object) -> None:
        raise StoreBusy("8 attempts collided with other writers")

    monkeypatch.setattr(stack.store, "redact", refuse)

    assert stack.run("verify", "--repair") == 1
    assert "1 unredacted" in stack.printed


def test_unredacted_events_do_not_prevent_a_switch(stack: FakeStack) -> None:
    stack.customer("a")
    stack.store.append(erased("a", 2))

    assert stack.run("rebuild", "all") == 0


def leave_rows(stack: FakeStack, *generations: int) -> None:
    """Write a row into each of these generations, as a suspended process or a mistake does."""
    for generation in generations:
        for customer_id in "ab":
            state = fold([created(customer_id)])
            assert state
            stack.read_model.write([Write(row_of(state, generation), None)])


def test_verify_finds_rows_of_generations_given_up_and_of_such_that_never_existed(stack: FakeStack) -> None:
    stack.customer("a")
    stack.customer("b")
    stack.generations.saved = Generations(active=1, newest=3, retired=(3,))
    leave_rows(stack, 2, 3, 7)

    assert stack.run("verify", "--json") == 1
    found = [json.loads(line) for line in stack.printed.splitlines()]
    assert [line for line in found if "removed" in line] == [
        {"generation": 2, "kind": "given up", "rows": 2, "removed": 0},
        {"generation": 3, "kind": "given up", "rows": 2, "removed": 0},
        {"generation": 7, "kind": "never existed", "rows": 2, "removed": 0},
    ]
    assert len(stack.read_model.stored) == 8

    assert stack.run("verify", "--repair") == 0
    assert set(stack.read_model.stored) == {("a", 1), ("b", 1)}
    assert stack.run("verify") == 0
    assert "Generation 7" not in stack.printed


def test_rows_of_a_generation_given_up_a_moment_ago_stay_until_nothing_writes_them(stack: FakeStack) -> None:
    stack.customer("a")
    stack.customer("b")
    stack.generations.saved = Generations(active=1, newest=2, retired=(2,), changed_at=timestamp(START))
    leave_rows(stack, 2)

    assert stack.run("verify", "--repair") == 1
    assert "was given up and has 2 rows; 0 removed" in stack.printed

    stack.clock.seconds += 61
    assert stack.run("verify", "--repair") == 0


def test_a_rebuild_that_gets_the_number_meanwhile_keeps_its_rows(stack: FakeStack) -> None:
    """The record changes after it was loaded and before the rows are removed."""
    stack.customer("a")
    stack.customer("b")
    leave_rows(stack, 2)
    real = stack.read_model.remove_unassigned

    def start_first(rows: Any, generations: Generations) -> bool:
        stack.generations.save(stack.generations.load().start_rebuild())
        return real(rows, generations)

    stack.read_model.remove_unassigned = start_first  # type: ignore[method-assign]

    assert stack.run("verify", "--repair") == 1
    assert {("a", 2), ("b", 2)} < set(stack.read_model.stored)


def test_rows_of_a_rebuild_that_starts_during_the_search_are_no_leftovers(stack: FakeStack) -> None:
    stack.customer("a")
    stack.customer("b")
    real = stack.read_model.other_rows

    def started_meanwhile(*args: Any) -> Any:
        if stack.generations.load().building is None:
            stack.generations.save(stack.generations.load().start_rebuild())
            leave_rows(stack, 2)
        return real(*args)

    stack.read_model.other_rows = started_meanwhile  # type: ignore[assignment, method-assign]

    assert stack.run("verify", "--repair") == 0
    assert {("a", 2), ("b", 2)} < set(stack.read_model.stored)


def test_redrive_changes_nothing_without_go_and_nothing_more_the_second_time(stack: FakeStack) -> None:
    poison(stack, "a")
    assert stack.run("redrive", "--go") == 1
    assert "still parked" in stack.printed
    fix(stack, "a")
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
    fix(stack, "a")
    stack.read_model.failing = {"a"}

    assert stack.run("redrive", "--go") == 1
    assert "try again" in stack.printed


def test_parked_customers_are_listed_with_their_reason(stack: FakeStack) -> None:
    poison(stack, "a")

    assert stack.run("parked") == 0
    assert "unknown type" in stack.printed
    assert "1 customer(s) parked in generation 1." in stack.printed


def test_a_rebuild_goes_from_start_to_switch(stack: FakeStack) -> None:
    stack.customer("a")
    stack.customer("b")

    for step in ("start", "run", "verify", "switch"):
        assert stack.run("rebuild", step) == 0
    assert stack.generations.saved.active == 2
    assert stack.shown("a")


def test_a_run_ends_with_a_summary_in_json(stack: FakeStack) -> None:
    poison(stack, "a")
    stack.customer("b")
    stack.run("rebuild", "start")

    assert stack.run("rebuild", "run", "--json") == 1
    assert json.loads(stack.printed.splitlines()[-1]) == {"generation": 2, "customers": 2, "events": 2, "parked": 1}


def test_a_rebuild_keeps_the_segments_that_it_was_begun_with(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    stack.stack = replace(stack.stack, count_events=lambda: 1_000_000)

    stack.run("rebuild", "status", "--json")

    assert json.loads(stack.printed)["segments"] == 4


def test_status_shows_a_stalled_run(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    stack.progress.save("rebuild-2", SegmentProgress(0, events=1, at=timestamp(stack.clock.now())))

    stack.clock.seconds += 29
    assert stack.run("rebuild", "status") == 0
    assert "last progress 0:00:29 ago." in stack.printed
    assert "STALLED" not in stack.printed
    stack.clock.seconds += 1
    stack.run("rebuild", "status")
    assert "STALLED: make customers ARGS='rebuild run' continues from here." in stack.printed


def watched(stack: FakeStack, *moments: Callable[[], object]) -> None:
    """Let another process fill the generation: one step at each pause."""
    steps = iter(moments)

    def pause(seconds: float) -> None:
        stack.clock.pause(seconds)
        next(steps)()

    stack.stack = replace(stack.stack, pause=pause)


def test_a_rebuild_that_another_process_runs_can_be_watched_to_its_end(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    first, *rest = [SegmentProgress(segment, customers=50, events=100, done=True) for segment in range(4)]
    stack.stack = replace(stack.stack, count_events=lambda: 400)
    stack.progress.remove("rebuild-2-plan")
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


def test_watch_shows_a_stalled_rebuild_and_ends_when_it_is_abandoned(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    retired_or_removed = stack.generations.load().abandon(stack.clock.now())
    watched(stack, *[lambda: None] * 30, lambda: stack.generations.save(retired_or_removed))

    assert stack.run("rebuild", "watch") == 1

    printed = capsys.readouterr()
    assert "STALLED: no progress" in printed.out
    assert printed.err.startswith("customers: Generation 2 is no longer being built")


def test_watch_returns_1_when_a_customer_is_parked(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    for segment in range(4):
        stack.progress.save("rebuild-2", SegmentProgress(segment, problems=1, done=True))

    assert stack.run("rebuild", "watch") == 1


def test_a_run_does_only_unfinished_segments(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    for segment in range(4):
        stack.progress.save("rebuild-2", SegmentProgress(segment, done=True))

    assert stack.run("rebuild", "run") == 0
    assert ("a", 2) not in stack.read_model.stored


def test_verify_refuses_a_generation_that_is_not_filled(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")

    assert stack.run("rebuild", "verify") == 1
    assert "finish 'rebuild run' first" in capsys.readouterr().err
    assert not stack.generations.saved.verified


def test_parked_customers_prevent_a_switch_unless_accepted(stack: FakeStack) -> None:
    poison(stack, "a")
    stack.customer("b")

    assert stack.run("rebuild", "all") == 1
    assert stack.generations.saved.active == 1
    assert stack.run("rebuild", "all", "--accept-parked") == 0
    assert stack.generations.saved.active == 2


def test_a_different_row_prevents_a_switch(stack: FakeStack) -> None:
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


def test_remove_deletes_only_retired_rows_once_the_generation_is_no_longer_fed(stack: FakeStack) -> None:
    stack.customer("a")
    after_a_switch(stack)
    stack.run("rebuild", "retire")

    assert stack.run("rebuild", "remove") == 1
    stack.clock.pause(61)
    assert stack.run("rebuild", "remove", "--rate", "10") == 0
    assert set(stack.read_model.stored) == {("a", 2)}
    assert stack.generations.saved.retired == ()
    assert stack.run("rebuild", "remove") == 0


def test_remove_deletes_the_checkpoints_of_retired_generations(stack: FakeStack) -> None:
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


def test_remove_deletes_rows_that_a_late_writer_left_in_a_removed_generation(stack: FakeStack) -> None:
    """Nothing can stop a process that was suspended between reading the generations and writing a row."""
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
    """A customer at version 2 in the active generation, parked at version 1 in another one that is fed."""
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


def test_a_switch_that_shows_an_older_row_is_refused_even_if_parked_customers_are_accepted(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    poison(stack, "as before")
    stack.run("rebuild", "start")
    stack.run("rebuild", "run")
    parked_behind(stack, "b", other=2)

    assert stack.run("rebuild", "verify", "--accept-parked") == 0
    assert stack.run("rebuild", "switch", "--json") == 1
    assert json.loads(stack.printed) == {"customer_id": "b", "shown": 2, "then": 1}
    error = capsys.readouterr().err
    assert "an older version of 1 parked customer(s): b." in error
    assert error.count("\n") == 1
    assert stack.generations.saved.active == 1

    # Only in generation 2: the other customer cannot be repaired. Then the switch is allowed.
    assert stack.run("redrive", "--go", "--generation", "2") == 1
    assert stack.run("rebuild", "switch") == 0
    assert stack.generations.saved.active == 2


def test_a_rollback_that_shows_an_older_row_is_refused(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.customer("a")
    after_a_switch(stack)
    parked_behind(stack, "b", other=1)
    stack.clock.pause(61)

    assert stack.run("rebuild", "rollback") == 1
    assert "run 'redrive --go' first" in capsys.readouterr().err
    assert stack.generations.saved.active == 2

    assert stack.run("redrive", "--go") == 0
    assert stack.run("rebuild", "rollback") == 0


def test_all_refuses_to_start_when_it_could_not_switch_in_the_end(stack: FakeStack) -> None:
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


def test_a_run_counts_what_large_rows_really_take(stack: FakeStack) -> None:
    for number in range(40):
        stack.customer(f"c{number}")
    stack.run("rebuild", "start")
    stack.clock.waits.clear()
    stack.read_model.units = 6

    assert stack.run("rebuild", "run", "--rate", "20", "--workers", "1") == 0
    assert sum(stack.clock.waits) == pytest.approx(11.0)


def test_a_removal_counts_what_the_rows_really_take(stack: FakeStack) -> None:
    for number in range(40):
        stack.customer(f"c{number}")
    after_a_switch(stack)
    stack.run("rebuild", "retire")
    stack.clock.seconds += 60
    stack.clock.waits.clear()
    stack.read_model.units = 6

    assert stack.run("rebuild", "remove", "--rate", "20") == 0
    assert sum(stack.clock.waits) == pytest.approx(11.0)


def test_a_rebuild_can_raise_the_number_of_shards(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.customer("a")
    assert stack.run("rebuild", "start", "--shards", "16") == 0

    assert stack.run("rebuild", "all", "--shards", "8") == 1
    assert "was begun with 16 shards: leave out --shards" in capsys.readouterr().err
    assert stack.run("rebuild", "all", "--shards", "16") == 0

    assert stack.run("status", "--json") == 0
    active, previous, _ = map(json.loads, stack.printed.splitlines())
    assert (active["generation"], active["shards"], previous["shards"]) == (2, 16, 4)


def test_status_says_after_a_switch_what_was_verified(stack: FakeStack) -> None:
    stack.customer("a")
    stack.clock.seconds = 5
    after_a_switch(stack)

    assert stack.run("status", "--json") == 0
    active, previous, _ = map(json.loads, stack.printed.splitlines())
    assert (active["verified"], active["verified_at"], active["customers"]) == (True, timestamp(stack.clock.now()), 1)
    assert (previous["verified"], previous["verified_at"], previous["customers"]) == (False, None, None)


def test_verify_says_when_a_switch_has_happened_meanwhile(stack: FakeStack) -> None:
    stack.customer("a")
    stack.run("rebuild", "start")
    stack.run("rebuild", "run")
    stack.run("rebuild", "verify")
    real = stack.read_model.get_many

    def switch_first(*read: Any) -> Any:
        stack.read_model.get_many = real  # type: ignore[method-assign]
        stack.generations.save(stack.generations.load().switch(START))
        return real(*read)

    stack.read_model.get_many = switch_first  # type: ignore[assignment, method-assign]

    assert stack.run("verify") == 0
    assert "Generation 1: 1 customers compared" in stack.printed
    assert (
        "Generation 1 is previous now: queries read generation 2, which this command did not compare." in stack.printed
    )


def interrupted_verification(stack: FakeStack, *words: str) -> None:
    """Interrupt a verification of many customers in its last page."""
    for number in range(40):
        stack.customer(f"c{number}")
    del stack.read_model.stored["c1", 1], stack.read_model.stored["c2", 1]
    real, pages = stack.store.read_page, []

    def read_page(*place: Any) -> Any:
        pages.append(place)
        if len(pages) == 4:
            raise KeyboardInterrupt
        return real(*place)

    stack.store.read_page = read_page  # type: ignore[assignment, method-assign]
    assert stack.run(*words, "--workers", "1") == 130
    stack.store.read_page = real  # type: ignore[method-assign]


def pages_read(stack: FakeStack) -> list[Any]:
    real, pages = stack.store.read_page, list[Any]()

    def read_page(*place: Any) -> Any:
        pages.append(place)
        return real(*place)

    stack.store.read_page = read_page  # type: ignore[assignment, method-assign]
    return pages


def test_an_interrupted_verification_continues_and_keeps_what_it_found(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted_verification(stack, "verify", "--json")
    assert "the same command with --resume continues from here" in capsys.readouterr().err
    before = [row["customer_id"] for row in map(json.loads, stack.printed.splitlines()) if "kind" in row]
    pages = pages_read(stack)

    assert stack.run("verify", "--resume", "--json") == 1

    assert len(pages) == 1
    *after, summary = map(json.loads, stack.printed.splitlines())
    assert sorted([*before, *(row["customer_id"] for row in after)]) == ["c1", "c2"]
    assert (summary["customers"], summary["left"]) == (40, {"missing": 2})


def test_a_new_verification_takes_nothing_from_an_interrupted_one(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted_verification(stack, "verify")
    pages = pages_read(stack)

    assert stack.run("verify", "--repair") == 0
    assert len(pages) == 4
    assert stack.run("verify", "--resume") == 1
    assert "No interrupted verification is left to resume" in capsys.readouterr().err
    assert not [key for key in stack.progress.saved if "compare" in key[0]]


def test_an_interrupted_verification_of_claims_continues(stack: FakeStack) -> None:
    interrupted_verification(stack, "verify", "claims")
    pages = pages_read(stack)

    assert stack.run("verify", "claims", "--resume", "--json") == stack.run("verify", "claims", "--json")
    assert len(pages) == 1 + 4
    assert not [key for key in stack.progress.saved if "compare" in key[0]]


def test_two_operators_who_start_a_rebuild_work_with_one_plan(stack: FakeStack) -> None:
    """Segments of two different plans would leave out customers between them."""
    first = save_plan(stack.progress, 2, Plan(4, 100))

    assert save_plan(stack.progress, 2, Plan(40, 100_000)) == first == Plan(4, 100)


@pytest.mark.parametrize("step", ["run", "status", "watch", "verify", "switch", "rollback", "retire", "abandon"])
def test_a_wrong_step_is_reported_in_one_sentence(
    stack: FakeStack, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stack.run("rebuild", step) == 1
    error = capsys.readouterr().err
    assert error.startswith("customers: No ")
    assert error.count("\n") == 1


def a_lost_batch(stack: FakeStack) -> None:
    times = {"approximateArrivalOfFirstRecord": START.isoformat(), "approximateArrivalOfLastRecord": START.isoformat()}
    stack.queue.messages["m1"] = {"DDBStreamBatchInfo": {"shardId": "s", "batchSize": 1, **times}}


@pytest.mark.parametrize("body", [{}, {"DDBStreamBatchInfo": {"shardId": "s"}}, "hello", {"DDBStreamBatchInfo": None}])
def test_a_message_that_lambda_did_not_write_stays_and_does_not_block_the_others(stack: FakeStack, body: Any) -> None:
    stack.customer("a", projected=False)
    stack.queue.messages["foreign"] = body
    a_lost_batch(stack)

    assert stack.run("redrive-failures", "--go") == 1
    assert "1 message(s) were not written by Lambda" in stack.printed
    assert stack.shown("a")
    assert set(stack.queue.messages) == {"foreign"}
    assert "foreign" not in stack.queue.hidden


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


def test_a_poison_event_of_a_lost_batch_is_parked_and_the_message_is_deleted(stack: FakeStack) -> None:
    stack.store.events["a", 1] = replace(created("a"), type="CustomerVanished")
    a_lost_batch(stack)

    assert stack.run("redrive-failures", "--go") == 0
    assert [row.customer_id for row in stack.read_model.parked(1)] == ["a"]
    assert not stack.queue.messages


def test_a_message_stays_while_one_of_its_customers_is_not_up_to_date(stack: FakeStack) -> None:
    stack.customer("a", projected=False)
    stack.read_model.failing = {"a"}
    a_lost_batch(stack)

    assert stack.run("redrive-failures", "--go") == 1
    assert (set(stack.queue.messages), stack.queue.hidden) == ({"m1"}, set())
