"""An outage of an hour gives nothing up and parks nobody, whatever is away, and the defects that would are detected."""

from typing import Any, Final

import pytest

from tests.simulation.outage_table import MINUTES, RETRIES, given_up
from tests.simulation.processes import answers
from tests.simulation.verdicts import Verdict, table

MOST_LAG_SECONDS: Final = 180.0
CASES: Final = 12


def rows(outcomes: list[dict[str, Any]]) -> str:
    shown = ("case", "dependency", "minutes", "failures", "given_up", "put_aside", "parked", "lag")
    lines = [
        " ".join(f"{each[name]!s:<22}" if name in shown[:2] else f"{each[name]!s:>9}" for name in shown)
        for each in outcomes
    ]
    return "\n".join([" ".join(f"{name:<22}" if name in shown[:2] else f"{name:>9}" for name in shown), *lines])


def test_an_outage_passes_whatever_is_away_and_for_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [
        ["tests.simulation.outages", "--minutes", "1", "60"],
        ["tests.simulation.outages", "--minutes", "3", "10"],
    ]

    outcomes = [outcome for part in answers(commands) for outcome in part]

    with capsys.disabled():
        print(f"\n{rows(outcomes)}")
    assert not [each["broken"] for each in outcomes if each["rule"]]
    assert len(outcomes) == CASES * 4
    assert {each["minutes"] for each in outcomes} == set(MINUTES)
    for each in outcomes:
        assert each["failures"], each
        assert each["given_up"] == 0
        assert each["lag"] <= MOST_LAG_SECONDS
        # Only those whom no time would bring through.
        assert bool(each["parked"]) == (each["case"] == "refused row" or each["dependency"] == "failure queues"), each


def test_every_defect_that_would_lose_an_outage_is_detected(capsys: pytest.CaptureFixture[str]) -> None:
    [found] = answers([["tests.simulation.outage_mutants", "--json"]])

    verdicts = [Verdict(**verdict) for verdict in found]
    with capsys.disabled():
        print(f"\n{table(verdicts)}")
    assert [each.name for each in verdicts if not each.is_right] == []
    assert len(verdicts) >= 13


@pytest.mark.parametrize("minutes", MINUTES)
def test_ten_retries_lose_batches_in_an_outage_and_no_limit_loses_none(minutes: int) -> None:
    limited, unlimited = (given_up(minutes, retries) for retries in RETRIES)

    assert limited[0] >= max(1, minutes * 60 // 35)
    assert unlimited[0] == 0
    assert unlimited[1] <= 60.0
