"""The command on a stack in memory: killed, resumed, narrowed, with poison events and concurrent runs."""

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import operations.actions.backfill
import operations.jobs.backfill
from events.envelope import Unreadable
from operations.jobs.failure_queue import FailureQueue
from projections.maintenance.progress import SegmentProgress
from tests.event_log import append_all
from tests.samples import created, erased, history, updated
from tests.unit.operations.backfill.sqs import URL, FakeSqs, first_seen, place
from tests.unit.operations.stack import FakeStack

QUEUE = "orders"
ALONE = ("--workers", "1")
# Pages of ten events, so that a few dozen make many.
SLOW = (*ALONE, "--rate", "5")


class Killed(BaseException):
    """The process is killed; nothing may catch this."""


class World(FakeStack):
    """A stack with fifteen customers, one of them erased, and a consumer's queue."""

    def __init__(self) -> None:
        super().__init__()
        self.sqs = FakeSqs(QUEUE)
        queues: Any = self.sqs
        self.stack = replace(self.stack, failures=FailureQueue(queues, f"{URL}failures"))
        for number in range(15):
            append_all(self.store, history(customer(number), 1 + 3 * number % 7))
        self.erase(customer(4))

    def erase(self, customer_id: str) -> None:
        versions = len(self.store.read(customer_id))
        self.store.append(erased(customer_id, versions + 1))
        self.store.redact(customer_id, range(1, versions + 1))

    def backfill(self, *words: str) -> int:
        return self.run("backfill", "--queue", QUEUE, *words)

    def facts(self) -> dict[str, Any]:
        """The last JSON line."""
        last: dict[str, Any] = json.loads(self.printed.splitlines()[-1])
        return last

    @property
    def sent(self) -> list[dict[str, Any]]:
        return self.sqs.bodies(QUEUE)


def customer(number: int) -> str:
    return str(UUID(int=number + 1, version=4))


def everything(world: World) -> dict[str, list[int]]:
    versions: dict[str, list[int]] = {}
    for customer_id, version in sorted(world.store.events):
        versions.setdefault(customer_id, []).append(version)
    return versions


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("words", [(), SLOW, ("--workers", "8")])
def test_every_event_is_sent_once_in_order_and_marked(world: World, words: tuple[str, ...]) -> None:
    assert world.backfill(*words) == 0

    assert first_seen(world.sent) == everything(world)
    assert len(world.sent) == len(world.store.events)
    assert all(body["detail"]["replayed"] is True for body in world.sent)
    assert f"{len(world.store.events)} events of 15 customers sent to orders." in world.printed
    assert not world.bus.requests


def test_our_own_failure_queues_are_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.sqs.taken["failures"] = []

    assert world.backfill("--queue", "failures") == 1
    assert "nothing was sent" in capsys.readouterr().err
    assert not world.sqs.requests


def test_an_erased_customer_is_sent_redacted_up_to_the_erasure(world: World) -> None:
    world.backfill()

    theirs = [body["detail-type"] for body in world.sent if place(body)[0] == customer(4)]
    assert (theirs[-1], set(theirs[:-1])) == ("CustomerErased", {"EventRedacted"})


def kill_at(world: World, number: int) -> Callable[[], int]:
    """Kill the process right before its n-th effect: a request to the queue, or a checkpoint."""
    done = 0
    save = world.progress.save

    def count() -> None:
        nonlocal done
        done += 1
        if done == number:
            raise Killed

    def counted(job: str, progress: SegmentProgress) -> None:
        count()
        save(job, progress)

    world.sqs.before = count
    world.progress.save = counted  # type: ignore[method-assign]
    return lambda: done


def effects() -> int:
    world = World()
    done = kill_at(world, -1)
    world.backfill(*SLOW)
    return done()


@pytest.mark.parametrize("number", range(2, 80))
def test_killed_anywhere_and_resumed_it_sends_every_event(world: World, number: int) -> None:
    done = kill_at(world, number)
    try:
        world.backfill(*SLOW)
    except Killed:
        kill_at(world, -1)
        assert world.backfill(*SLOW, "--resume") == 0
    else:
        assert done() < number

    assert first_seen(world.sent) == everything(world)
    # At most the part that was being sent comes again, and a part is ten events and the rest of one customer.
    assert len(world.sent) <= len(world.store.events) + 10 + 7


