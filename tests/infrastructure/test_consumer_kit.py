"""The consumer kit can be installed by another project, and needs nothing of this one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.environments import ROOT, bin_of


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that has the kit, and its interpreter."""
    folder = tmp_path_factory.mktemp("kit")
    shutil.copytree(ROOT / "consumer_kit", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    uv = bin_of("uv") / "uv"
    run(uv, "venv", "--quiet", "--python", sys.executable, "environment", cwd=folder)
    run(uv, "pip", "install", "--quiet", "--python", "environment/bin/python", "./source", cwd=folder)
    return folder / "environment/bin/python"


def test_it_imports_in_an_environment_that_has_nothing_else(installed: Path, tmp_path: Path) -> None:
    code = "import consumer_kit, consumer_kit.testing; print(consumer_kit.__file__, *consumer_kit.__all__)"
    file, *names = run(installed, "-I", "-c", code, cwd=tmp_path).split()

    assert Path(file).is_relative_to(installed.parents[1])
    assert "Consumer" in names
    assert (Path(file).parent / "py.typed").is_file()
    packages = run(bin_of("uv") / "uv", "pip", "list", "--quiet", "--python", installed, cwd=tmp_path)
    assert [line.split()[0] for line in packages.splitlines()[2:]] == ["customers-consumer-kit"]


def test_its_command_line_says_what_it_can(installed: Path, tmp_path: Path) -> None:
    said = run(installed, "-I", "-m", "consumer_kit", "--help", cwd=tmp_path)

    for command in ("waiting", "dead-letters", "redrive"):
        assert command in said
