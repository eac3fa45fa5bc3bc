"""axe-core finds nothing on the documentation's pages, light and dark, whatever is unfolded."""

from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from local.tools import axe
from tests.browser.docs_page import execute, opened, sign_in
from tests.e2e.customers import a_person
from tests.e2e.target import Target
from tests.e2e.tokens import Person

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def script() -> str:
    return axe.source()


def faults(page: Page, script: str) -> list[tuple[str, list[Any]]]:
    """What axe finds, with all of its rules: the rule and the elements."""
    # Evaluated, because the page's policy runs no script that is added to it.
    page.evaluate(script)
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]


def in_both_schemes(page: Page, script: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found[scheme] = faults(page, script)
    return found


NOTHING: dict[str, Any] = {scheme: [] for scheme in SCHEMES}


def test_the_page_with_everything_unfolded_and_with_answers(
    page: Page, target: Target, somebody: Person, script: str
) -> None:
    opened(page, target)
    assert in_both_schemes(page, script) == NOTHING

    sign_in(page, somebody)
    execute(page, "createCustomer", a_person())
    execute(page, "updateCustomer", {})
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert in_both_schemes(page, script) == NOTHING


@pytest.mark.parametrize("path", ["/docs/problems", "/docs/problems/invalid-fields"])
def test_the_pages_of_problems(page: Page, target: Target, script: str, path: str) -> None:
    page.goto(f"{target.api}{path}")

    assert in_both_schemes(page, script) == NOTHING


def test_the_dark_page_is_dark(page: Page, target: Target) -> None:
    backgrounds = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        opened(page, target)
        backgrounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert backgrounds[0] == "rgb(255, 255, 255)"
    assert backgrounds[1] != backgrounds[0]


def test_axe_notices_a_fault(page: Page, target: Target, script: str) -> None:
    opened(page, target)
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")

    assert [rule for rule, _ in faults(page, script)] == ["label"]
