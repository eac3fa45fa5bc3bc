"""A stack's folder that was renamed or copied is told from the stack's own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import emulator, outputs, record, stopping
from local.__main__ import main
from local.errors import StackError
from local.home import PORT_OPTION, StackHome, emulator_service
from local.processes import Process, is_alive, stop
from local.progress import NoProgress
from local.stack import bring_up

SLEEP = ("-c", "import time; time.sleep(60)")
Start = Callable[[StackHome], Process]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts what looks like the local AWS of a stack."""
    started: list[Process] = []

    def start_one(home: StackHome) -> Process:
        home.folder.mkdir(parents=True, exist_ok=True)
        record.write(home, complete=True)
        home.outputs_file.write_text("{}")
        arguments = ["-X", f"{PORT_OPTION}={home.port}", *SLEEP]
        service = emulator_service(home.folder)
        started.append(service.start(Path(sys.executable), arguments, {}, home.log("emulator"), version="old"))
        return started[-1]

    yield start_one
    for process in started:
        stop(process, timeout=0.0)


def test_a_stack_runs_where_its_process_runs_and_not_where_a_file_says(tmp_path: Path, start: Start) -> None:
    start(StackHome(tmp_path / "a stack", 4611))
    assert StackHome.at(tmp_path / "a stack").port == 4611


@pytest.mark.parametrize("command", ["status", "token", "logs", "up"])
def test_in_a_renamed_folder_every_command_says_the_same(
    command: str, tmp_path: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    start(StackHome(tmp_path / "old", 4611))
    (tmp_path / "old").rename(tmp_path / "new")

    assert main([command, "--home", str(tmp_path / "new")]) == 1
    error = capsys.readouterr().err
    assert f"make {command}: This folder was {tmp_path}/old when its stack was started" in error
    assert len(error.splitlines()) == 1


def test_down_in_a_renamed_folder_stops_the_stack(
    tmp_path: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(StackHome(tmp_path / "old", 4611))
    (tmp_path / "old").rename(tmp_path / "new")

    assert stopping.main(["--home", str(tmp_path / "new")]) == 0
    assert not is_alive(process)
    assert "Stopped" in capsys.readouterr().out


def test_a_copied_folder_has_a_stack_of_its_own(
    tmp_path: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(StackHome(tmp_path / "original", 4611))
    copy = StackHome(tmp_path / "copy", 4611)
    copy.folder.mkdir()
    for file in ("stack.json", "outputs.json"):
        (copy.folder / file).write_text((tmp_path / "original" / file).read_text())

    with pytest.raises(StackError, match="not running"):
        outputs.read(copy)
    assert main(["status", "--home", str(copy.folder)]) == 0
    assert capsys.readouterr().out.count("stopped") == 3
    stopping.down(copy)
    assert is_alive(process)


def test_a_port_that_another_stack_uses_is_refused_with_that_stacks_folder(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(StackHome(tmp_path / "first stack", 4611))
    monkeypatch.setattr(emulator, "port_is_busy", lambda _: True)
    with pytest.raises(StackError, match=f"in use by the stack in {tmp_path}/first stack.*PORT=4612"):
        emulator.start(StackHome(tmp_path / "second", 4611))


def test_another_port_never_restarts_a_stack_unasked(tmp_path: Path, start: Start) -> None:
    process = start(StackHome(tmp_path, 4611))
    with pytest.raises(StackError, match=r"runs on port 4611, not on 4612\..*delete the stack's data.*FORCE=1"):
        bring_up(StackHome.at(tmp_path, 4612), NoProgress())
    assert is_alive(process)


def test_changed_packages_never_restart_a_stack_unasked(tmp_path: Path, start: Start) -> None:
    process = start(StackHome(tmp_path, 4611))
    with pytest.raises(StackError, match=r"have changed since it was started\..*FORCE=1"):
        bring_up(StackHome.at(tmp_path), NoProgress())
    assert is_alive(process)


def test_a_slow_answer_never_restarts_a_stack_unasked(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start(StackHome(tmp_path, 4611))
    monkeypatch.setattr(emulator, "version", lambda _: "old")
    monkeypatch.setattr(emulator, "is_ready", lambda *_, **__: False)
    with pytest.raises(StackError, match=r"does not answer within 30 s\..*FORCE=1"):
        bring_up(StackHome.at(tmp_path), NoProgress())
    assert is_alive(process)


@pytest.mark.parametrize("asked", ["force", "never complete"])
def test_a_restart_goes_ahead_if_asked_or_if_there_is_no_data(
    asked: str, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = StackHome(tmp_path, 4611)
    process = start(home)
    record.write(home, complete=asked == "force")

    def started(_: StackHome) -> None:
        raise RuntimeError("a new local AWS was started")

    monkeypatch.setattr(emulator, "start", started)
    with pytest.raises(RuntimeError, match="a new local AWS"):
        bring_up(StackHome(tmp_path, 4612), NoProgress(), force=asked == "force")
    assert not is_alive(process)


def test_an_interrupted_first_start_leaves_no_process_and_no_port(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(home: StackHome) -> None:
        start(home)
        record.write(home, complete=False)
        raise KeyboardInterrupt

    monkeypatch.setattr(emulator, "start", interrupted)
    assert main(["up", "--home", str(tmp_path), "--port", "4613"]) == 130
    assert "Nothing is running" in capsys.readouterr().err
    assert emulator_service(tmp_path).find() is None
    assert StackHome.at(tmp_path).port == 4566


def test_an_interrupted_later_start_keeps_the_stack(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(StackHome(tmp_path, 4611))

    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(emulator, "why_restart", interrupted)
    assert main(["up", "--home", str(tmp_path)]) == 130
    assert "still running" in capsys.readouterr().err
    assert is_alive(process)
