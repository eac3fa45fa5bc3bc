"""SECURITY.md gives a reason for every finding that the scanners skip."""

import tomllib

import yaml

from local.environments import ROOT
from tests.unit.docs.pages import Page, names

CHECKOV = yaml.safe_load((ROOT / ".checkov.yaml").read_text())
BANDIT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["bandit"]
SCANNED_BY_BANDIT = (
    "shared",
    "events",
    "commands",
    "projections",
    "publisher",
    "queries",
    "local",
    "operations",
    "benchmarks",
)
ROWS = Page(ROOT / "SECURITY.md").table("Accepted findings", "Finding")


def listed(tool: str) -> list[str]:
    return [name for row in ROWS if row[1] == tool for name in names(row[0])]


def test_each_waiver_has_a_reason_and_each_reason_a_waiver() -> None:
    assert sorted(listed("checkov")) == sorted(CHECKOV["skip-check"])
    assert sorted(listed("bandit")) == sorted(BANDIT["skips"])
    assert all(len(row[3]) > 20 for row in ROWS)


def test_make_check_runs_both_scanners_without_a_network() -> None:
    makefile = (ROOT / "Makefile").read_text()

    assert "$(AUDIT)/bandit" in makefile
    assert "$(OFFLINE) $(AUDIT)/checkov --config-file .checkov.yaml" in makefile
    assert CHECKOV["skip-download"] is True


def test_no_waiver_hides_in_the_code() -> None:
    sources = [path for folder in SCANNED_BY_BANDIT for path in (ROOT / folder).rglob("*.py")]

    assert len(sources) > 100
    assert [path.name for path in sources if "# nosec" in path.read_text()] == []
    assert "checkov:skip" not in (ROOT / "template.yml").read_text()
