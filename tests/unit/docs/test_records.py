"""Decisions, changes and hooks are complete."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from local import deployment
from local.environments import ROOT
from local.home import StackHome
from tests.unit.docs.pages import DECISIONS, Page

RECORDS = sorted(DECISIONS.path.parent.glob("[0-9]*.md"))


def title(record: Path) -> str:
    found = re.match(r"# (\d{4}): (.+)\n", record.read_text())
    assert found, record
    assert found[1] == record.name[:4]
    return found[2]


def test_the_index_lists_every_decision_in_order() -> None:
    assert DECISIONS.table("Decisions", "") == [
        [f"[{record.name[:4]}]({record.name})", title(record)] for record in RECORDS
    ]


def test_no_two_decisions_have_one_number() -> None:
    numbers = [record.name[:4] for record in RECORDS]

    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_has_its_parts(record: Path) -> None:
    for part in ("Context", "Decision", "Consequences"):
        assert Page(record).section(part).strip()


def test_the_changes_begin_with_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert next(version for version in versions if version != "Unreleased") == project["version"]


def test_hooks_fetch_nothing_and_call_make() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    assert [repository["repo"] for repository in repositories] == ["local"]
    for hook in repositories[0]["hooks"]:
        make, silent, target = hook["entry"].split()
        assert (make, silent, hook["language"]) == ("make", "--silent", "system")
        assert target in targets


def test_the_names_of_the_local_stack_are_its_own() -> None:
    home = StackHome(ROOT / ".local", 4566)
    page = (ROOT / "docs/reference/local-stack.md").read_text()

    assert f"`{home.stack_name}`" in page
    for path in (home.outputs_file, home.log("emulator"), home.log("mapping"), home.mappings):
        assert f"`{path.relative_to(ROOT)}`" in page
    assert deployment.TEMPLATE == ROOT / "template.yml"
