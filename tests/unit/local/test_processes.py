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
from local.processes import BackgroundProcess, Process, is_alive, look, stop, version_of, with_words

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def one(folder: Path = tmp_path, code: str = SLEEP, version: str = "v1") -> Process:
        service = BackgroundProcess("test", folder)
        process = service.start(Path(sys.executable), ["-c", code], {}, folder / "logs" / "test.log", version=version)
        started.append(process)
        return process

    yield one
    for process in started:
        stop(process, patience=0.0)


def test_a_service_is_found_by_its_command_line(tmp_path: Path, start: Start) -> None:
    started = start(version="v7")
    assert BackgroundProcess("test", tmp_path).find() == started
    assert version_of(started) == "v7"


def test_another_stacks_process_is_not_mistaken_for_ours(tmp_path: Path, start: Start) -> None:
    start(tmp_path / "stack two")
    start(tmp_path / "stack" / "test")
    assert BackgroundProcess("test", tmp_path / "stack").find() is None
    assert BackgroundProcess("other", tmp_path / "stack two").find() is None


def test_nothing_on_disk_can_make_a_dead_process_look_alive(tmp_path: Path, start: Start) -> None:
    (tmp_path / "test.pid").write_text(str(os.getpid()))  # as an older version may have left it
    stop(start(), patience=2.0)
    assert BackgroundProcess("test", tmp_path).find() is None


def test_a_pid_that_now_belongs_to_a_stranger_is_not_killed(start: Start) -> None:
    stranger = start()
    stop(replace(stranger, started="some earlier moment"), patience=0.0)
    assert is_alive(stranger)


def test_a_process_that_ignores_the_request_is_ended_by_force(tmp_path: Path, start: Start) -> None:
    stubborn = start(code=STUBBORN)
    while not (tmp_path / "logs" / "test.log").read_text():
        time.sleep(0.01)
    stop(stubborn, patience=0.1)
    assert not is_alive(stubborn)


def test_several_are_waited_for_together_and_not_one_after_the_other(tmp_path: Path, start: Start) -> None:
    folders = [tmp_path / str(number) for number in range(6)]
    stubborn = [start(folder, code=STUBBORN) for folder in folders]
    while not all((folder / "logs" / "test.log").read_text() for folder in folders):
        time.sleep(0.01)
    begun = time.monotonic()
    stop(*stubborn, patience=0.5)
    assert time.monotonic() - begun < 2
    assert not any(map(is_alive, stubborn))


def test_it_runs_in_a_session_of_its_own_with_only_the_environment_it_is_given(start: Start, tmp_path: Path) -> None:
    process = start(code="import os, time; print(sorted(os.environ), flush=True); time.sleep(60)")
    log = tmp_path / "logs" / "test.log"
    while not log.read_text():
        time.sleep(0.01)
    assert os.getsid(process.pid) == process.pid
    assert "PATH" not in log.read_text()


def test_the_log_of_the_last_run_is_kept_beside_the_new_one(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "test.log"
    log.parent.mkdir()
    log.write_text("why it died")
    start()
    assert log.with_suffix(".previous").read_text() == "why it died"


def test_a_killed_child_does_not_count_as_running(start: Start) -> None:
    process = start()
    os.kill(process.pid, signal.SIGKILL)
    while look(process.pid):
        time.sleep(0.01)
    assert not is_alive(process)


def test_a_process_that_its_parent_has_not_reaped_does_not_count_as_running() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as unreaped:
        deadline = time.monotonic() + 5
        while look(unreaped.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert look(unreaped.pid) is None


def test_words_match_whole_words_only(start: Start, tmp_path: Path) -> None:
    start()
    assert not list(with_words(f"-X customers-api.test={tmp_path}"))


def test_a_line_of_ps_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    running = "  501 Ss   Sun Nov 22 20:46:59 2026 python -X customers-api.test=/a b/ -m it"
    ended = "  502 Z    Sun Nov 22 20:46:59 2026 (it)"
    answer = subprocess.CompletedProcess(["ps"], 0, stdout=f"{running}\n{ended}\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    assert list(processes._from_ps()) == [
        Process(501, "Sun Nov 22 20:46:59 2026", " python -X customers-api.test=/a b/ -m it ")
    ]
