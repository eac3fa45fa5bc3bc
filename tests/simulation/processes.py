"""Runs the simulation in processes of its own, because its world patches the whole process."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PROCESSES: Final = max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


def answers(commands: Sequence[Sequence[str]], hash_seeds: Sequence[str] = ()) -> list[Any]:
    """Run `python -m ...` several times at once, and parse the JSON that each prints last.

    Args:
        commands: The module and its arguments, for each process.
        hash_seeds: PYTHONHASHSEED for each process; random if empty.

    Raises:
        RuntimeError: A process ended without a result. Its output is on standard error.
    """
    seeds = hash_seeds or ["random"] * len(commands)
    running = [_start(command, seed) for command, seed in zip(commands, seeds, strict=True)]
    try:
        return [_answer(process) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


def _start(command: Sequence[str], hash_seed: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


def _answer(process: "subprocess.Popen[str]") -> Any:
    lines = process.communicate()[0].splitlines()
    # 1 means that something is wrong with our code, and the output says what.
    if process.returncode not in (0, 1) or not lines:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return json.loads(lines[-1])
