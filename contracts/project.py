"""What pyproject.toml says about the project, in the shapes that OpenAPI and AsyncAPI share."""

import tomllib
from typing import Any, Final

from contracts.errors import ContractError
from local.environments import ROOT

Json = dict[str, Any]

# AsyncAPI has no field for an SPDX identifier, so that a licence needs a URL there.
_LICENCES: Final = {"MIT": "https://opensource.org/license/mit"}


def project() -> Json:
    """Return the table `[project]` of pyproject.toml."""
    table: Json = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def contact() -> Json:
    """Return the contact of the API: the first of the project's maintainers.

    Raises:
        ContractError: The project names no maintainer.
    """
    maintainers = project().get("maintainers")
    if not maintainers:
        raise ContractError("The project has no contact: add maintainers to [project] in pyproject.toml.")
    return dict(maintainers[0])


def license_url() -> str:
    """Return the URL of the project's licence.

    Raises:
        ContractError: The licence has no URL here.
    """
    name = project()["license"]
    if name not in _LICENCES:
        raise ContractError(f"The licence '{name}' has no URL: add it to _LICENCES in contracts/project.py.")
    return _LICENCES[name]
