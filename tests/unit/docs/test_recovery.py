"""The guide to a recovery has the commands of the rehearsal in their order, and its arithmetic is right."""

import re
from collections.abc import Iterator

import pytest

from local.environments import ROOT
from tests.unit.docs.pages import Page
from tests.unit.operations.recovery.disaster import World
from tests.unit.operations.recovery.test_rehearsal import live, lose, recover

GUIDE = Page(ROOT / "docs/how-to/recover-from-disaster.md")
STEPS = GUIDE.table("How much is lost, and how long it takes", "Step")
# What differs from case to case.
_OPTIONS = re.compile(r" --(?:stack-name|to|queue|workers) \S+")


def plain(commands: list[str]) -> Iterator[str]:
    """The commands without what differs from case to case, each once in a row."""
    before = ""
    for command in commands:
        name = _OPTIONS.sub("", command)
        if name != before:
            yield name
        before = name


@pytest.mark.parametrize("seed", [2, 4])
def test_the_rehearsal_runs_the_commands_of_the_guide_in_their_order(seed: int) -> None:
    world = World(seed)
    live(world, 40)
    recover(world, lose(world), 2)

    assert list(plain(re.findall(r'make customers ARGS="(.+)"', GUIDE.text))) == list(plain(world.commands))


@pytest.mark.parametrize("row", [row for row in STEPS if row[1]], ids=lambda row: row[0])
def test_a_step_takes_as_long_as_is_stated(row: list[str]) -> None:
    _, number, rate, minutes = row

    assert int(minutes) == round(int(number) / int(rate) / 60)


def test_the_sums_are_right() -> None:
    close, restore, erase, customers, claims, fill, verify = (int(row[3]) for row in STEPS)
    before, rebuild = close + restore + erase, fill + verify
    stated = [int(found) for found in re.findall(r"(?:is|after) (\d+)(?: minutes|\.)", GUIDE.text)]

    assert stated == [
        before + customers + claims + rebuild,
        before + max(customers + claims, rebuild),
        before + max(customers, rebuild),
    ]
    [(hours, slow), (minutes, fast)] = [
        (re.findall(r"take ([\d.]+) hours", GUIDE.text)[0], 200),
        (re.findall(r"and (\d+) minutes\s+at 3,000", GUIDE.text)[0], 3000),
    ]
    assert float(hours) == round(10_000_000 / slow / 3600, 1)
    assert int(minutes) == round(10_000_000 / fast / 60)
