"""Which Python make uses, on machines of many kinds. The Pythons and uv are stubs on a PATH of their own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.environments import ROOT

SH = shutil.which("sh") or "/bin/sh"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "local").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / ".local").mkdir()
    shutil.copy(ROOT / "local" / "python.sh", tmp_path / "local")
    for program in ("cat", "sh"):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program) or program)
    return tmp_path


def add_python(checkout: Path, name: str, version: tuple[int, int], pip: str = "exit 1") -> Path:
    """A program that answers the two questions which python.sh asks, and runs pip."""
    program = checkout / "bin" / name
    old, late = version < (3, 11), version >= (3, 15)
    program.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *"< (3, 11)"*) exit {int(old)};; *">= (3, 15)"*) exit {int(late)};; "-m pip --version") {pip};;'
        ' *"pip install"*) mkdir -p .local/uv-for-python/bin; cp uv-stub .local/uv-for-python/bin/uv;; esac\n'
    )
    program.chmod(0o755)
    return program


def add_uv(checkout: Path, where: str) -> None:
    uv = checkout / where
    uv.write_text(
        '#!/bin/sh\nbin=$(dirname "$0"); [ "$2" = install ] && touch installed && exit\n'
        "[ -e installed ] && echo python-of-uv || exit 1\n"
    )
    uv.chmod(0o755)


def choose(checkout: Path, chosen: str = "") -> "subprocess.CompletedProcess[str]":
    env = {"PATH": str(checkout / "bin"), "HOME": str(checkout)}
    for program in ("mkdir", "cp", "touch", "dirname"):
        if not (checkout / "bin" / program).exists():
            (checkout / "bin" / program).symlink_to(shutil.which(program) or program)
    return subprocess.run(
        [SH, "local/python.sh", chosen], cwd=checkout, env=env, capture_output=True, text=True, check=False
    )


def test_python3_is_used_if_it_is_new_enough(checkout: Path) -> None:
    add_python(checkout, "python3", (3, 12))
    assert choose(checkout).stdout == "python3\n"


@pytest.mark.parametrize("version", [(3, 9), (3, 15)])
def test_another_python_is_used_if_python3_is_too_old_or_too_new(checkout: Path, version: tuple[int, int]) -> None:
    add_python(checkout, "python3", version)
    add_python(checkout, "python3.11", (3, 11))
    add_python(checkout, "python3.13", (3, 13))
    assert choose(checkout).stdout == "python3.13\n"


def test_a_shell_with_another_python3_goes_on_with_the_installed_one(checkout: Path) -> None:
    installed = add_python(checkout, "python-of-yesterday", (3, 11))
    (checkout / ".local" / "python").write_text(str(installed))
    add_python(checkout, "python3", (3, 13))
    assert choose(checkout).stdout == f"{installed}\n"
    installed.unlink()
    assert choose(checkout).stdout == "python3\n"


def test_a_chosen_python_goes_before_all(checkout: Path) -> None:
    (checkout / ".local" / "python").write_text(str(add_python(checkout, "python-of-yesterday", (3, 11))))
    add_python(checkout, "mine", (3, 14))
    assert choose(checkout, "mine").stdout == "mine\n"


def test_a_chosen_python_that_is_too_old_is_refused(checkout: Path) -> None:
    add_python(checkout, "mine", (3, 9))
    add_python(checkout, "python3", (3, 12))
    done = choose(checkout, "mine")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Python 3.11 or later is required; mine is missing or too old." in done.stderr


def test_uv_brings_a_python_where_there_is_none(checkout: Path) -> None:
    add_python(checkout, "python-of-uv", (3, 13))
    add_uv(checkout, "bin/uv")
    assert choose(checkout).stdout == "python-of-uv\n"


def test_an_old_pythons_pip_brings_uv(checkout: Path) -> None:
    add_python(checkout, "python3", (3, 8), pip="exit 0")
    add_python(checkout, "python-of-uv", (3, 13))
    add_uv(checkout, "uv-stub")
    assert choose(checkout).stdout == "python-of-uv\n"


def test_without_any_way_to_a_python_there_is_one_sentence(checkout: Path) -> None:
    add_python(checkout, "python3", (3, 9))
    done = choose(checkout)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "PYTHON=/path/to/python3" in done.stderr


def test_the_users_warnings_do_not_matter(checkout: Path) -> None:
    add_python(checkout, "python3", (3, 12))
    (checkout / "bin" / "python3").write_text('#!/bin/sh\ntest -z "$PYTHONWARNINGS$PYTHONHOME"\n')
    env = {"PATH": str(checkout / "bin"), "PYTHONWARNINGS": "error", "PYTHONHOME": os.sep}
    done = subprocess.run(
        [SH, "local/python.sh", ""], cwd=checkout, env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout == "python3\n"
