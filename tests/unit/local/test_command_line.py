import re
import shutil
import subprocess
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from local import outputs
from local.__main__ import COMMANDS, _home, main, parse
from local.environments import ROOT, STATE
from local.home import StackHome

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()  # type: ignore[index]


def test_help_lists_every_target_with_a_description() -> None:
    make = shutil.which("make") or "make"
    printed = subprocess.run([make, "-s", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    listed = dict(re.findall(r"^  make (\S+) +(.+)$", printed, re.MULTILINE))
    assert sorted(listed) == sorted(TARGETS)
    assert all(listed.values())


def test_every_target_is_declared_phony() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
    assert targets == set(TARGETS)


def test_every_command_has_a_make_target() -> None:
    assert set(COMMANDS) <= set(TARGETS)


def test_a_missing_python_is_reported_in_one_sentence() -> None:
    make = shutil.which("make") or "make"
    done = subprocess.run(
        [make, "-s", "-C", str(ROOT), "token", "PYTHON=no-such-python"], capture_output=True, text=True, check=False
    )
    sentences = [line for line in done.stderr.splitlines() if "***" not in line]
    assert done.returncode
    assert not done.stdout
    assert len(sentences) == 1
    assert "Python 3.11 or later is required" in sentences[0]


@pytest.mark.parametrize("command", ["token", "logs", "output", "demo"])
def test_a_command_on_a_stopped_stack_writes_its_error_to_stderr_only(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--home", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"make {command}: The local stack is not running. Start it with make up.\n"


def test_down_succeeds_when_nothing_is_running(tmp_path: Path) -> None:
    assert main(["down", "--home", str(tmp_path)]) == 0


def test_status_succeeds_when_nothing_is_running(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--home", str(tmp_path), "--port", "9"]) == 0
    assert capsys.readouterr().out.count("stopped") == 3


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """The folder of a stack whose outputs are known."""
    home = StackHome(tmp_path, 1)
    endpoints = ("ApiEndpoint", "TokenEndpoint", "AuthorizeEndpoint", "JwksUri")
    outputs.write(home, {name: f"https://{name}.example" for name in endpoints} | {"EndpointUrl": home.endpoint})
    return tmp_path


def test_an_output_is_printed_alone(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["output", "--home", str(deployed), "--name", "ApiEndpoint"]) == 0
    assert capsys.readouterr().out == "https://ApiEndpoint.example\n"


@pytest.mark.parametrize("name", ["", "apiendpoint"])
def test_an_unknown_output_is_refused_and_the_others_are_named(
    name: str, deployed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["output", "--home", str(deployed), "--name", name]) == 1
    captured = capsys.readouterr()
    assert not captured.out
    assert "NAME may be ApiEndpoint, AuthorizeEndpoint," in captured.err


def test_an_empty_value_counts_as_absent() -> None:
    arguments = parse(["up", "--home", "", "--port", ""])
    assert _home(arguments) == StackHome.at(STATE)


@pytest.mark.parametrize("port", ["http", "0", "-1", "65536", "4566.5"])
def test_an_invalid_port_is_refused_in_one_sentence(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", f"--port={port}"]) == 1
    assert "PORT may be any number from 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["rollback"], "There is no command 'rollback'. The commands are up, down,"),
        ([], "The following arguments are required: command. Run python -m local --help."),
        (["up", "--fast"], "Unrecognized arguments: --fast. Run python -m local --help."),
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m local: {sentence}")


def test_a_failing_emulator_is_reported_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:4566")

    monkeypatch.setitem(COMMANDS, "status", fail)
    assert main(["status", "--home", str(tmp_path)]) == 1
    assert "Run make down, then make up" in capsys.readouterr().err
