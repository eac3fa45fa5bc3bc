"""The functions that the state machine of a rebuild calls, over stores in memory."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from projections.generations import Generations
from projections.maintenance.differences import DifferenceKind
from projections.maintenance.progress import SegmentProgress, load_plan, plan_for, verify_job
from projections.maintenance.segment_loop import MIN_MILLISECONDS_LEFT
from projections.row import Listing, Parked, Row
from shared.runtime.clock import timestamp
from shared.runtime.errors import PermanentFailure
from shared.runtime.observability import logger
from tests.samples import START, created, erased, updated
from tests.unit.projections.world import World, poison

BUILDING = Generations(building=2, newest=2)
SETTINGS = {"EVENT_TABLE": "events", "READ_TABLE": "rows", "REBUILD_RATE": "1000", "REBUILD_WORKERS": "8"}
Function = Callable[..., dict[str, Any]]


@pytest.fixture
def world() -> World:
    return World()


def module(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """One of the functions, whose stores are the world's."""
    for setting, value in SETTINGS.items():
        monkeypatch.setenv(setting, value)
    function = import_module(f"projections.handlers.{name}")
    stores = {"store": world.store, "views": world.stores, "utc_now": world.now}
    monkeypatch.setattr("time.sleep", world._pause)
    for attribute in stores.keys() & vars(function).keys():
        monkeypatch.setattr(function, attribute, stores[attribute])
    return function


@pytest.fixture
def control(world: World, monkeypatch: pytest.MonkeyPatch) -> Function:
    function = module("rebuild_control", world, monkeypatch)
    description = {"Table": {"ItemCount": 25_000}}
    client = SimpleNamespace(describe_table=lambda **asked: description if asked == {"TableName": "events"} else None)
    monkeypatch.setattr(function, "dynamodb", lambda: client)
    monkeypatch.setattr(function, "utc_now", world.now)

    def call(action: str, **event: Any) -> dict[str, Any]:
        answer: dict[str, Any] = function.handle({"action": action, **event}, None)
        return answer

    return call


def segment_function(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> Function:
    function = module(name, world, monkeypatch)

    def call(milliseconds_left: int = 10**9, **event: Any) -> dict[str, Any]:
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds_left)
        answer: dict[str, Any] = function.handle(
            {"segment": 0, "segments": 1, "rate": 1e9, "comparison": "c-1", **event}, context
        )
        return answer

    return call


@pytest.fixture
def fill(world: World, monkeypatch: pytest.MonkeyPatch) -> Function:
    return segment_function("rebuild_segment", world, monkeypatch)


@pytest.fixture
def compare(world: World, monkeypatch: pytest.MonkeyPatch) -> Function:
    return segment_function("verify_segment", world, monkeypatch)


