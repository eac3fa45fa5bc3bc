"""What people do on the documentation page."""

import json

from playwright.sync_api import Locator, Page, expect

from contracts.openapi.operations import OPERATIONS
from tests.e2e.target import Target
from tests.e2e.tokens import Person


def opened(page: Page, target: Target, path: str = "/docs") -> None:
    page.goto(f"{target.api}{path}")
    expect(page.locator(".operation")).to_have_count(len(OPERATIONS))


def sign_in(page: Page, who: Person) -> None:
    """Sign in with the page's own button, by authorization code with PKCE on the hosted page."""
    page.get_by_role("button", name="Sign in", exact=True).click()
    fill_in_hosted_page(page, who)


def fill_in_hosted_page(page: Page, who: Person) -> None:
    """Give name and password on the hosted page, which then returns to the documentation."""
    page.fill("input[name=username]", who.email)
    page.fill("input[name=password]", who.password)
    page.locator("[type=submit]").click()
    expect(page.locator("#who")).to_contain_text("Signed in")


def unfolded(page: Page, operation: str) -> Locator:
    """An operation with its form in view."""
    block = page.locator(f"#{operation}")
    if block.get_attribute("open") is None:
        block.locator("summary").first.click()
    return block


def execute(page: Page, operation: str, body: object = None) -> Locator:
    """Send an operation's form. Returns the operation, once it shows the answer."""
    block = unfolded(page, operation)
    if body is not None:
        block.locator("textarea[name=body]").fill(json.dumps(body))
    block.get_by_role("button", name="Send").click()
    expect(block.locator(".status")).to_be_visible()
    return block
