"""Defects put into our own code on purpose: the simulation notices each within 200 seeds, or nobody can."""

import json
import subprocess
import sys
from typing import Final

import pytest

from tests.simulation.test_simulation import PROCESSES, ROOT

LEAST: Final = 20


def hunt(share: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.simulation.mutants", "--json", "--share", share]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_every_defect_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    hunts = [hunt(f"{number}/{PROCESSES}") for number in range(PROCESSES)]
    verdicts = [verdict for each in hunts for verdict in json.loads(each.communicate()[0])]

    with capsys.disabled():
        print()
        for name, rule, seeds, how in verdicts:
            print(f"{name:<52} {rule or 'equivalent':<10} {seeds:>4}  {how[:100]}")
    survivors = [name for name, rule, _, how in verdicts if not rule and not how]
    assert not survivors
    assert sum(bool(rule) for _, rule, _, _ in verdicts) >= LEAST
