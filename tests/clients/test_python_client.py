"""openapi-python-client generates a client that is complete, passes mypy, and works on the local stack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.environments import ROOT, bin_of
from tests.clients.conftest import Desk, blocks

DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
# client.py is the same for every API, and not strict.
MYPY = f"""[mypy]
strict = true
warn_unused_ignores = false
python_executable = {bin_of("clients") / "python"}
[mypy-customers_client.client]
ignore_errors = true
"""


@pytest.fixture(scope="module")
def generated(desk: Desk) -> Desk:
    """The folder with the generated package and the guide's program, and what the generator printed."""
    [generate], [program] = blocks("Python"), blocks("Python", "python")
    desk.write("generator.log", desk.succeed(generate))
    desk.write("create_customer.py", program)
    return desk


def test_the_generator_leaves_nothing_out(generated: Desk) -> None:
    assert "WARNING" not in (generated.folder / "generator.log").read_text()


def test_every_error_of_every_operation_has_a_class(generated: Desk) -> None:
    script = Path(__file__).with_name("parse_problems.py")
    lines = generated.succeed(f"python '{script}'", PYTHONPATH=".").splitlines()

    parsed = {tuple(line.split()) for line in lines}
    assert ("503", "Unavailable") in parsed
    assert {name for _, name in parsed} == DOCUMENT["components"]["examples"].keys()


def test_client_and_program_pass_mypy(generated: Desk) -> None:
    generated.write("mypy.ini", MYPY)
    done = subprocess.run([sys.executable, "-m", "mypy", "customers_client", "create_customer.py"],
                          cwd=generated.folder, capture_output=True, text=True, check=False)  # fmt: skip

    assert done.returncode == 0, done.stdout


def test_the_program_creates_reads_and_erases_a_customer(generated: Desk, signed_in: dict[str, str]) -> None:
    output = generated.succeed("python create_customer.py", **signed_in)

    assert "created and read" in output
    assert "erased: 204" in output
