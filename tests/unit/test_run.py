"""`make test` fails if either part fails, and leaves no process behind."""

import os
import sys
import time
from pathlib import Path

import pytest

from tests import run


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "LOG", tmp_path / "simulation.log")
    return tmp_path / "simulation.log"


@pytest.mark.parametrize(("simulation", "others", "status"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (5, 2, 1)])
def test_either_part_can_fail(simulation: int, others: int, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SIMULATION", python(f"raise SystemExit({simulation})"))
    monkeypatch.setattr(run, "OTHERS", python(f"raise SystemExit({others})"))

    assert run.main() == status


def test_what_the_simulation_reported_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "SIMULATION", python("print('300 seeds')"))
    monkeypatch.setattr(run, "OTHERS", python(""))

    run.main()

    assert "300 seeds" in capsys.readouterr().out


def test_an_interruption_ends_the_simulation_with_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "pid"
    sleep = "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])"
    code = f"import subprocess, sys; {sleep}; open({str(child)!r}, 'w').write(str(p.pid)); p.wait()"
    monkeypatch.setattr(run, "SIMULATION", python(code))

    def interrupted(*_: object, **__: object) -> None:
        while not child.exists() or not child.read_text():
            time.sleep(0.02)
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.main()

    pid = int(child.read_text())
    for _ in range(200):
        if not _is_running(pid):
            return
        time.sleep(0.02)
    raise AssertionError("a process of the simulation was left behind")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
