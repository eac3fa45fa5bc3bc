"""The log evolves: every event that was ever stored stays readable."""

import json
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import ClassVar, get_args

import pytest
from pydantic import BaseModel, ConfigDict

from events import codec
from events.codec import UnreadableEvent, decode, from_item
from events.customer import Customer, CustomerEvent
from events.envelope import Event
from events.upcasters import MODELS, STEPS, BrokenChain, check_chain, upcast
from local.environments import ROOT
from tests.samples import created

GOLDEN = sorted((ROOT / "tests" / "golden" / "events").glob("*.json"))


def version_of(path: Path) -> str:
    """`CustomerCreated.1` of CustomerCreated.1.json and of CustomerCreated.1.phone.json."""
    return ".".join(path.name.split(".")[:2])


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
def test_every_event_ever_stored_reads_as_it_should(path: Path) -> None:
    golden = json.loads(path.read_text())

    event = from_item(golden["item"])

    assert version_of(path) == f"{event.type}.{event.schema_version}"
    assert decode(event).model_dump(mode="json", exclude_none=True) == golden["reads_as"]


def test_every_version_of_every_event_has_a_golden_sample() -> None:
    wanted = {f"{model.type()}.{version}" for model in MODELS for version in range(1, model.schema_version + 1)}

    assert {version_of(path) for path in GOLDEN} == wanted


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.type())
def test_a_stored_shape_changes_only_with_a_new_version(model: type[CustomerEvent]) -> None:
    """Fails if a field is added, renamed or removed. Fix it with a new version, an upcaster and a sample.

    An optional field only needs one more sample of the same version. Existing samples are never edited.
    """
    samples = [path for path in GOLDEN if version_of(path) == f"{model.type()}.{model.schema_version}"]
    stored = [json.loads(json.loads(path.read_text())["item"]["data"]["S"]) for path in samples]

    assert set(model.model_fields) == {name for data in stored for name in data}


@pytest.mark.parametrize("model", [*MODELS, Customer], ids=lambda model: model.__name__)
def test_a_field_that_may_be_none_may_be_missing_too(model: type[BaseModel]) -> None:
    """None is left out of what is stored and answered, so reading it back must not demand it."""
    fields = {name: field for name, field in model.model_fields.items() if NoneType in get_args(field.annotation)}

    assert [name for name, field in fields.items() if field.is_required() or field.default is not None] == []


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


class Open(Moved):
    """Keeps fields that it does not know, as the events of a customer do."""

    model_config = ConfigDict(extra="allow")


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Event:
    """A stored event of the oldest of three versions."""
    monkeypatch.setattr(codec, "_MODELS", {"Moved": Open})
    for step, upcaster in STEPS_OF_MOVED.items():
        monkeypatch.setitem(STEPS, step, upcaster)
    return replace(created("c-1"), type="Moved", schema_version=1, data='{"town":"Paris"}')


def test_an_event_of_an_older_version_is_read_as_the_current_one(moved: Event) -> None:
    assert decode(moved) == Open(city="Paris", country="unknown")
    second = replace(moved, schema_version=2, data='{"place":"Paris"}')
    assert decode(second) == Open(city="Paris", country="unknown")


def test_what_an_upcaster_leaves_over_is_dropped_and_what_a_newer_release_adds_is_kept(
    moved: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STEPS, ("Moved", 2), lambda data: {**data, "city": data["place"], "country": "unknown"})
    current = replace(moved, schema_version=3, data='{"city":"Paris","country":"FR","street":"Rue"}')

    assert decode(moved).model_extra == {}
    assert decode(current).model_extra == {"street": "Rue"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("{}", "cannot be upcast: KeyError"),
        ("[]", "cannot be upcast: TypeError"),
        ("{", "cannot be upcast: JSONDecodeError"),
        pytest.param("[" * 100_000, "cannot be upcast: RecursionError", id="deep"),
        ('{"town":7}', "unreadable city"),
    ],
)
def test_data_that_cannot_be_upcast_is_unreadable(moved: Event, data: str, reason: str) -> None:
    with pytest.raises(UnreadableEvent) as raised:
        decode(replace(moved, data=data))

    assert str(raised.value) == f"c-1 version 1: {reason}"
