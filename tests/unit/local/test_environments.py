"""Environments are complete or absent, stay whatever path Python was called by, and are not replaced under a stack."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import environments
from local.errors import SetupError
from local.processes import BackgroundProcess, Process, stop

UV = """#!/bin/sh
# Makes what uv would make, and fails if asked to.
case "$1 $2" in
"pip install") test -z "$FAIL_INSTALL" || { echo "$FAIL_INSTALL"; exit 2; }; echo installed >>"$UV_LOG";;
*) for last in "$@"; do :; done; mkdir -p "$last/bin"; ln -s "$REAL_PYTHON" "$last/bin/python";;
esac
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose uv is a stub."""
    state = tmp_path / ".local"
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "STATE", state)
    (tmp_path / "requirements").mkdir()
    for name in (*environments.NAMES, "uv"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"# the lock of {name}\n")
    uv = state / "venvs" / "uv" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(UV)
    uv.chmod(0o755)
    environments.stamp_of("uv").write_text(environments.identity(b"# the lock of uv\n"))
    added = {"UV_LOG": str(tmp_path / "log"), "REAL_PYTHON": sys.executable}
    monkeypatch.setattr("local.package_index.environment", lambda ambient, _: {**ambient, **added})
    return state


def installs(state: Path) -> int:
    log = state.parent / "log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_an_environment_is_installed_once(state: Path) -> None:
    assert environments.main(["stack"]) == 0
    assert environments.main(["stack"]) == 0
    assert installs(state) == 1


def test_the_same_interpreter_by_another_path_installs_nothing(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments.main(["stack"])
    monkeypatch.setattr(sys, "executable", "/another/path/to/python3")
    environments.main(["stack"])
    assert installs(state) == 1


def test_another_lock_installs_again(state: Path) -> None:
    environments.main(["stack"])
    (state.parent / "requirements" / "stack.txt").write_text("# changed\n")
    environments.main(["stack"])
    assert installs(state) == 2


def test_another_interpreter_is_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = environments.identity(b"lock")
    monkeypatch.setattr(sys, "base_prefix", "/opt/another")
    assert environments.identity(b"lock") != before


def test_a_renamed_checkout_installs_nothing(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments.main(["stack"])
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    state.rename(renamed / ".local")
    (tmp_path / "requirements").rename(renamed / "requirements")
    monkeypatch.setattr(environments, "ROOT", renamed)
    monkeypatch.setattr(environments, "STATE", renamed / ".local")
    environments.main(["stack"])
    assert installs(tmp_path / ".local") == 1


def test_a_failed_installation_leaves_no_environment(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIL_INSTALL", "dns error: failed to lookup address information")
    assert environments.main(["stack"]) == 1
    assert not (state / "venvs" / "stack").exists()
    assert "make: The package index cannot be reached." in capsys.readouterr().err
    monkeypatch.delenv("FAIL_INSTALL")
    assert environments.main(["stack"]) == 0


def test_a_failed_update_keeps_the_old_environment(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments.main(["stack"])
    (state.parent / "requirements" / "stack.txt").write_text("# changed\n")
    monkeypatch.setenv("FAIL_INSTALL", "no route to host")
    assert environments.main(["stack"]) == 1
    assert (state / "venvs" / "stack" / "bin" / "python").exists()


@pytest.fixture
def running_stack(state: Path) -> Iterator[Process]:
    """A process on the environment that holds a stack's data."""
    environments.main(["emulator"])
    python = state / "venvs" / "emulator" / "bin" / "python"
    service = BackgroundProcess("emulator", state)
    process = service.start(
        python, ["-c", "import time; time.sleep(60)"], {}, state / "logs" / "emulator.log", version="v1"
    )
    yield process
    stop(process, timeout=0.0)


@pytest.mark.usefixtures("running_stack")
def test_the_environment_under_a_running_stack_is_replaced_only_when_asked(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (state.parent / "requirements" / "emulator.txt").write_text("# changed\n")

    assert environments.main(["emulator"]) == 1
    assert "FORCE=1" in capsys.readouterr().err
    assert installs(state) == 1
    monkeypatch.setenv("FORCE", "1")
    assert environments.main(["emulator"]) == 0
    assert installs(state) == 2


def test_a_path_with_a_colon_is_refused_in_one_sentence() -> None:
    with pytest.raises(SetupError, match="contains ':'"):
        environments.check_folder(Path("/home/me/a:b"))


def test_a_checkout_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(environments, "STATE", tmp_path / "file" / ".local")
    assert environments.main([]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_it_needs_nothing_but_the_standard_library() -> None:
    program = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        "import sys; sys.path.insert(0, '.'); import local.environments, local.stopping",
    ]
    done = subprocess.run(program, cwd=environments.ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
