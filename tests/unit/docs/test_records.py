"""Decisions, changes, hooks and the diagram are complete."""

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from local import deployment
from local.environments import ROOT
from local.home import StackHome
from local.template import load_template
from tests.unit.docs.pages import DECISIONS, HTTP, Page, names

RESOURCES = load_template()["Resources"]
RECORDS = sorted(DECISIONS.path.parent.glob("[0-9]*.md"))
# Shows the documentation: nothing of the flow comes by.
BESIDE_THE_FLOW = {"ShowDocs"}
SVG = ET.parse(ROOT / "images/flow.svg").getroot()


def texts(tag: str) -> list[str]:
    """What stands in the diagram's elements of one kind."""
    return ["".join(node.itertext()) for node in SVG.iter(f"{{http://www.w3.org/2000/svg}}{tag}")]


TEXTS = texts("text")


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

    assert versions[0] == project["version"]


def test_hooks_fetch_nothing_and_call_make() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    assert [repository["repo"] for repository in repositories] == ["local"]
    for hook in repositories[0]["hooks"]:
        make, silent, target = hook["entry"].split()
        assert (make, silent, hook["language"]) == ("make", "--silent", "system")
        assert target in targets


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::Serverless::Api",
        "AWS::Serverless::Function",
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::Lambda::EventSourceMapping",
        "AWS::SQS::Queue",
        "AWS::Events::EventBus",
        "AWS::Cognito::UserPool",
    ],
)
def test_the_diagram_shows_every_resource_of_the_flow(kind: str) -> None:
    resources = {name for name, resource in RESOURCES.items() if resource["Type"] == kind}

    assert resources
    assert resources - BESIDE_THE_FLOW <= set(TEXTS)


def test_the_diagram_names_nothing_that_does_not_exist() -> None:
    capitals = {text for text in TEXTS if re.fullmatch(r"([A-Z][a-z]+){2,}", text)}

    assert capitals <= set(RESOURCES)


def test_the_diagram_shows_the_tables_names_and_the_routes() -> None:
    shown = " ".join(TEXTS).replace("/customers/ {", "/customers/{")

    for table in ("EventTable", "ReadTable", "WelcomeTable"):
        assert RESOURCES[table]["Properties"]["TableName"]["Sub"].replace("${", "{") in TEXTS
    for row in HTTP.table("Routes", "Route"):
        assert not names(row[1]) or row[0].strip("`") in shown


def test_the_diagram_is_told_in_words_and_drawn_for_light_and_dark() -> None:
    functions = {name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Serverless::Function"}
    functions -= BESIDE_THE_FLOW
    [told] = texts("desc")

    assert {name for name in functions if re.search(rf"\b{name}\b", told)} == functions
    assert "prefers-color-scheme: dark" in texts("style")[0]


def test_the_names_of_the_local_stack_are_its_own() -> None:
    home = StackHome(ROOT / ".local", 4566)
    page = (ROOT / "docs/reference/local-stack.md").read_text()

    assert f"`{home.stack_name}`" in page
    for path in (home.outputs_file, home.log("emulator"), home.log("mapping"), home.mappings):
        assert f"`{path.relative_to(ROOT)}`" in page
    assert deployment.TEMPLATE == ROOT / "template.yml"
