import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local import processes
from local.processes import BackgroundProcess, Process, find_by_pid, is_alive, stop, version_of, with_arguments

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def start_one(folder: Path = tmp_path, code: str = SLEEP, version: str = "v1") -> Process:
        service = BackgroundProcess("test", folder)
        process = service.start(Path(sys.executable), ["-c", code], {}, folder / "logs" / "test.log", version=version)
        started.append(process)
        return process

    yield start_one
    for process in started:
        stop(process, timeout=0.0)


def test_a_process_is_found_by_its_command_line(tmp_path: Path, start: Start) -> None:
    started = start(version="v7")
    assert BackgroundProcess("test", tmp_path).find() == started
    assert version_of(started) == "v7"


def test_another_stacks_process_is_not_found(tmp_path: Path, start: Start) -> None:
    start(tmp_path / "stack two")
    start(tmp_path / "stack" / "test")
    assert BackgroundProcess("test", tmp_path / "stack").find() is None
    assert BackgroundProcess("other", tmp_path / "stack two").find() is None


def test_a_pid_file_cannot_make_a_dead_process_look_alive(tmp_path: Path, start: Start) -> None:
    (tmp_path / "test.pid").write_text(str(os.getpid()))  # an older version may have left one
    stop(start(), timeout=2.0)
    assert BackgroundProcess("test", tmp_path).find() is None


def test_a_process_that_reuses_the_pid_is_not_killed(start: Start) -> None:
    other = start()
    stop(replace(other, started="some earlier moment"), timeout=0.0)
    assert is_alive(other)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path, start: Start) -> None:
    stubborn = start(code=STUBBORN)
    while not (tmp_path / "logs" / "test.log").read_text():
        time.sleep(0.01)
    stop(stubborn, timeout=0.1)
    assert not is_alive(stubborn)


def test_several_processes_are_stopped_in_parallel(tmp_path: Path, start: Start) -> None:
    folders = [tmp_path / str(number) for number in range(6)]
    stubborn = [start(folder, code=STUBBORN) for folder in folders]
    while not all((folder / "logs" / "test.log").read_text() for folder in folders):
        time.sleep(0.01)
    begun = time.monotonic()
    stop(*stubborn, timeout=0.5)
    assert time.monotonic() - begun < 2
    assert not any(map(is_alive, stubborn))


def test_a_process_has_its_own_session_and_only_the_given_environment(start: Start, tmp_path: Path) -> None:
    process = start(code="import os, time; print(sorted(os.environ), flush=True); time.sleep(60)")
    log = tmp_path / "logs" / "test.log"
    while not log.read_text():
        time.sleep(0.01)
    assert os.getsid(process.pid) == process.pid
    assert "PATH" not in log.read_text()


def test_the_previous_log_is_kept(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "test.log"
    log.parent.mkdir()
    log.write_text("why it died")
    start()
    assert log.with_suffix(".previous").read_text() == "why it died"


def test_a_killed_child_is_not_alive(start: Start) -> None:
    process = start()
    os.kill(process.pid, signal.SIGKILL)
    while find_by_pid(process.pid):
        time.sleep(0.01)
    assert not is_alive(process)


def test_a_zombie_is_not_found() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as unreaped:
        deadline = time.monotonic() + 5
        while find_by_pid(unreaped.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert find_by_pid(unreaped.pid) is None


def test_arguments_match_as_whole_words_only(start: Start, tmp_path: Path) -> None:
    start()
    assert not list(with_arguments(f"-X customers-api.test={tmp_path}"))


def test_the_output_of_ps_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    running = "  501 Ss   Sun Nov 22 20:46:59 2026 python -X customers-api.test=/a b/ -m it"
    ended = "  502 Z    Sun Nov 22 20:46:59 2026 (it)"
    done = subprocess.CompletedProcess(["ps"], 0, stdout=f"{running}\n{ended}\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert list(processes._from_ps()) == [
        Process(501, "Sun Nov 22 20:46:59 2026", " python -X customers-api.test=/a b/ -m it ")
    ]
