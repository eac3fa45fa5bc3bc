"""Stopping needs no environment, takes no longer than its patience, and finds every stack of a checkout."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import record, stopping
from local.home import StackHome
from local.processes import BackgroundProcess, Process, is_alive, stop

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
Start = Callable[..., Process]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Process] = []

    def start_one(role: str, folder: Path, python: Path = Path(sys.executable), *arguments: str) -> Process:
        log = folder / "logs" / f"{role}.log"
        service = BackgroundProcess(role, folder)
        started.append(service.start(python, ["-c", STUBBORN, *arguments], {}, log, version="v1"))
        while not log.read_text():
            time.sleep(0.01)
        return started[-1]

    yield start_one
    for process in started:
        stop(process, timeout=0.0)


def test_a_stack_that_ignores_every_request_is_stopped_at_once(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both processes and the worker wait for the same patience, not for one each.
    waits: list[float] = []

    def noting(*processes: Process, timeout: float) -> None:
        waits.append(timeout)
        stop(*processes, timeout=0.1)

    monkeypatch.setattr(stopping, "stop", noting)
    worker = f"{tmp_path}/tmp/ministack-lambda-X/_worker.py"
    processes = [
        start("emulator", tmp_path),
        start("mapping", tmp_path),
        start("other", tmp_path, Path(sys.executable), worker),
    ]

    assert stopping.stop_stack(StackHome(tmp_path, 1))
    assert not any(map(is_alive, processes))
    assert waits == [stopping.PATIENCE]
    assert stopping.PATIENCE <= 1


def test_the_data_goes_and_the_build_and_the_demo_user_stay(tmp_path: Path) -> None:
    home = StackHome(tmp_path, 1)
    for folder in ("tmp", "state", "s3", "mapping/checkpoints", "build"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("outputs.json", "stack.json", "deployed.json", "built", "demo-user.json"):
        (tmp_path / file).write_text("{}")

    stopping.delete_state(home)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["build", "built", "demo-user.json"]


def test_down_where_nothing_runs_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stopping.main(["--home", str(tmp_path / "never")]) == 0
    assert capsys.readouterr().out == "  Nothing was running.\n"
    assert not (tmp_path / "never").exists()


def test_all_stacks_of_a_checkout_are_found_and_no_others(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "checkout" / ".local"
    python = state / "venvs" / "emulator" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    own = [start("emulator", state / "test", python), start("emulator", tmp_path / "elsewhere", python)]
    foreign = start("emulator", tmp_path / "other checkout" / ".local")
    record.write(StackHome(state, 1), complete=True)
    monkeypatch.setattr(stopping, "STATE", state)

    assert stopping.folders_of(state) == {state, state / "test", tmp_path / "elsewhere"}
    assert stopping.main(["--all"]) == 0
    assert not any(map(is_alive, own))
    assert is_alive(foreign)


def test_a_stack_home_that_is_a_file_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert stopping.main(["--home", str(tmp_path / "file")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert (
        line == f"make down: STACK_HOME={tmp_path}/file is a file. Name a folder; it is created if it does not exist."
    )
