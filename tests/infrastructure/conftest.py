"""The template as written, as SAM transforms it, and as it is built."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from local import deployment
from local.environments import bin_of
from local.home import StackHome
from local.template import load_template

Template = dict[str, Any]


@pytest.fixture(scope="session")
def template() -> Template:
    """template.yml as plain data."""
    return load_template()


@pytest.fixture(scope="session")
def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Each function's properties by its logical id."""
    resources = template["Resources"].items()
    return {name: each["Properties"] for name, each in resources if each["Type"] == "AWS::Serverless::Function"}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sam build` makes for this machine's Python: one folder for each function, and the layer's."""
    home = StackHome(tmp_path_factory.mktemp("build"), port=0)
    deployment.build(home)
    return home.build


@cache
def transformed(stage: str, gradual: str) -> Template:
    """template.yml as SAM makes CloudFormation's of it."""
    program = [str(bin_of("sam") / "python"), str(Path(__file__).with_name("transform.py"))]
    parameters = [f"Stage={stage}", f"GradualDeployment={gradual}"]
    done = subprocess.run(
        [*program, str(deployment.TEMPLATE), *parameters],
        env={"AWS_DEFAULT_REGION": "eu-west-1", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return cast("Template", json.loads(done.stdout))


@pytest.fixture(scope="session")
def production() -> Template:
    """What is deployed to production, gradually."""
    return transformed("production", "true")
