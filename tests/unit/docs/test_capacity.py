"""The pages about capacity say what the model calculates from template.yml."""

import re

import pytest

from benchmarks import capacity
from benchmarks.capacity import MIX, CapacityLimit, CapacitySettings, Traffic, exceeded, limits
from local.environments import ROOT
from local.template import load_template
from tests.unit.docs.pages import README, Page, names

CAPACITY = Page(ROOT / "docs/reference/capacity.md")
DEFAULTS = CapacitySettings.defaults()
PARAMETERS = load_template()["Parameters"]
CREATES = {kind: float(kind == "create") for kind in MIX}
SECTIONS = {
    "At 1,000 requests a second": Traffic(1000),
    "At 10,000 requests a second": Traffic(10_000),
    "At 10,000 creates a second": Traffic(10_000, CREATES),
}


def cells(limit: CapacityLimit) -> list[str]:
    return [cell.strip() for cell in capacity.row_of(limit).strip("|").split("|")]


def of(traffic: Traffic, name: str, settings: CapacitySettings = DEFAULTS) -> CapacityLimit:
    [found] = [limit for limit in limits(traffic, settings) if limit.name == name]
    return found


@pytest.mark.parametrize("heading", SECTIONS)
def test_what_breaks_is_listed_the_worst_first(heading: str) -> None:
    assert CAPACITY.table(heading, "Limit") == [cells(limit) for limit in exceeded(SECTIONS[heading], DEFAULTS)]


def test_nothing_breaks_at_a_hundred_requests_a_second() -> None:
    nearest = limits(Traffic(100), DEFAULTS)[0]

    assert (nearest.name, nearest.share) == ("firewall, one token", 1.0)
    young = of(Traffic(100), "concurrency, whole account", DEFAULTS.changed(concurrency=10))
    assert young.share > 0.9


@pytest.mark.parametrize("heading", [each for each in SECTIONS if "creates" not in each])
def test_the_stated_parameters_carry_the_load(heading: str) -> None:
    [stated] = re.findall(r"```text\n(.*?)```", CAPACITY.section(heading), re.DOTALL)
    values = dict(re.findall(r"(\w+)=(\d+)", stated))
    left = exceeded(SECTIONS[heading], DEFAULTS.changed(**{name: int(value) for name, value in values.items()}))

    for name, value in values.items():
        assert PARAMETERS[name]["MinValue"] <= int(value) <= PARAMETERS[name]["MaxValue"], name
    assert {limit.turn.partition(",")[0] for limit in left} <= {"quota", "no parameter"}
    assert {limit.name for limit in left if limit.turn == "no parameter"} <= {"record of generations, read units"}


def test_every_parameter_that_the_model_names_exists() -> None:
    for limit in limits(Traffic(1), DEFAULTS):
        for name in names(limit.turn):
            assert name in PARAMETERS or name == "rebuild start --shards"


def test_the_parts_of_the_arithmetic() -> None:
    creates = Traffic(1000, CREATES)
    half = Traffic(1000, CREATES | {"create": 0.5, "get": 0.5})

    assert of(creates, "event table, write units").demand == 2000
    assert of(creates, "listing index, write units", DEFAULTS.changed(listing_shards=8)).capacity == 8000
    assert of(half, "record of generations, read units").demand == 500 + 500 / 100
    one = of(creates, "projector, events")
    four = of(creates, "projector, events", DEFAULTS.changed(StreamParallelism=2, stream_shards=8))
    assert four.capacity == 4 * one.capacity
    assert of(half, "concurrency, whole account").demand == pytest.approx(500 * 0.02 + 500 * 0.04 + 4 + 4)


def test_the_mix_is_whole_and_the_page_says_it() -> None:
    assert sum(MIX.values()) == pytest.approx(1)
    shares = re.findall(r"(\d+) (?:reads of one customer|lists|creates|updates|erasure)\b", CAPACITY.text)
    assert [int(each) / 100 for each in shares[:5]] == list(MIX.values())


def test_the_throttles_are_those_of_the_template() -> None:
    rows = [row for row in CAPACITY.table("Throttles", "Requests") if names(row[1])]

    assert {names(row[1])[0]: int(row[2]) for row in rows} == {
        name: each["Default"] for name, each in PARAMETERS.items() if name.endswith("Throttle")
    }


def test_the_readme_has_every_limit_and_its_default() -> None:
    section = README.section("Limits")
    stated = {name: int(number) for number, name in re.findall(r"(\d+) [\w ]+\s+\(`(\w+)`\)", section)}

    throttles = {name: each["Default"] for name, each in PARAMETERS.items() if name.endswith("Throttle")}
    per_second = {"TokenRateLimit": DEFAULTS.TokenRateLimit // 300}
    assert stated == {**throttles, **per_second, "StreamParallelism": DEFAULTS.StreamParallelism}
    assert f"{DEFAULTS.listing_shards} partitions" in section
    assert "any number of readers (`ReadConcurrency`)" in section
    assert PARAMETERS["ReadConcurrency"]["Default"] == 0


def test_the_program_prints_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert capacity.main(["--requests", "3000", "--set", "ReadThrottle=3000", "--only", "get"]) == 0
    assert "| throttle of get requests | 3,000 | 3,000 | 1.0 |" in capsys.readouterr().out

    with pytest.raises(SystemExit):
        capacity.main(["--set", "Shards=3"])
    assert "--set takes NAME=N" in capsys.readouterr().err
