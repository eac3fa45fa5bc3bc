"""A promise without a test that holds it is a wish."""

import pytest

from local.environments import ROOT
from tests.unit.docs.pages import Page, names
from tests.unit.docs.promises import NAMED, exists

PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROMISES = Page(ROOT / "SECURITY.md").table("How the data is protected", "Promise")
REVIEW = Page(ROOT / "docs/reference/security-review.md").table("OWASP API Security Top 10 (2023)", "Risk")
VERDICTS = {"met", "met, with a limit", "accepted"}


def test_every_test_that_a_page_names_exists() -> None:
    named = {test: page for page in PAGES for test in NAMED.findall(page.read_text())}

    assert len(named) > 30
    assert [f"{page}: {test}" for test, page in named.items() if not exists(test)] == []


def test_a_name_that_is_no_test_does_not_exist() -> None:
    assert not exists("tests/unit/docs/test_promises.py::test_nothing")
    assert not exists("tests/unit/docs/test_promises.py::exists")
    assert not exists("tests/unit/docs/missing.py::test_nothing")


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: row[0][:40])
def test_every_promise_names_a_test(row: list[str]) -> None:
    assert [name for name in names(row[1]) if exists(name)]


def test_every_risk_has_a_verdict_and_evidence() -> None:
    assert [row[0].split(" ")[0] for row in REVIEW] == [f"API{number}:2023" for number in range(1, 11)]
    for risk, verdict, reason, evidence in REVIEW:
        assert verdict in VERDICTS, risk
        assert reason, risk
        assert NAMED.search(evidence) or verdict == "accepted", risk
