"""`status` says what is wrong, exits with 1 then, and says nothing is wrong only if that is so."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.history import fold
from local.environments import ROOT
from operations.jobs.health.readings import ActiveAlarm, MappingReading, QueueDepth, RouteReading
from projections.customers import CUSTOMERS
from projections.generations import Generations
from projections.maintenance.progress import Plan, SegmentProgress, save_plan
from projections.maintenance.stores import ViewStores
from projections.read_model import Write
from projections.row import row_of
from projections.view import View
from shared.runtime.clock import timestamp
from tests.fakes.read_model import InMemoryGenerations, InMemoryProgress, InMemoryReadModel
from tests.samples import START, created, erased
from tests.unit.operations.stack import FakeStack

PROJECTOR = MappingReading("ProjectCustomersMapping", "Enabled", works=True, events=0, seconds=0.0)


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def rows(stack: FakeStack) -> list[dict[str, Any]]:
    """Run `status`. The exit status and the last line must agree with what it complains about."""
    exit_status = stack.run("status", "--json")
    printed = [json.loads(line) for line in stack.printed.splitlines()]
    found = sum("wrong" in row for row in printed)
    assert (printed[-1], exit_status) == ({"ok": not found, "problems": found}, int(bool(found)))
    return printed


def wrong(stack: FakeStack) -> list[tuple[str, str]]:
    """What `status` complains about, and the page of each."""
    found = [(row["wrong"], row["see"]) for row in rows(stack) if "wrong" in row]
    assert all((ROOT / page).is_file() for _, page in found)
    return found


def test_a_stack_that_works_has_nothing_wrong(stack: FakeStack) -> None:
    stack.mappings = [PROJECTOR]
    stack.queues = [QueueDepth("ProjectionFailureQueue", 0, True), QueueDepth("WelcomeQueue", 7, False)]

    assert wrong(stack) == []
    assert stack.run("status") == 0
    assert stack.printed.endswith("\nNothing is wrong.\n")


@pytest.mark.parametrize("state", ["dead", "Disabled", "deleted"])
def test_a_mapping_that_does_not_run_is_wrong_however_little_waits(stack: FakeStack, state: str) -> None:
    stack.mappings = [replace(PROJECTOR, state=state, works=False, events=5, seconds=12.34)]

    [(text, page)] = wrong(stack)

    assert text == f"ProjectCustomersMapping is {state}: 5 event(s) wait, the oldest for 12.3 s"
    assert page == "docs/runbooks/projection-behind.md"
    assert {"mapping": "ProjectCustomersMapping", "state": state, "events_behind": 5, "or_more": False} | {
        "seconds_behind": 12.34
    } in rows(stack)


@pytest.mark.parametrize(("seconds", "late"), [(None, False), (60.0, False), (60.1, True)])
def test_a_mapping_is_late_after_the_time_of_its_alarm(stack: FakeStack, seconds: float | None, late: bool) -> None:
    stack.mappings = [replace(PROJECTOR, events=100, more=True, seconds=seconds)]

    found = wrong(stack)

    assert bool(found) is late
    if late:
        assert (
            found[0][0] == "ProjectCustomersMapping is more than 60 s behind: 100+ event(s) wait, the oldest for 60.1 s"
        )


def test_a_mapping_of_an_unknown_lag_says_so(stack: FakeStack) -> None:
    stack.mappings = [MappingReading("OtherMapping", "Disabled", works=False)]

    assert wrong(stack) == [("OtherMapping is Disabled: an unknown number of event(s) wait", "docs/runbooks/README.md")]


def test_what_a_mapping_reports_is_passed_on(stack: FakeStack) -> None:
    stack.mappings = [replace(PROJECTOR, trouble="PROBLEM: access denied")]

    assert [text for text, _ in wrong(stack)] == ["ProjectCustomersMapping reports: PROBLEM: access denied"]


def test_each_message_in_a_failure_queue_is_wrong_and_one_in_another_queue_is_not(stack: FakeStack) -> None:
    stack.queues = [
        QueueDepth("ProjectionFailureQueue", 1, True),
        QueueDepth("PublishFailureQueue", 2, True),
        QueueDepth("WelcomeDeadLetterQueue", 3, True),
        QueueDepth("WelcomeQueue", 4, False),
    ]

    assert wrong(stack) == [
        ("ProjectionFailureQueue has 1 message(s)", "docs/runbooks/projection-failures.md"),
        ("PublishFailureQueue has 2 message(s)", "docs/runbooks/publish-failures.md"),
        ("WelcomeDeadLetterQueue has 3 message(s)", "docs/runbooks/welcome-dead-letters.md"),
    ]
    assert {"queue": "WelcomeQueue", "messages": 4} in rows(stack)


def test_a_bus_or_a_rule_that_lets_no_events_pass_is_wrong(stack: FakeStack) -> None:
    stack.routes = [
        RouteReading("CustomersBus", "deleted"),
        RouteReading("FinishErasuresNoted", "DISABLED"),
        RouteReading("WelcomeRule", "ENABLED"),
    ]

    assert wrong(stack) == [
        ("CustomersBus is deleted", "docs/runbooks/publish-errors.md"),
        ("FinishErasuresNoted is disabled", "docs/runbooks/erasures-unfinished.md"),
    ]
    assert {"bus_or_rule": "WelcomeRule", "state": "ENABLED"} in rows(stack)


def test_alarms_that_are_on_are_wrong(stack: FakeStack) -> None:
    stack.alarms = [ActiveAlarm("production-x-many-blocked", "many-blocked", "2026-11-28T00:00:00Z", "1 > 0")]

    assert wrong(stack) == [("The alarm production-x-many-blocked is on", "docs/runbooks/many-blocked.md")]


def test_a_parked_customer_is_wrong(stack: FakeStack) -> None:
    stack.store.events["a", 1] = replace(created("a"), type="CustomerVanished")
    stack.project("a")

    expected = "Generation 1 of customers has 1 parked customer(s)", "docs/runbooks/customers-parked.md"
    assert expected in wrong(stack)


def test_an_erasure_is_late_after_a_quarter_of_an_hour(stack: FakeStack) -> None:
    stack.store.append(erased("gone", 2))
    [erasure] = stack.store.unfinished()

    late = START + timedelta(minutes=15)
    stack.clock.seconds = (late - START).total_seconds() - 1
    assert wrong(stack) == []
    assert {"unfinished_erasure": "gone", "since": erasure.since} in rows(stack)

    stack.clock.seconds += 3600
    assert [page for _, page in wrong(stack)] == ["docs/runbooks/erasures-unfinished.md"]

    stack.store.finished("gone")
    assert wrong(stack) == []


def test_every_generation_is_shown(stack: FakeStack) -> None:
    stack.generations.saved = Generations(active=3, building=4, verified=True, previous=2, retired=(1,), newest=4)

    shown = [row for row in rows(stack) if row.get("view") == "customers"]

    assert [(row["generation"], row["role"], row["leftovers"]) for row in shown] == [
        (3, "active", False),
        (4, "building", False),
        (2, "previous", False),
        (1, "retired", True),
    ]


def test_a_generation_that_was_given_up_is_wrong_once_its_rows_can_be_removed(stack: FakeStack) -> None:
    stack.generations.saved = Generations(active=1, newest=2, retired=(2,), changed_at=timestamp(START))

    assert wrong(stack) == []
    stack.clock.seconds += 61
    assert wrong(stack) == [
        (
            "Generation 2 of customers was given up and still has rows: 'rebuild remove' deletes them",
            "docs/how-to/rebuild.md",
        )
    ]


def test_rows_that_came_back_after_the_removal_are_found(stack: FakeStack) -> None:
    stack.customer("a")
    stack.generations.saved = Generations(active=1, newest=3)
    state = fold([created("a")])
    assert state
    stack.read_model.write([Write(row_of(state, 2), None)])

    assert [text for text, _ in wrong(stack)] == [
        "Generation 2 of customers was given up and still has rows: 'rebuild remove' deletes them"
    ]


def fill(stack: FakeStack, at: str, *, done: bool) -> None:
    save_plan(stack.progress, 2, Plan(1, 10))
    stack.progress.save("rebuild-2", SegmentProgress(0, events=5, done=done, at=at))


def never(stack: FakeStack) -> None:
    """A rebuild that has only begun."""


@pytest.mark.parametrize(
    ("begin", "filled", "late"),
    [
        (never, 0.0, False),
        (lambda stack: fill(stack, timestamp(START), done=False), 50.0, True),
        (lambda stack: fill(stack, timestamp(START + timedelta(hours=1)), done=False), 50.0, False),
        (lambda stack: fill(stack, timestamp(START), done=True), 100.0, False),
    ],
)
def test_a_rebuild_that_nobody_continues_is_wrong_after_two_hours(
    stack: FakeStack, begin: Callable[[FakeStack], None], filled: float, late: bool
) -> None:
    stack.generations.saved = Generations(active=1, building=2, newest=2)
    begin(stack)
    stack.clock.seconds = 7200

    assert [page for _, page in wrong(stack)] == ["docs/runbooks/rebuild-failed.md"] * late
    [building] = [row for row in rows(stack) if row.get("role") == "building"]
    assert building["filled"] == filled


def test_status_writes_nothing(stack: FakeStack) -> None:
    stack.generations.saved = Generations(active=1, building=2, newest=2)

    stack.run("status")

    assert stack.progress.saved == {}


def test_tables_for_people_have_their_headings(stack: FakeStack) -> None:
    stack.mappings = [replace(PROJECTOR, works=False, state="dead")]

    assert stack.run("status") == 1
    blocks = stack.printed.split("\n\n")
    assert blocks[0].startswith("MAPPING")
    assert blocks[1].startswith("VIEW        GENERATION")
    assert blocks[2].startswith("WRONG")
    assert blocks[3] == "1 problem(s).\n"


def test_every_view_of_the_stack_is_read(stack: FakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    other = View("names", 7, row_of, lambda _: None)
    generations = InMemoryGenerations()
    generations.saved = Generations(active=5, newest=5)
    stores = ViewStores(other, InMemoryReadModel(), generations, InMemoryProgress())
    stack.stack = replace(stack.stack, views={"customers": stores, "names": stores})
    for module in ("operations.stack", "projections.views"):
        monkeypatch.setattr(f"{module}.VIEWS", (CUSTOMERS, other))

    shown = [(row["view"], row["generation"]) for row in rows(stack) if "generation" in row]

    assert shown == [("customers", 1), ("names", 5)]
