"""The synthesised stack of the pipeline, created once for all tests."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import environments
from local.environments import ROOT
from pipeline.customers_pipeline.application import Application

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def application() -> Application:
    """What the pipeline reads in template.yml."""
    return Application.read()


@pytest.fixture(scope="session")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a subfolder for each variant of `synthesise.py`."""
    python = environments.bin_of("pipeline") / "python"
    if not python.exists():
        pytest.fail("the CDK is not installed: run make pipeline-synth once to install it")
    folder = tmp_path_factory.mktemp("synthesised")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CDK_", "JSII_"))}
    process = subprocess.run(
        [str(python), "-m", "tests.infrastructure.pipeline.synthesise", str(folder)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return folder


PIPELINE = "CustomersApiPipeline"
STAGES = ("Staging", "Production")


def template_in(folder: Path, stack: str = PIPELINE) -> Template:
    found: Template = json.loads((folder / f"{stack}.template.json").read_text())
    return found


@pytest.fixture(scope="session")
def stack(synthesised: Path) -> Template:
    """The pipeline's stack with default options."""
    return template_in(synthesised / "plain")


@pytest.fixture(scope="session")
def connected(synthesised: Path) -> Template:
    """The pipeline's stack with an existing connection."""
    return template_in(synthesised / "with_connection")


@pytest.fixture(scope="session")
def tokened(synthesised: Path) -> Template:
    """The pipeline's stack with the token instead of a connection."""
    return template_in(synthesised / "with_token")


@pytest.fixture(scope="session")
def access(synthesised: Path) -> dict[str, Template]:
    """Stage -> the stack with its roles, boundaries and key."""
    return {stage: template_in(synthesised / "plain", f"{PIPELINE}{stage}") for stage in STAGES}


@pytest.fixture(scope="session")
def accounts(synthesised: Path) -> dict[str, Template]:
    """The stacks of a pipeline whose stages have accounts of their own; the pipeline's under the name Pipeline."""
    folder = synthesised / "with_accounts"
    return {"Pipeline": template_in(folder)} | {stage: template_in(folder, f"{PIPELINE}{stage}") for stage in STAGES}


@pytest.fixture(scope="session")
def resources(stack: Template) -> Resources:
    """Logical id -> resource of the pipeline's stack."""
    found: Resources = stack["Resources"]
    return found


def roles_in(template: Template) -> Resources:
    """Logical id of each role -> its properties, with the stack's managed policies of the role in `Attached`."""
    resources: Resources = template["Resources"]
    found = {name: dict(each["Properties"]) for name, each in resources.items() if each["Type"] == "AWS::IAM::Role"}
    for each in resources.values():
        for role in each["Properties"].get("Roles", []) if each["Type"] == "AWS::IAM::ManagedPolicy" else []:
            found[role["Ref"]]["Attached"] = [*found[role["Ref"]].get("Attached", []), each["Properties"]]
    return found


@pytest.fixture(scope="session")
def roles(stack: Template, access: dict[str, Template]) -> Resources:
    """Name of each role in the app -> its properties."""
    found = {name: role for each in (stack, *access.values()) for name, role in roles_in(each).items()}
    names = ("BuildRole", "SealRole", "InspectRole", "EndToEndRole", "PipelineRole", "ProductionDeployment",
             "StagingDeployment")  # fmt: skip
    return {short: properties for name, properties in found.items() for short in names if name.startswith(short)}
