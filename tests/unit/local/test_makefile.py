"""make on odd machines: any path, any value, a reader that stops reading, and the user's own Python settings."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.environments import ROOT, STATE

MAKE = shutil.which("make") or "make"
ODD = 'it\'s $HOME & [b] "q" \\ ;x'
# The stub prints its arguments, one a line.
PRINT = '#!/bin/sh\nfor each in "$@"; do printf \'%s\\n\' "$each"; done\n'


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what an outer make or pytest sets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTEST_"))}
    return {**kept, **more}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefiles in a folder with an odd name, with stubs for the programs that they start."""
    root = tmp_path / ODD
    for name in ("Makefile", "local/python.sh", "shared/layer/Makefile", "shared/layer/requirements.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for program in (".local/venvs/stack/bin/python", ".local/venvs/uv/bin/uv"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        (root / program).write_text(PRINT)
        (root / program).chmod(0o755)
    return root


def make(checkout: Path, *arguments: str, folder: str = ".", **more: str) -> str:
    command = [MAKE, "--silent", "-C", str(checkout / folder), *arguments]
    done = subprocess.run(command, env=clean_environment(**more), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", ["STACK_HOME", "PORT", "SCOPE", "FUNCTION", "TRACE", "FOLLOW"])
def test_a_value_reaches_the_program_as_it_was_given(checkout: Path, name: str) -> None:
    target = {"SCOPE": "token", "PORT": "up", "STACK_HOME": "status"}.get(name, "logs")
    assert ODD in make(checkout, target, f"{name}={ODD}", "PYTHON=true").splitlines()


def test_the_layer_is_built_in_a_path_with_any_character(checkout: Path) -> None:
    target = checkout / "artifacts"
    target.mkdir()
    uv = str(checkout / ".local" / "venvs" / "uv" / "bin" / "uv")

    arguments = make(checkout, "build-Dependencies", folder="shared/layer", ARTIFACTS_DIR=str(target), UV=uv)

    assert str(target / "python") in arguments.splitlines()


def test_a_function_is_bundled_in_a_path_with_any_character(checkout: Path) -> None:
    target = checkout / "artifacts"
    target.mkdir()
    for name in ("shared/__init__.py", "events/a.py", "commands/b/c.py", "commands/b/not.txt", "shared/layer/d.py"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("")

    make(checkout, "build-CreateCustomer", ARTIFACTS_DIR=str(target))

    found = sorted(str(file.relative_to(target)) for file in target.rglob("*") if file.is_file())
    assert found == ["commands/b/c.py", "events/a.py", "shared/__init__.py"]


@pytest.mark.parametrize("reachable", [True, False])
def test_the_layer_is_built_from_uvs_cache_first_and_without_the_network(checkout: Path, *, reachable: bool) -> None:
    # uv that has what it needs in its cache, and one that lacks something.
    log, target = checkout / "log", checkout / "artifacts"
    target.mkdir()
    uv = checkout / ".local" / "venvs" / "uv" / "bin" / "uv"
    fails = "" if reachable else 'test -z "$UV_OFFLINE" || exit 2'
    uv.write_text(f'#!/bin/sh\necho "offline=$UV_OFFLINE" >>"$LOG"\n{fails}\n')

    make(checkout, "build-Dependencies", folder="shared/layer", ARTIFACTS_DIR=str(target), UV=str(uv), LOG=str(log))

    assert log.read_text().split() == (["offline=1"] if reachable else ["offline=1", "offline="])


def test_the_users_python_settings_reach_no_program(checkout: Path) -> None:
    program = checkout / ".local" / "venvs" / "stack" / "bin" / "python"
    program.write_text('#!/bin/sh\necho "[$PYTHONWARNINGS$PYTHONPATH$PYTHONHOME$PYTHONSAFEPATH]"\n')
    settings = {"PYTHONWARNINGS": "error", "PYTHONPATH": "/x", "PYTHONSAFEPATH": "1"}

    assert make(checkout, "status", "PYTHON=true", **settings) == "[]\n"


def test_make_up_needs_no_tools_of_tests_and_checks() -> None:
    makefile = (ROOT / "Makefile").read_text()
    [needed] = re.findall(r"^up:.*\n\t\$\(call need,(.*)\)", makefile, re.MULTILINE)
    assert needed.split() == ["stack", "sam", "emulator"]


def test_make_down_and_clean_work_with_a_broken_environment(checkout: Path) -> None:
    shutil.copytree(ROOT / "local", checkout / "local", dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.pyc"))
    for name in ("stack", "dev", "emulator"):
        broken = checkout / ".local" / "venvs" / name / "bin" / "python"
        broken.parent.mkdir(parents=True, exist_ok=True)
        broken.write_text("#!/bin/sh\nexit 1\n")
        broken.chmod(0o755)

    assert "Nothing was running" in make(checkout, "down", f"PYTHON={sys.executable}")
    make(checkout, "clean", f"PYTHON={sys.executable}")
    assert not (checkout / ".local").exists()


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "local", "status", "--home", str(tmp_path)]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as status:
        assert status.stdout is not None
        status.stdout.close()  # before the first line
        _, error = status.communicate()
    assert error == ""
    assert status.returncode == 0


def test_no_environment_of_the_checkout_is_named_in_its_scripts() -> None:
    # A renamed checkout goes on with its environments: their scripts find their Python beside themselves.
    for script in (STATE / "venvs").glob("sam/bin/sam"):
        assert str(ROOT) not in script.read_text()
