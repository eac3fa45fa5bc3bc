"""The page of make targets lists those of the Makefile, and no page names another."""

import re

import pytest

from local.environments import ROOT
from tests.unit.docs.pages import MAKE_TARGETS, PAGES, Page, names

MAKEFILE = (ROOT / "Makefile").read_text()
MAKE = re.compile(r"\bmake +(?:-s +|--silent +)?([a-z][a-z-]*)")


def test_the_page_has_every_documented_target() -> None:
    documented = re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE)
    listed = [name for row in MAKE_TARGETS.table("Make targets", "Command") for name in names(row[0])]

    assert sorted(MAKE.findall(" ".join(listed))) == sorted(documented)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_target_named_anywhere_exists(page: Page) -> None:
    targets = re.findall(r"^([a-zA-Z-]+):", MAKEFILE, re.MULTILINE)
    named = [
        target for code in (*page.spans, *page.fences("sh"), *page.fences("console")) for target in MAKE.findall(code)
    ]

    assert set(named) <= set(targets)
