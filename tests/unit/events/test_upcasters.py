"""The log evolves: every event that was ever stored stays readable."""

import json
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from events.codec import UnreadableEvent, decode, from_item
from events.customer import CustomerEvent
from events.upcasters import MODELS, STEPS, BrokenChain, check_chain, upcast
from local.environments import ROOT
from tests.samples import created

GOLDEN = sorted((ROOT / "tests" / "golden" / "events").glob("*.json"))


class Moved(CustomerEvent):
    """An event whose schema has changed twice."""

    schema_version: ClassVar[int] = 3

    city: str
    country: str


STEPS_OF_MOVED = {
    ("Moved", 1): lambda data: {"place": data["town"]},
    ("Moved", 2): lambda data: {"city": data["place"], "country": "unknown"},
}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_event_ever_stored_reads_as_it_should(path: Any) -> None:
    golden = json.loads(path.read_text())

    event = from_item(golden["item"])

    assert path.stem == f"{event.type}.{event.schema_version}"
    assert decode(event).model_dump(mode="json") == golden["reads_as"]


def test_every_version_of_every_event_has_a_golden_sample() -> None:
    wanted = {f"{model.type()}.{version}" for model in MODELS for version in range(1, model.schema_version + 1)}

    assert {path.stem for path in GOLDEN} == wanted


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.type())
def test_a_stored_shape_changes_only_with_a_new_version(model: type[CustomerEvent]) -> None:
    """Fails if a field is added, renamed or removed. Fix it with a new version, an upcaster and a sample."""
    golden = json.loads((ROOT / f"tests/golden/events/{model.type()}.{model.schema_version}.json").read_text())

    assert set(model.model_fields) == set(json.loads(golden["item"]["data"]["S"]))


def test_data_is_upcast_step_by_step() -> None:
    assert upcast({"town": "Paris"}, "Moved", 1, 3, STEPS_OF_MOVED) == {"city": "Paris", "country": "unknown"}
    assert upcast({"place": "Paris"}, "Moved", 2, 3, STEPS_OF_MOVED) == {"city": "Paris", "country": "unknown"}
    assert upcast({"city": "x", "country": "y"}, "Moved", 3, 3, STEPS_OF_MOVED) == {"city": "x", "country": "y"}


def test_a_complete_chain_is_accepted() -> None:
    check_chain([Moved], STEPS_OF_MOVED)
    check_chain(MODELS, STEPS)


def test_a_missing_upcaster_is_refused() -> None:
    with pytest.raises(BrokenChain, match="no upcaster from Moved 2"):
        check_chain([Moved], {("Moved", 1): STEPS_OF_MOVED["Moved", 1]})


def test_a_superfluous_upcaster_is_refused() -> None:
    with pytest.raises(BrokenChain, match="no event needs the upcaster from Moved 3"):
        check_chain([Moved], {**STEPS_OF_MOVED, ("Moved", 3): lambda data: data})


@pytest.mark.parametrize("version", [0, -1, 2, 99])
def test_an_unknown_schema_version_is_unreadable(version: int) -> None:
    with pytest.raises(UnreadableEvent, match=f"schema version {version}"):
        decode(replace(created(), schema_version=version))