def test_the_test_above_covers_every_moment() -> None:
    assert 20 < effects() < 80


def test_a_finished_backfill_sends_nothing_again(world: World) -> None:
    world.backfill()
    before = len(world.sent)

    assert world.backfill("--resume") == 0
    assert len(world.sent) == before
    assert f"{before} events of 15 customers sent" in world.printed


def test_without_resume_everything_is_sent_again(world: World) -> None:
    world.backfill()
    world.backfill()

    assert len(world.sent) == 2 * len(world.store.events)


def test_a_run_killed_at_its_start_ignores_the_checkpoints_of_an_older_run(world: World) -> None:
    world.backfill(*SLOW)
    world.sqs.taken[QUEUE].clear()
    kill_at(world, 2)
    with pytest.raises(Killed):
        world.backfill(*SLOW)
    kill_at(world, -1)

    assert world.backfill(*SLOW, "--resume") == 0
    assert first_seen(world.sent) == everything(world)


def test_a_resume_keeps_the_segments_of_the_run(world: World) -> None:
    kill_at(world, 6)
    with pytest.raises(Killed):
        world.backfill(*SLOW)
    kill_at(world, -1)
    world.stack = replace(world.stack, count_events=lambda: 1_000_000)

    assert world.backfill(*SLOW, "--resume") == 0
    assert first_seen(world.sent) == everything(world)


