"""The simulation detects each deliberate defect of our own code within 200 seeds, or nobody can.

`make test` runs a sample of them, and `make mutants` all (MUTANTS=all).
"""

import os
from time import perf_counter
from typing import Final

import pytest

from tests.simulation.processes import PROCESSES, answers
from tests.simulation.sample import SAMPLE
from tests.simulation.verdicts import Verdict, table

ALL: Final = os.environ.get("MUTANTS") == "all"
LEAST: Final = 20 if ALL else len(SAMPLE)


def test_every_defect_is_detected(capsys: pytest.CaptureFixture[str]) -> None:
    started = perf_counter()
    shares = [f"{number}/{PROCESSES}" for number in range(PROCESSES)]
    options = ["--json"] if ALL else ["--json", "--sample"]

    found = answers([["tests.simulation.mutants", *options, "--share", share] for share in shares])

    verdicts = [Verdict(**verdict) for part in found for verdict in part]
    with capsys.disabled():
        print(f"\n{table(verdicts)}\n{perf_counter() - started:.0f} seconds in {PROCESSES} processes")
    wrong = [each for each in verdicts if not each.is_right]
    survivors, excused = ([each.name for each in wrong if bool(each.rule) is noticed] for noticed in (False, True))
    assert not survivors, "no rule detects these: fix the rules, or say why nobody can"
    assert not excused, "these are marked equivalent, but were detected"
    assert sum(bool(each.rule) for each in verdicts) >= LEAST
