"""The API conforms to docs/openapi.json. Schemathesis tries valid and invalid requests and sequences over HTTP.

schemathesis.toml lists what it checks, what it does not, and why. To repeat a failure, run the command that the test
prints against a running stack (make up).
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
# Fewer requests mean that a phase or most of the operations were skipped.
FEWEST_CASES: Final = 500


def run(report: Path, api: str, token: str, document: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run Schemathesis in a process of its own.

    Args:
        report: The file for its findings.
        api: The API's address.
        token: An access token with both scopes.
        document: The API's description.

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


def test_the_api_conforms_to_its_description(ran: tuple[subprocess.CompletedProcess[str], dict[str, Any]]) -> None:
    done, findings = ran
    assert done.returncode == 0, done.stdout + done.stderr
    assert findings["errors"] == findings["failures"] == []


def test_every_phase_ran_on_every_operation(ran: tuple[subprocess.CompletedProcess[str], dict[str, Any]]) -> None:
    _, findings = ran
    assert {name: phase["status"] for name, phase in findings["phases"].items()} == dict.fromkeys(
        ("examples", "coverage", "fuzzing", "stateful"), "success"
    )
    assert findings["operations"]["tested"] == findings["operations"]["total"] == 7
    assert findings["test_cases"]["generated"] > FEWEST_CASES


def test_its_valid_requests_succeed(ran: tuple[subprocess.CompletedProcess[str], dict[str, Any]]) -> None:
    """If most of them got 404 or 409, the test would prove little."""
    _, findings = ran
    for operation, phases in findings["valid_rates"].items():
        assert sum(phase["accepted"] for phase in phases.values()) >= 10, (operation, phases)
