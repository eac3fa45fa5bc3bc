"""The state machine begins a generation with the shards that its input asks for, and records what it verified."""

from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from projections.generation_details import GenerationDetails
from projections.generations import Generations, WrongStep
from projections.maintenance.progress import SegmentProgress, verify_job
from shared.runtime.clock import timestamp
from tests.unit.projections.world import World

SETTINGS = {"EVENT_TABLE": "events", "READ_TABLE": "rows", "REBUILD_RATE": "1000", "REBUILD_WORKERS": "8"}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def control(world: World, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function `RebuildControl`, whose stores are the world's."""
    for setting, value in SETTINGS.items():
        monkeypatch.setenv(setting, value)
    function = import_module("projections.handlers.rebuild_control")
    monkeypatch.setattr(function, "views", world.stores)
    client = SimpleNamespace(describe_table=lambda **_: {"Table": {"ItemCount": 10}})
    monkeypatch.setattr(function, "dynamodb", lambda: client)
    monkeypatch.setattr(function, "utc_now", world.now)
    return function


def start(control: ModuleType, **options: Any) -> int:
    generation: int = control.start({"input": options})["generation"]
    return generation


@pytest.mark.parametrize(("options", "shards"), [({}, 4), ({"shards": None}, 4), ({"shards": 16}, 16)])
def test_the_input_may_raise_the_number_of_shards(
    world: World, control: ModuleType, options: dict[str, Any], shards: int
) -> None:
    assert start(control, **options) == 2
    assert world.generations.load().details_of(2).shards == shards


def test_a_second_execution_continues_with_the_shards_of_the_first(world: World, control: ModuleType) -> None:
    for options in ({"shards": 16}, {}, {"shards": 16}):
        assert start(control, **options) == 2
    with pytest.raises(WrongStep, match="Generation 2 was begun with 16 shards"):
        start(control, shards=8)
    assert world.generations.load().details_of(2).shards == 16


@pytest.mark.parametrize("shards", [0, 65, -1, True, 4.0, "16", [16]])
def test_an_unusable_number_of_shards_begins_nothing(world: World, control: ModuleType, shards: Any) -> None:
    with pytest.raises(WrongStep, match="shards must be a whole number"):
        start(control, shards=shards)

    assert world.generations.load() == Generations()


def test_what_was_verified_is_recorded(world: World, control: ModuleType) -> None:
    start(control)
    for segment in range(4):
        world.progress.save(verify_job(2), SegmentProgress(segment, customers=5, done=True, comparison="c"))

    control.confirm({"generation": 2, "segments": 4, "comparison": "c"})

    assert world.generations.load().details_of(2) == GenerationDetails(2, 4, timestamp(world.now()), 20)
