"""The API keeps what docs/openapi.json says of it, as Schemathesis tries it over HTTP: valid, invalid, in sequences.

What it is asked to check, and what not and why, stands in schemathesis.toml. To repeat a failure, run what the test
prints against a stack that stays up (make up).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from local.environments import ROOT
from tests.conftest import LocalStack
from tests.e2e.tokens import READ, WRITE

HERE: Final = Path(__file__).parent
LONGEST_SECONDS: Final = 300
# Fewer would mean that a phase, or the greater part of the operations, was passed over.
FEWEST_CASES: Final = 500


def run(report: Path, api: str, token: str, document: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run Schemathesis in a process of its own.

    Args:
        report: Where it shall write its findings.
        api: The API's address.
        token: May read and write.
        document: What the API shall keep.

    Returns:
        The process, and the findings.
    """
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [
        program,
        "--no-color",
        "--config-file",
        str(HERE / "schemathesis.toml"),
        "run",
        str(document),
        "--url",
        api,
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "ACCESS_TOKEN": token,
        "SCHEMATHESIS_HOOKS": "tests.integration.openapi.hooks",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [*command, "--report", "json", "--report-json-path", str(report)],
        env=environment, cwd=report.parent, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS,
    )  # fmt: skip
    findings: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
    return done, findings


@pytest.fixture(scope="module")
def ran(
    local_stack: LocalStack, machine_token: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report = tmp_path_factory.mktemp("schemathesis") / "report.json"
    return run(report, local_stack.outputs["ApiEndpoint"], machine_token(READ, WRITE), ROOT / "docs" / "openapi.json")


def test_the_api_keeps_its_description(ran: tuple[subprocess.CompletedProcess[str], dict[str, Any]]) -> None:
    done, findings = ran
    assert done.returncode == 0, done.stdout + done.stderr
    assert findings["errors"] == findings["failures"] == []


def test_every_phase_ran_on_every_operation(ran: tuple[subprocess.CompletedProcess[str], dict[str, Any]]) -> None:
    _, findings = ran
    assert {name: phase["status"] for name, phase in findings["phases"].items()} == dict.fromkeys(
        ("examples", "coverage", "fuzzing", "stateful"), "success"
    )
    assert findings["operations"]["tested"] == findings["operations"]["total"] == 5
    assert findings["test_cases"]["generated"] > FEWEST_CASES


def test_its_valid_requests_are_carried_out(ran: tuple[subprocess.CompletedProcess[str], dict[str, Any]]) -> None:
    """Were most of them answered 404 or 409, little would be proved."""
    _, findings = ran
    for operation, phases in findings["valid_rates"].items():
        assert sum(phase["accepted"] for phase in phases.values()) >= 10, (operation, phases)
