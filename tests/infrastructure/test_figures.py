"""Figures that a test records are shown, whichever process ran the test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.environments import ROOT

RECORDING = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_measures(number, record_property):
    record_property("figures", f"{number} met")
    assert number != 3
"""


@pytest.mark.parametrize("processes", [[], ["-p", "xdist", "--numprocesses=1"]], ids=["alone", "from afar"])
def test_figures_are_shown_after_any_kind_of_run(tmp_path: Path, processes: list[str]) -> None:
    (tmp_path / "test_recording.py").write_text(RECORDING)
    command = [sys.executable, "-m", "pytest", "-p", "tests.figures", "-p", "no:cacheprovider", *processes]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env = own | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.endswith(" met")] == [
        f"test_measures[{number}]: {number} met" for number in range(4)
    ]