class TestStart:
    def test_a_generation_is_begun_with_a_plan_for_the_size_of_the_event_table(
        self, world: World, control: Function
    ) -> None:
        begun = control("start", input={"accept_parked": True, "rate": 80})

        common = {
            "view": "customers",
            "generation": 2,
            "segments": 10,
            "accept_parked": True,
            "rate": 10.0,
            "comparison": begun["comparison"],
        }
        items = [{**common, "segment": segment} for segment in range(10)]
        assert begun == {**common, "workers": 8, "items": items}
        assert (world.generations.saved.building, world.generations.saved.newest) == (2, 2)
        assert load_plan(world.progress, 2) == plan_for(25_000)

    def test_without_input_the_settings_are_used_and_no_parked_customer_is_accepted(self, control: Function) -> None:
        begun = control("start")

        assert (begun["rate"], begun["workers"], begun["accept_parked"]) == (125.0, 8, False)

    def test_a_second_execution_continues_the_generation_with_its_plan(
        self, world: World, control: Function, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = control("start")
        monkeypatch.setattr(
            import_module("projections.handlers.rebuild_control"),
            "dynamodb",
            lambda: SimpleNamespace(describe_table=lambda **_: {"Table": {"ItemCount": 10**6}}),
        )

        second = control("start")
        assert (second["generation"], second["segments"]) == (first["generation"], first["segments"])
        assert second["comparison"] != first["comparison"]
        assert world.generations.saved.newest == 2

    def test_an_impossible_rate_begins_nothing(self, world: World, control: Function) -> None:
        with pytest.raises(PermanentFailure, match="InvalidRate"):
            control("start", input={"rate": 0})
        assert world.generations.saved == Generations()

    def test_nothing_is_begun_while_the_previous_generation_is_kept(self, world: World, control: Function) -> None:
        world.generations.saved = Generations(active=2, previous=1, newest=2)

        with pytest.raises(PermanentFailure, match="rebuild retire"):
            control("start")


class TestConfirm:
    """Only a generation that equals the event table counts as verified."""

    def test_a_generation_without_differences_is_verified(self, world: World, control: Function) -> None:
        world.generations.saved = BUILDING
        self.compared(world, problems=(0, 0))

        assert control("confirm", generation=2, segments=2, comparison="c-1") == {"view": "customers", "generation": 2}
        assert world.generations.saved.verified

    @pytest.mark.parametrize("problems", [(1, 0), (0, 1)])
    def test_a_generation_with_differences_is_not(
        self, world: World, control: Function, problems: tuple[int, int]
    ) -> None:
        world.generations.saved = BUILDING
        self.compared(world, problems=problems)

        with pytest.raises(PermanentFailure, match="because 1 customer"):
            control("confirm", generation=2, segments=2, comparison="c-1")
        assert not world.generations.saved.verified

    def test_a_generation_that_was_not_compared_to_the_end_is_not(self, world: World, control: Function) -> None:
        world.generations.saved = BUILDING
        self.compared(world, problems=(0,))

        with pytest.raises(PermanentFailure, match="not compared to the end"):
            control("confirm", generation=2, segments=2, comparison="c-1")
        assert not world.generations.saved.verified

    def test_a_generation_that_was_given_up_is_not(self, world: World, control: Function) -> None:
        world.generations.saved = replace(BUILDING, building=3, newest=3)
        self.compared(world, problems=(0, 0))

        with pytest.raises(PermanentFailure, match="no longer being built"):
            control("confirm", generation=2, segments=2, comparison="c-1")

    def test_the_checkpoints_of_another_comparison_do_not_count(self, world: World, control: Function) -> None:
        world.generations.saved = BUILDING
        self.compared(world, problems=(0, 0))

        with pytest.raises(PermanentFailure, match="not compared to the end"):
            control("confirm", generation=2, segments=2, comparison="c-2")

    def test_an_execution_that_an_earlier_release_began_is_confirmed_without_an_id(
        self, world: World, control: Function
    ) -> None:
        world.generations.saved = BUILDING
        world.progress.save(verify_job(2), SegmentProgress(0, done=True))

        assert control("confirm", generation=2, segments=1) == {"view": "customers", "generation": 2}
        assert world.generations.saved.verified

    @staticmethod
    def compared(world: World, problems: tuple[int, ...]) -> None:
        for segment, count in enumerate(problems):
            world.progress.save(verify_job(2), SegmentProgress(segment, problems=count, done=True, comparison="c-1"))


class TestSwitch:
    def test_a_verified_generation_becomes_active(self, world: World, control: Function) -> None:
        world.generations.saved = replace(BUILDING, verified=True)

        assert control("switch", generation=2) == {"view": "customers", "generation": 2}
        saved = world.generations.saved
        assert (saved.active, saved.previous, saved.changed_at) == (2, 1, timestamp(START))

    def test_the_retry_after_a_lost_answer_changes_nothing(self, world: World, control: Function) -> None:
        world.generations.saved = replace(BUILDING, verified=True)
        control("switch", generation=2)
        before = world.generations.saved

        assert control("switch", generation=2) == {"view": "customers", "generation": 2}
        assert world.generations.saved == before

    def test_a_generation_that_was_not_verified_does_not(self, world: World, control: Function) -> None:
        world.generations.saved = BUILDING

        with pytest.raises(PermanentFailure, match="not verified"):
            control("switch", generation=2)

    def test_another_generation_than_the_one_being_built_does_not(self, world: World, control: Function) -> None:
        world.generations.saved = replace(BUILDING, building=3, newest=3, verified=True)

        with pytest.raises(PermanentFailure, match="no longer being built"):
            control("switch", generation=2)

    def test_nothing_is_switched_while_a_customer_would_go_back(self, world: World, control: Function) -> None:
        world.generations.saved = replace(BUILDING, verified=True)
        listing = Listing("{}", "2026#a")
        world.read_model.stored["a", 1] = Row("a", 1, 2, listing)
        world.read_model.stored["a", 2] = Row("a", 2, 1, listing, Parked(2, "a reason", timestamp(START), 1))

        with pytest.raises(PermanentFailure, match="older version of 1 parked customer"):
            control("switch", generation=2)
        assert world.generations.saved.active == 1


class TestFill:
    def test_a_segment_is_filled_to_its_end(self, world: World, fill: Function) -> None:
        world.generations.saved = BUILDING
        world.log("a", 3)

        assert fill(generation=2) == {
            "generation": 2, "segment": 0, "segments": 1, "rate": 1e9,
            "customers": 1, "events": 3, "problems": 0, "done": True, "comparison": "c-1", "continued": True,
        }  # fmt: skip
        assert (world.version("a", 2), world.version("a", 1)) == (3, 0)

    def test_a_generation_that_was_given_up_is_filled_no_more(self, world: World, fill: Function) -> None:
        world.log("a", 1)

        with pytest.raises(PermanentFailure, match="WrongStep"):
            fill(generation=2)
        assert world.version("a", 2) == 0

    def test_an_invocation_that_is_short_of_time_ends_after_one_page_and_the_next_continues(
        self, world: World, fill: Function
    ) -> None:
        world.generations.saved = BUILDING
        world.log("a", 5)

        first = fill(MIN_MILLISECONDS_LEFT - 1, generation=2, rate=0.4)
        assert (first["events"], first["done"]) == (2, False)
        assert fill(generation=2, rate=1e9)["events"] == 5


class TestCompare:
    """Each customer who is wrong in the new generation prevents the switch."""

    def built(self, world: World) -> None:
        """Three customers, who are the same in both generations."""
        world.generations.saved = BUILDING
        for customer_id in "abc":
            events = world.log(customer_id, 2)
            for generation in (1, 2):
                world.project(*events, generation=generation)

    def test_equal_generations_have_no_problem(self, world: World, compare: Function) -> None:
        self.built(world)

        answer = compare(generation=2)

        assert (answer["done"], answer["problems"], answer["customers"], answer["events"]) == (True, 0, 3, 6)
        [saved] = world.progress.load(verify_job(2), 1)
        assert (saved.done, saved.problems, saved.at) == (True, 0, timestamp(START))

    def test_each_difference_is_a_problem(self, world: World, compare: Function) -> None:
        self.built(world)
        del world.read_model.stored["a", 2]
        world.read_model.stored["b", 2] = replace(world.read_model.stored["b", 2], listing=Listing("{}", "x"))

        assert compare(generation=2)["problems"] == 2

    def test_each_difference_is_logged(self, world: World, compare: Function, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built(world)
        del world.read_model.stored["a", 2]
        logged: list[tuple[str, dict[str, Any]]] = []
        monkeypatch.setattr(logger, "error", lambda text, extra: logged.append((text, extra)))

        compare(generation=2)

        found = {"customer_id": "a", "kind": str(DifferenceKind.MISSING), "expected": 2, "found": 0}
        assert logged == [("difference", found)]

    def test_a_row_without_events_is_a_problem(self, world: World, compare: Function) -> None:
        self.built(world)
        world.read_model.stored["nobody", 2] = replace(world.read_model.stored["a", 2], customer_id="nobody")

        assert compare(generation=2)["problems"] == 1

    def test_a_row_that_is_ahead_of_its_events_is_one_problem_and_not_two(
        self, world: World, compare: Function
    ) -> None:
        self.built(world)
        world.read_model.stored["a", 2] = replace(world.read_model.stored["a", 2], version=3)

        assert compare(generation=2)["problems"] == 1

    def test_a_row_that_an_index_lacks_is_listed_again_and_is_no_problem(self, world: World, compare: Function) -> None:
        """An earlier release, which did not know the index, has filled the generation."""
        world.generations.saved = BUILDING
        events = world.log("c-1", 2)
        world.projector.project(events, 2)
        world.read_model.stored["c-1", 2] = replace(world.read_model.stored["c-1", 2], misplaced=True)

        answer = compare(generation=2)

        assert (answer["done"], answer["problems"]) == (True, 0)
        assert not world.read_model.stored["c-1", 2].misplaced

    def test_a_row_that_cannot_be_listed_again_is_a_problem(self, world: World, compare: Function) -> None:
        world.generations.saved = BUILDING
        world.projector.project(world.log("c-1", 2), 2)
        world.read_model.stored["c-1", 2] = replace(world.read_model.stored["c-1", 2], misplaced=True)
        world.read_model.failing = {"c-1"}

        assert compare(generation=2)["problems"] == 1

    @pytest.mark.parametrize(("accepted", "problems"), [(False, 1), (True, 0)])
    def test_a_parked_customer_is_a_problem_unless_the_operator_accepts_it(
        self, world: World, compare: Function, accepted: bool, problems: int
    ) -> None:
        self.built(world)
        event = world.append(updated("a", 3))
        world.project(world.replace_event(poison(event)), generation=2)

        assert compare(generation=2, accept_parked=accepted)["problems"] == problems

    def test_an_unfinished_erasure_is_no_problem_of_the_generation(self, world: World, compare: Function) -> None:
        self.built(world)
        world.append(created("d"))
        erasure = world.append(erased("d", 2))
        for generation in (1, 2):
            world.project(erasure, generation=generation)

        assert compare(generation=2)["problems"] == 0

    def test_a_comparison_is_continued_by_its_own_execution_only(self, world: World, compare: Function) -> None:
        self.built(world)
        found = SegmentProgress(
            0, {"customer_id": "b", "version": "2"}, customers=7, events=70, problems=5, comparison="c-1"
        )
        world.progress.save(verify_job(2), found)

        assert compare(generation=2, comparison="c-2")["problems"] == 0
        world.progress.save(verify_job(2), found)
        continued = compare(generation=2)
        assert (continued["problems"], continued["customers"], continued["events"]) == (5, 8, 72)

    def test_the_problems_of_every_page_are_added(
        self, world: World, compare: Function, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.built(world)
        world.read_model.stored.clear()
        monkeypatch.setattr("projections.maintenance.verify.PAGE_SIZE", 2)

        first = compare(MIN_MILLISECONDS_LEFT - 1, generation=2)
        assert (first["problems"], first["done"]) == (1, False)
        assert compare(**first)["problems"] == 3

    def test_a_generation_that_was_given_up_is_compared_no_more(self, world: World, compare: Function) -> None:
        self.built(world)
        world.generations.saved = Generations()

        with pytest.raises(PermanentFailure, match="WrongStep"):
            compare(generation=2)
