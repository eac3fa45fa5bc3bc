"""The template as written, as transformed by SAM, and as built."""

from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from local import deployment
from local.home import StackHome
from local.template import load_template, with_own_event_table
from tests.infrastructure import sam
from tests.infrastructure.sam import Deployment

Template = dict[str, Any]


@pytest.fixture(scope="session")
def template() -> Template:
    """template.yml as plain data, for a stack with an event table of its own."""
    return cast("Template", with_own_event_table(load_template()))


@pytest.fixture(scope="session")
def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Logical id of each function -> its properties."""
    resources = template["Resources"].items()
    return {
        name: resource["Properties"] for name, resource in resources if resource["Type"] == "AWS::Serverless::Function"
    }


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of `sam build` for this machine's Python: a folder for each function and one for the layer."""
    home = StackHome(tmp_path_factory.mktemp("build"), port=0)
    deployment.build(home)
    return home.build


@cache
def transformed(stage: str, gradual: str) -> Template:
    """Return template.yml after SAM's transformation."""
    [found] = sam.transformed([Deployment(parameters={"Stage": stage, "GradualDeployment": gradual})])
    return cast("Template", with_own_event_table(found))


@pytest.fixture(scope="session")
def production() -> Template:
    """The transformed template for a gradual deployment to production."""
    return transformed("production", "true")
