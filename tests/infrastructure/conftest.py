"""The template as written, as SAM transforms it, and as it is built."""

from pathlib import Path
from typing import Any

import pytest

from local import deployment, tables
from local.home import StackHome

Template = dict[str, Any]


@pytest.fixture(scope="session")
def template() -> Template:
    """template.yml as plain data."""
    return tables.load_template()


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
