"""A thousand seeds: whatever fails, and in whatever order, nothing that must never break breaks."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
# SIMULATION_SEEDS=20000 looks further, SIMULATION_FROM=1000 elsewhere.
SEEDS: Final = int(os.environ.get("SIMULATION_SEEDS", "1000"))
FIRST: Final = int(os.environ.get("SIMULATION_FROM", "0"))
PROCESSES: Final = max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


def start(*arguments: str, hash_seed: str = "random") -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def figures(process: "subprocess.Popen[str]") -> dict[str, Any]:
    output, _ = process.communicate()
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def added(parts: list[dict[str, Any]]) -> dict[str, Any]:
    total = {name: sum(part[name] for part in parts) for name, value in parts[0].items() if isinstance(value, int)}
    kinds = sorted({kind for part in parts for kind in part["faults_by_kind"]})
    by_kind = {kind: sum(part["faults_by_kind"].get(kind, 0) for part in parts) for kind in kinds}
    return {**total, "seconds": max(part["seconds"] for part in parts), "faults_by_kind": by_kind}


def test_no_seed_breaks_an_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    share = -(-SEEDS // PROCESSES)
    processes = [start("--from", str(FIRST + n * share), "--count", str(share)) for n in range(PROCESSES)]

    parts = [figures(process) for process in processes]

    total, broken = added(parts), [line for part in parts for line in part["broken"]]
    with capsys.disabled():
        print(f"\n{json.dumps(total, indent=1)}\n{len(broken)} violations")
    assert not broken, "\n".join(broken[:5])
    assert total["commands"] >= 300 * SEEDS
    assert total["faults"] >= 200 * SEEDS


def test_the_same_seed_gives_the_same_effects() -> None:
    """Also where Python orders its sets in another way."""
    arguments = ("--from", "7", "--count", "3")
    first, second = (figures(start(*arguments, hash_seed=hash_seed)) for hash_seed in ("1", "2"))
    assert first["digests"] == second["digests"]
    assert len(set(first["digests"].values())) == 3
