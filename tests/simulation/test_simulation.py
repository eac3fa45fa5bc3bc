"""Two hundred seeds: whatever fails, and in whatever order, no rule breaks."""

import os
from itertools import pairwise
from typing import Any, Final

import pytest

from tests.simulation.processes import PROCESSES, answers

# SIMULATION_SEEDS=20000 runs more seeds, SIMULATION_FROM=1000 others.
SEEDS: Final = int(os.environ.get("SIMULATION_SEEDS", "200"))
FIRST: Final = int(os.environ.get("SIMULATION_FROM", "0"))
SHOWN: Final = (
    "seeds",
    "commands",
    "requests",
    "reads",
    "awaited_lists",
    "searches",
    "awaited_searches",
    "statistics",
    "awaited_statistics",
    "calls",
    "invocations",
    "events",
    "rows",
    "counted_rows",
    "switches",
    "switches_of_counts",
)


def added(parts: list[dict[str, Any]]) -> dict[str, Any]:
    total = {name: sum(part[name] for part in parts) for name, value in parts[0].items() if isinstance(value, int)}
    kinds = sorted({kind for part in parts for kind in part["faults_by_kind"]})
    by_kind = {kind: sum(part["faults_by_kind"].get(kind, 0) for part in parts) for kind in kinds}
    seconds, cpu = max(part["seconds"] for part in parts), sum(part["cpu_seconds"] for part in parts)
    return {**total, "seconds": seconds, "cpu_seconds": cpu, "faults_by_kind": by_kind}


def table(total: dict[str, Any], violations: int) -> str:
    rows = [f"{name:<22} {total[name]:>9,}" for name in (*SHOWN, "faults")]
    by_kind = sorted(total["faults_by_kind"].items(), key=lambda each: -each[1])
    rows += [f"  {kind:<20} {count:>9,}" for kind, count in by_kind]
    rows += [f"{'violations':<22} {violations:>9,}"]
    rows += [f"{'seconds':<22} {total['seconds']:>9} in {PROCESSES} processes, {total['cpu_seconds']:.0f} of CPU time"]
    return "\n".join(rows)


def test_no_seed_breaks_an_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    bounds = [FIRST + SEEDS * number // PROCESSES for number in range(PROCESSES + 1)]
    shares = [(first, end - first) for first, end in pairwise(bounds)]

    parts = answers([["tests.simulation", "--from", str(first), "--count", str(count)] for first, count in shares])

    total, broken = added(parts), [line for part in parts for line in part["broken"]]
    with capsys.disabled():
        print(f"\n{table(total, len(broken))}")
    assert not broken, "\n".join(broken[:5])
    assert total["seeds"] == SEEDS
    assert total["commands"] >= 300 * SEEDS
    assert total["faults"] >= 200 * SEEDS
    assert total["awaited_lists"] >= SEEDS
    assert total["awaited_searches"] >= SEEDS
    assert total["awaited_statistics"] >= SEEDS // 2
    assert total["switches_of_counts"] >= SEEDS // 20
    assert total["faults_by_kind"]["crossed"] >= 10 * SEEDS


def test_the_same_seed_gives_the_same_effects() -> None:
    """Even if Python orders its sets in another way."""
    command = ["tests.simulation", "--from", "7", "--count", "3"]

    first, second = answers([command, command], hash_seeds=("1", "2"))

    assert first["digests"] == second["digests"]
    assert len(set(first["digests"].values())) == 3
