"""Another project can install the consumer kit, which needs nothing else of this project."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from consumer_kit import __version__
from local.environments import ROOT, bin_of


def run(*command: str | Path, cwd: Path) -> str:
    process = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that has only the kit."""
    folder = tmp_path_factory.mktemp("kit")
    shutil.copytree(ROOT / "consumer_kit", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    uv = bin_of("uv") / "uv"
    run(uv, "venv", "--quiet", "--python", sys.executable, "environment", cwd=folder)
    run(uv, "pip", "install", "--quiet", "--python", "environment/bin/python", "./source", cwd=folder)
    return folder / "environment/bin/python"


def test_the_kit_can_be_imported_without_other_packages(installed: Path, tmp_path: Path) -> None:
    code = "import consumer_kit, consumer_kit.testing; print(consumer_kit.__file__, *consumer_kit.__all__)"
    file, *names = run(installed, "-I", "-c", code, cwd=tmp_path).split()

    assert Path(file).is_relative_to(installed.parents[1])
    assert "Consumer" in names
    assert (Path(file).parent / "py.typed").is_file()
    packages = run(bin_of("uv") / "uv", "pip", "list", "--quiet", "--python", installed, cwd=tmp_path)
    assert [line.split()[0] for line in packages.splitlines()[2:]] == ["customers-consumer-kit"]


def test_the_help_of_the_command_line_lists_the_commands(installed: Path, tmp_path: Path) -> None:
    help_text = run(installed, "-I", "-m", "consumer_kit", "--help", cwd=tmp_path)

    for command in ("waiting", "dead-letters", "redrive"):
        assert command in help_text


def test_the_installed_version_is_the_one_that_the_command_line_prints(installed: Path, tmp_path: Path) -> None:
    packages = run(bin_of("uv") / "uv", "pip", "list", "--quiet", "--python", installed, cwd=tmp_path)

    assert run(installed, "-I", "-m", "consumer_kit", "--version", cwd=tmp_path) == f"consumer_kit {__version__}\n"
    assert packages.splitlines()[2].split() == ["customers-consumer-kit", __version__]


def test_a_command_without_boto3_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    command = [str(installed), "-I", "-m", "consumer_kit", "waiting", "--table", "welcome"]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    sentence = 'consumer_kit: boto3 is missing. Install the kit with its extra "aws", or boto3 itself.\n'
    assert (process.returncode, process.stdout, process.stderr) == (2, "", sentence)
