"""The packages contain only sources and everything that they import, and nothing twice."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from local.environments import ROOT

FUNCTIONS = [
    "AnswerPreflight",
    "CreateCustomer",
    "CreateCustomerPreTraffic",
    "EraseCustomer",
    "EraseSyntheticCustomer",
    "FinishErasures",
    "GetAllCustomers",
    "GetCustomer",
    "GetStatistics",
    "ProjectCustomers",
    "PublishEvents",
    "RebuildControl",
    "RebuildSegment",
    "SearchCustomers",
    "ShowDocs",
    "UpdateCustomer",
    "VerifySegment",
    "WelcomeCustomers",
]
# Packages in Lambda's Python runtimes: "boto3 and botocore" and their dependencies (Lambda docs, "Python").
RUNTIME = ["boto3", "botocore", "s3transfer", "dateutil", "six", "urllib3"]


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of Lambda's runtime and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        spec = find_spec(name)
        assert spec
        assert spec.origin
        source = Path(spec.origin)
        source = source.parent if source.name == "__init__.py" else source
        (folder / source.name).symlink_to(source)
    return folder


def test_the_list_of_functions_is_complete(functions: dict[str, Any]) -> None:
    assert sorted(functions) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_needs_only_its_package_the_layer_and_the_runtime(
    built: Path, runtime: Path, functions: dict[str, Any], function: str
) -> None:
    module = functions[function]["Handler"].rpartition(".")[0]
    paths = [str(built / function), str(built / "Dependencies/python"), str(runtime)]
    code = f"import sys; sys.path[:0] = {paths!r}; import {module}; print({module.split('.', maxsplit=1)[0]}.__file__)"
    variables = functions[function].get("Environment", {}).get("Variables", {})

    process = subprocess.run(
        [sys.executable, "-I", "-S", "-X", f"pycache_prefix={runtime / 'compiled'}", "-c", code],
        env=dict.fromkeys(variables, "1") | {"STAGE": "local", "AWS_DEFAULT_REGION": "us-east-1", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith(str(built / function))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_package_contains_only_sources(built: Path, function: str) -> None:
    files = [path for path in (built / function).rglob("*") if path.is_file()]

    # The documentation also has pages.
    pages = {".html", ".js", ".css", ".svg", ".json", ".md"} if function == "ShowDocs" else set()
    assert {path.suffix for path in files} == {".py"} | pages
    # A rebuild is no request: nobody waits for its cold start.
    most = 352 if function in {"RebuildControl", "RebuildSegment", "VerifySegment"} else 304
    assert sum(path.stat().st_size for path in files if path.suffix == ".py") < most * 1024


@pytest.mark.parametrize(
    ("function", "unused"),
    [
        ("CreateCustomer", "projections"),
        ("ProjectCustomers", "commands"),
        ("GetCustomer", "commands"),
        ("PublishEvents", "projections"),
    ],
)
def test_a_package_lacks_folders_that_its_function_does_not_use(built: Path, function: str, unused: str) -> None:
    assert not (built / function / unused).exists()
    assert not (built / function / "local").exists()


def test_the_layer_is_small_and_lacks_the_packages_of_the_runtime(built: Path) -> None:
    layer = built / "Dependencies/python"

    assert {"pydantic", "aws_lambda_powertools", "aws_xray_sdk"} <= {path.name for path in layer.iterdir()}
    assert not [name for name in RUNTIME if (layer / name).exists()]
    assert sum(path.stat().st_size for path in layer.rglob("*") if path.is_file()) < 20 * 1024 * 1024


def test_no_lock_file_contains_an_address() -> None:
    locks = [*(ROOT / "requirements").glob("*.txt"), ROOT / "shared/layer/requirements.txt"]

    assert len(locks) >= 5
    for lock in locks:
        assert "://" not in lock.read_text(), lock.name
        assert "--hash=sha256:" in lock.read_text(), lock.name
