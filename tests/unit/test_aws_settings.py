"""Nothing reads AWS settings when it is imported: neither a tool's `--help` nor a function's module."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.environments import ROOT
from local.template import load_template

TOOLS = ["operations", "local", "local.event_source_mapping", "consumer_kit", "scaffold", "tests.simulation"]
HANDLERS = sorted(
    {
        resource["Properties"]["Handler"].rpartition(".")[0]
        for resource in load_template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
)


@pytest.fixture(params=["an unknown profile", "a malformed file"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """An environment in which every attempt to read AWS settings fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    if request.param == "an unknown profile":
        return {**kept, "AWS_PROFILE": "no-such-profile", "AWS_CONFIG_FILE": os.devnull}
    malformed = tmp_path / "config"
    malformed.write_text("[[profile\nx")
    return {**kept, "AWS_CONFIG_FILE": str(malformed), "AWS_SHARED_CREDENTIALS_FILE": str(malformed)}


def test_the_settings_of_these_tests_do_fail(settings: dict[str, str]) -> None:
    reads = "import boto3; boto3.client('sqs', region_name='eu-west-1')"
    assert subprocess.run([sys.executable, "-c", reads], env=settings, capture_output=True, check=False).returncode


def test_every_tool_shows_its_help(settings: dict[str, str]) -> None:
    # One process for all, because each would import the same libraries.
    program = f"""
import runpy, sys
for tool in {TOOLS}:
    sys.argv = [tool, "--help"]
    try:
        runpy.run_module(tool, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        assert not ended.code, tool
"""
    done = run("-c", program, env=settings)
    assert done.stderr == ""
    assert done.stdout.count("usage: ") == len(TOOLS)


def test_every_function_can_be_imported(settings: dict[str, str]) -> None:
    # What the template sets, and the region as Lambda does.
    template = load_template()
    functions = [each for each in template["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    places = [template["Globals"]["Function"], *(function["Properties"] for function in functions)]
    variables = {name for place in places for name in place.get("Environment", {}).get("Variables", {})}
    env = {**settings, **dict.fromkeys(variables, "1"), "AWS_DEFAULT_REGION": "eu-west-1"}
    program = "\n".join(("import os", *(f"import {module}" for module in HANDLERS)))
    done = run("-c", program, env=env)
    assert done.stderr == ""


def test_a_command_that_needs_the_settings_names_them_in_one_sentence(settings: dict[str, str]) -> None:
    done = run("-m", "operations", "status", "--stack-name", "CustomersApi", env=settings)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("customers: The AWS settings of this shell cannot be used: ")


def run(*arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run Python on the project."""
    program = [sys.executable, *arguments]
    return subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