@pytest.mark.parametrize(
    "other", [("--queue", "others"), ("--from", "2026-01-01T00:00:00Z"), ("--customer", customer(1))]
)
def test_a_resume_of_another_backfill_is_refused(
    world: World, other: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    world.sqs.taken["others"] = []
    world.backfill()

    assert world.backfill(*other, "--resume") == 1
    assert "drop --resume" in capsys.readouterr().err


def test_a_run_ends_when_another_run_begins(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def begin_again() -> None:
        [plan] = [key for key in world.progress.saved if key[0].endswith("-plan")]
        begun = world.progress.saved[plan]
        world.progress.saved[plan] = replace(begun, position={**(begun.position or {}), "run": "another"})

    world.sqs.before = begin_again

    assert world.backfill(*SLOW) == 1
    assert "The same backfill was started again elsewhere" in capsys.readouterr().err
    assert len(world.sent) < len(world.store.events)
    world.sqs.taken[QUEUE].clear()
    assert world.backfill(*SLOW, "--resume") == 0
    assert first_seen(world.sent) == everything(world)


def test_a_time_range_sends_the_customers_who_changed_in_it_from_their_first_event(world: World) -> None:
    late, early, other = customer(20), customer(21), customer(22)
    append_all(world.store, [created(late), updated(late, 2)])
    # A writer whose clock was behind: version 3 bears an earlier time than the range.
    world.store.append(replace(updated(late, 3), occurred_at="2026-06-01T12:00:00.000000Z"))
    world.store.append(replace(updated(late, 4), occurred_at="2026-05-31T23:59:59.000000Z"))
    world.store.append(replace(created(early), occurred_at="2026-05-31T23:59:59.999999Z"))
    world.store.append(replace(created(other), occurred_at="2026-06-02T00:00:00.000000Z"))

    assert world.backfill("--from", "2026-06-01T00:00:00Z", "--to", "2026-06-02T02:00:00+02:00") == 0

    assert first_seen(world.sent) == {late: [1, 2, 3, 4]}


def test_only_the_named_customers_are_sent_and_those_without_events_are_listed(world: World) -> None:
    unknown = customer(99)

    assert world.backfill("--customer", customer(3), customer(4), unknown, "--json") == 1

    assert first_seen(world.sent) == {id_: everything(world)[id_] for id_ in (customer(3), customer(4))}
    [unsent] = [row for row in map(json.loads, world.printed.splitlines()) if "from_version" in row]
    assert unsent == {
        "customer_id": unknown,
        "from_version": 1,
        "reason": "the event table has no event of this customer",
    }


def test_poison_stops_only_its_customer_and_is_listed_after_a_resume_too(world: World) -> None:
    bad, worse = (customer(5), 1), (customer(6), 2)
    world.store.events[bad] = replace(world.store.events[bad], type="CustomerVanished")
    world.store.broken[worse] = Unreadable(*worse, "the row is not an event: KeyError")
    wanted = everything(world)
    for customer_id, version in (bad, worse):
        wanted[customer_id] = wanted[customer_id][: version - 1]

    statuses = [world.backfill(*SLOW, "--json"), world.backfill(*SLOW, "--resume", "--json")]

    assert statuses == [1, 1]
    assert first_seen(world.sent) == {id_: versions for id_, versions in wanted.items() if versions}
    reported = {
        row["customer_id"]: row["from_version"]
        for row in map(json.loads, world.printed.splitlines())
        if "reason" in row
    }
    assert reported == dict([bad, worse])
    assert world.facts()["unsent"] == 2


def test_a_dry_run_counts_and_leaves_nothing_behind(world: World) -> None:
    assert world.backfill("--dry-run", "--json") == 0

    events = len(world.store.events)
    assert world.facts() == {"queue": QUEUE, "dry": True, "sent": events, "customers": 15, "unsent": 0}
    assert (world.sent, world.progress.saved) == ([], {})


def test_no_more_messages_a_second_than_the_rate(world: World) -> None:
    world.backfill("--rate", "10", *ALONE)

    assert world.clock.seconds == pytest.approx((len(world.store.events) - 10) / 10)


def test_events_appended_during_the_run_do_no_harm(world: World) -> None:
    def append() -> None:
        if len(world.sqs.requests) > 3:
            return
        for number in range(15):
            if number != 4:
                versions = len(world.store.read(customer(number)))
                world.store.append(updated(customer(number), versions + 1))

    before = everything(world)
    world.sqs.before = append

    assert world.backfill(*SLOW) == 0
    sent, after = first_seen(world.sent), everything(world)
    for customer_id, versions in before.items():
        assert sent[customer_id] == after[customer_id][: len(sent[customer_id])]
        assert len(sent[customer_id]) >= len(versions)


def test_a_queue_that_refuses_everything_is_reported_in_a_sentence(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.sqs.refuses = lambda _: True

    assert world.backfill() == 1
    assert capsys.readouterr().err == (
        "customers: The queue accepted nothing in 8 attempts: the same command with --resume continues from here.\n"
    )
    world.sqs.refuses = lambda _: False
    assert world.backfill("--resume") == 0
    assert first_seen(world.sent) == everything(world)


def test_an_interrupted_backfill_says_how_to_continue(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    world.sqs.before = interrupted

    assert world.backfill() == 130
    assert "the same command with --resume continues from here" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "yesterday"),
        ("--from", "2026-11-01T00:00:00"),
        ("--customer", "ada"),
        ("--rate", "0"),
        ("--dry-run", "--resume"),
    ],
)
def test_invalid_arguments_are_refused(world: World, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit):
        world.backfill(*words)


def test_a_range_that_ends_before_it_begins_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.backfill("--from", "2026-06-02T00:00:00Z", "--to", "2026-06-01T00:00:00Z") == 1
    assert "--to must be after --from" in capsys.readouterr().err


def test_the_code_has_no_way_to_the_bus() -> None:
    assert operations.actions.backfill.__file__
    sources = [Path(operations.actions.backfill.__file__), *Path(operations.jobs.backfill.__path__[0]).glob("*.py")]
    asked: set[str] = set()
    imported: set[str] = set()
    for node in (node for source in sources for node in ast.walk(ast.parse(source.read_text()))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "stack":
            asked.add(node.attr)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("publisher", "boto", "mypy_boto3")):
            imported.add(str(node.module))

    assert asked <= {"store", "progress", "count_events", "failures", "unpublished", "origin", "now", "clock", "pause"}
    # Those that write an event as a message, and the types and errors of SQS; none that can publish.
    assert imported == {"publisher.cloud_event", "publisher.entries", "botocore.exceptions", "mypy_boto3_sqs"}


def test_what_is_sent_names_the_epoch_and_a_run_of_an_older_one_is_not_resumed(world: World) -> None:
    assert world.backfill(*ALONE) == 0
    world.sqs.taken[QUEUE].clear()
    world.stack = replace(world.stack, epoch=2)

    assert world.backfill("--resume") == 1
    assert world.backfill(*ALONE) == 0
    assert {message["detail"]["epoch"] for message in world.sent} == {2}
